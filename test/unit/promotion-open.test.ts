import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import { MOST_OPEN } from '../../operator/promotions/decide/index.ts';
import {
  outcomeEntry,
  promotionRef,
  sealRecord,
  type OutcomeResult,
  type RecordSpec,
} from '../../operator/records/index.ts';
import { behindOf, decide, now, promotion, targetRef, world } from './promotion-world.ts';

const MINUTE = 60_000;
const at = (minutes: number): string => new Date(now - HOUR + minutes * MINUTE).toISOString().replace('.000Z', 'Z');
const HOUR = 60 * MINUTE;

/** Promotions of one person, a minute apart. */
function asked(count: number, by = 'agent', from = 0): readonly Promotion[] {
  return Array.from({ length: count }, (_, index) =>
    promotion(`${by.replaceAll(':', '-')}-${index}`, {
      createdAt: at(from + index),
      annotations: { 'twinlock.dev/requested-by': by },
    }),
  );
}

function outcome(of: Promotion, result: OutcomeResult, before: readonly RecordSpec[] = []): readonly RecordSpec[] {
  const entry = outcomeEntry({
    now,
    promotion: promotionRef(of, 'x'),
    round: undefined,
    result,
    reason: 'Newer',
    message: '',
  });
  return [...before, sealRecord(targetRef, before, entry)];
}

const waiting = (all: readonly Promotion[], records: readonly RecordSpec[] = [], time = now): readonly string[] =>
  all.filter((own) => behindOf(own, all, records, time) !== undefined).map(({ metadata }) => metadata.name);

test('beyond twenty open promotions of a target the younger ones wait, in the order of creation', (t) => {
  t.deepEqual(waiting(asked(MOST_OPEN)), []);
  t.deepEqual(waiting(asked(MOST_OPEN + 2)), ['agent-20', 'agent-21']);
  t.deepEqual(waiting(asked(MOST_OPEN + 2).toReversed()).toSorted(), ['agent-20', 'agent-21']);
});

test('of two of one second the uid decides, so that everybody comes to the same', (t) => {
  const same = Array.from({ length: MOST_OPEN + 1 }, (_, index) =>
    promotion(`p-${String(index).padStart(2, '0')}`, { createdAt: at(1) }),
  );
  t.deepEqual(waiting(same), ['p-20']);
});

test('one that ended, expired, or is being deleted makes room', (t) => {
  const all = asked(MOST_OPEN + 1);
  t.deepEqual(waiting(all, outcome(all[3]!, 'Rejected')), []);
  t.deepEqual(waiting(all, outcome(all[3]!, 'Approved')), ['agent-20'], 'an approval is no end');
  const deleting = all.map((each, index) =>
    index === 3 ? { ...each, metadata: { ...each.metadata, deletionTimestamp: at(59) } } : each,
  );
  t.deepEqual(waiting(deleting), []);
  const short = all.map((each, index) =>
    index === 3 ? { ...each, spec: { ...each.spec, expiresAfter: '10m' } } : each,
  );
  t.deepEqual(waiting(short), []);
});

test('what is approved is on its way, whatever came before it', (t) => {
  const all = asked(MOST_OPEN + 1);
  t.deepEqual(waiting(all, outcome(all[MOST_OPEN]!, 'Approved')), []);
});

test('who asks for many waits behind themselves: a flood keeps nobody else waiting', (t) => {
  const flood = asked(250);
  const [honest] = asked(1, 'dev', 55);
  t.false(waiting([...flood, honest!]).includes('dev-0'));
  t.is(waiting([...flood, honest!]).length, 231);
});

test('service accounts of one namespace are one: whoever may make one may make a thousand', (t) => {
  const accounts = Array.from({ length: 30 }, (_, index) =>
    asked(1, `system:serviceaccount:agents:a${index}`, index),
  ).flat();
  const [honest] = asked(2, 'dev', 55);
  t.false(waiting([...accounts, honest!]).includes('dev-0'));
});

test('it says when it goes on, and costs one status: the words do not change with the number that wait', (t) => {
  const all = asked(MOST_OPEN + 1);
  const found = behindOf(all[MOST_OPEN]!, all, [], now);
  t.is(found?.until, Date.parse(at(0)) + 72 * HOUR, 'the oldest one expires first');
  const { verdict } = decide(
    world({ promotion: all[MOST_OPEN]!, siblings: all.slice(0, MOST_OPEN), target: undefined }),
  );
  t.is(verdict.phase, 'Pending');
  t.is(verdict.reason, 'TooManyOpen');
  t.is(verdict.action, undefined);
  t.is(verdict.requeueAfter, found!.until - now + 1);
});
