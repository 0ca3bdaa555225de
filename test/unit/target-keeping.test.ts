import test from 'ava';
import { membersOf } from '../../operator/canonical/index.ts';
import type { Deployment } from '../../operator/kube/index.ts';
import { sealRecord, type OutcomeResult, type RecordSpec } from '../../operator/records/index.ts';
import type { TargetVerdict, TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, keys, run, targetRef, voted, world, worldOfOne, type Spec } from './promotion-world.ts';
import {
  adopted,
  decideTarget,
  fresh,
  namespaceWith,
  neighbour,
  promoted,
  protectedNamespace,
  settle,
  web,
  withLive,
} from './target-world.ts';

const words = ({ ready, reason, message }: TargetVerdict) => ({ ready, reason, message });
const undo = deployment(images.first, {}, '3');
/** The approval of a promotion whose end is not recorded. */
const open = (): TargetWorld => {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  return fresh({ namespace: protectedNamespace, lock: end.lock, records: end.records.slice(0, 3) });
};
const outcomeIn = ({ action }: TargetVerdict) => (action?.do === 'Append' ? action.entry : undefined);

test('a lock that is made again says why, whatever was lost', (t) => {
  const verdict = decideTarget({ ...promoted(), lock: undefined });
  t.deepEqual(words(verdict), { ready: false, reason: 'LockLost', message: 'the lock is made again' });
  t.is(verdict.action?.do === 'WriteLock' ? verdict.action.because : undefined, 'it was gone');
  const lock = promoted().lock!;
  const emptied = decideTarget({ ...promoted(), lock: { ...lock, spec: { ...lock.spec, approved: [] } } });
  t.is(emptied.action?.do, 'WriteLock');
});

test('content that was not approved last keeps a lock from being made again, and is named', (t) => {
  const lost = decideTarget(withLive({ ...promoted(), lock: undefined }, deployment(images.evil)));
  t.is(
    lost.message,
    'the lock was deleted and Deployment/web runs something that was not approved last: put approved content back',
  );
  t.is(lost.tampered, 'Deployment/web');
  t.true(lost.stalled);
});

test('a lock that is gone while its workload is gone too is made again without it', (t) => {
  const { world: end, done } = settle({
    ...withLive(adopted(), undefined),
    lock: undefined,
    running: { workloads: [], others: [], owned: [], pods: [] },
  });
  t.is(done[0], 'WriteLock');
  t.deepEqual(end.lock?.spec.approved, []);
  t.is(decideTarget(end).reason, 'WorkloadMissing');
});

test('what lets this process read the configuration of approved content is put back where it is gone', (t) => {
  const verdict = decideTarget({ ...adopted(), bound: false });
  t.deepEqual(verdict.action, { do: 'Bind' });
  t.true(verdict.ready);
});

test('names that a promotion asked for stay frozen in the lock as long as that promotion asks', (t) => {
  const world = adopted();
  const frozen = [{ kind: 'ConfigMap' as const, name: 'new', promotions: ['asking'] }];
  const lock = { ...world.lock!, spec: { ...world.lock!.spec, frozen } };
  t.is(decideTarget({ ...world, lock, asking: new Set(['asking']) }).action, undefined);
  const over = decideTarget({ ...world, lock });
  t.is(over.action?.do, 'WriteLock');
  t.false('frozen' in (over.action?.do === 'WriteLock' ? over.action.lock : lock.spec));
});

test('a label that is gone is said so', (t) => {
  const verdict = decideTarget({ ...promoted(), namespace: namespaceWith() });
  t.deepEqual(words(verdict), {
    ready: false,
    reason: 'LabelLost',
    message: 'the namespace lost its label and gets it back',
  });
  t.is(decideTarget({ ...promoted(), namespace: undefined }).reason, 'LabelLost');
});

/** What is live when the promotion is deleted during its rollout, and how that ends. */
const orphaned: readonly (readonly [string, TargetWorld, OutcomeResult, string])[] = [
  [
    'what was there before',
    withLive(open(), deployment(images.first)),
    'RolledBack',
    'promotion web-42 was deleted during its rollout: production has what it had before',
  ],
  [
    'what it brought',
    withLive(open(), deployment(images.second, {}, '2')),
    'Failed',
    'promotion web-42 was deleted during its rollout: Deployment/web keeps what it brought, or is gone, and nobody verifies it',
  ],
  [
    'nothing',
    withLive(open(), undefined),
    'Failed',
    'promotion web-42 was deleted during its rollout: Deployment/web keeps what it brought, or is gone, and nobody verifies it',
  ],
];
for (const [what, given, result, message] of orphaned)
  test(`a promotion that was deleted in its rollout ends with a record: live is ${what}`, (t) => {
    const verdict = decideTarget(given);
    t.deepEqual(words(verdict), { ready: false, reason: 'PromotionDeleted', message });
    const entry = outcomeIn(verdict);
    t.is(entry?.outcome?.result, result);
    t.is(entry?.outcome?.reason, 'PromotionDeleted');
    t.is(entry?.round?.record, 'web-000002');
    t.deepEqual(entry?.outcome?.changes, given.records[2]?.outcome?.changes);
  });

const live = (image: string, name: string): Deployment => {
  const object = deployment(image, {}, '2', name);
  return { ...object, metadata: { ...object.metadata, uid: `${name}-uid` } };
};

const of = (name: string, image: string) => ({ kind: 'Deployment', name, live: live(image, name) }) as const;

test('of several workloads those that keep what it brought are named', (t) => {
  const { world: end } = run(voted(run(world()).world, keys.alice));
  const given = (web: string, api: string): string => {
    const workloads = [of('web', web), of('api', api)];
    const target = {
      ...fresh().target,
      spec: { ...fresh().target.spec, workloads: workloads.map(({ kind, name }) => ({ kind, name })) },
    };
    return decideTarget(
      fresh({ target, namespace: protectedNamespace, lock: end.lock, records: end.records.slice(0, 3), workloads }),
    ).message;
  };
  t.regex(given(images.second, images.second), /: Deployment\/web, Deployment\/api keeps what it brought/);
  t.regex(given(images.second, images.first), /: Deployment\/web keeps what it brought/);
  t.regex(given(images.first, images.second), /: Deployment\/api keeps what it brought/);
});

test('an undo is told with who did it and what it went back to', (t) => {
  const verdict = decideTarget(withLive(promoted(), undo));
  t.deepEqual(words(verdict), {
    ready: false,
    reason: 'RolledBack',
    message:
      'Deployment/web was rolled back to what it was before web-42, by somebody whom the audit log of the API server names (field manager unknown)',
  });
  const entry = outcomeIn(verdict);
  t.deepEqual([entry?.outcome?.result, entry?.outcome?.reason], ['RolledBack', 'Undone']);
  t.is(entry?.round?.record, 'web-000002');
  const recorded: TargetWorld = {
    ...withLive(promoted(), undo),
    records: [...promoted().records, sealRecord(targetRef, promoted().records, entry!)],
  };
  const { action } = decideTarget(recorded);
  t.is(action?.do === 'WriteLock' ? action.because : undefined, verdict.message);
});

test('the lock after an undo holds the fallback itself, letter by letter', (t) => {
  const { world: end } = settle(withLive(promoted(), undo));
  const fallback = promoted().lock?.spec.approved.find(({ role }) => role === 'Fallback');
  t.deepEqual(end.lock?.spec.approved, [{ ...fallback!, role: 'Current' }]);
});

test('an undo while the approval is still open is the promotion that goes on, not an undo', (t) => {
  const given = { ...withLive(open(), undo), promotions: new Set(['web-42-uid']) };
  t.not(decideTarget(given).reason, 'RolledBack');
});

test('a lock that names a record which is not known yet judges nothing', (t) => {
  const before = withLive(promoted(), undo);
  const torn = before.records.filter(({ sequence }) => sequence !== 3);
  // What answers for a lock that says another record than there is comes first: here a neighbour's.
  const lock = before.lock!;
  const theirs = {
    ...lock,
    spec: { ...lock.spec, approved: lock.spec.approved.map((entry) => ({ ...entry, target: 'api' })) },
  };
  const verdict = decideTarget({ ...before, records: torn, lock: theirs, others: [neighbour.target] });
  t.deepEqual(words(verdict), { ready: false, reason: 'ChainBehind', message: 'record web-000003 is not known yet' });
  t.is(verdict.requeueAfter, 500);
});

test('content of nobody is named with its digest', (t) => {
  const verdict = decideTarget(withLive(promoted(), deployment(images.evil, {}, '3')));
  const [found] = outcomeIn(verdict)?.tampered ?? [];
  t.is(
    verdict.message,
    `Deployment/web has content that nobody approved (${found?.to ?? ''}): find out how it got there, then put approved content back, e.g. kubectl rollout undo`,
  );
  t.regex(found?.to ?? '', /^sha256:/);
  t.is(found?.from, promoted().lock?.spec.approved.find(({ role }) => role === 'Current')?.digest);
});

test('content that comes back after another is found anew, the same again is not', (t) => {
  const first = settle(withLive(promoted(), deployment(images.evil, {}, '3'))).world;
  const second = settle(withLive(first, deployment(images.third, {}, '4'))).world;
  t.deepEqual(settle(withLive(second, deployment(images.third, {}, '5'))).done, []);
  t.deepEqual(settle(withLive(second, deployment(images.evil, {}, '6'))).done, ['Tampered']);
});

test('each workload has its own last finding', (t) => {
  const end = settle(withLive(promoted(), deployment(images.evil, {}, '3'))).world;
  const [found] = end.records.at(-1)?.tampered ?? [];
  const of = (changes: object): RecordSpec =>
    sealRecord(targetRef, end.records, {
      type: 'Tampered',
      time: '2026-11-21T10:00:00Z',
      tampered: [{ ...found!, to: `sha256:${'0'.repeat(64)}`, ...changes }],
    });
  t.deepEqual(settle({ ...end, records: [...end.records, of({ name: 'api' })] }).done, []);
  t.deepEqual(settle({ ...end, records: [...end.records, of({ kind: 'Pod' })] }).done, []);
  t.deepEqual(settle({ ...end, records: [...end.records, of({})] }).done, ['Tampered']);
});

test('two workloads with content of nobody are named and recorded together', (t) => {
  const lock = adopted().lock!;
  const [entry] = lock.spec.approved;
  const evil = { ...web(deployment(images.evil)), metadata: { ...web().metadata, name: 'old' } };
  const given: TargetWorld = {
    ...withLive(adopted(), deployment(images.evil)),
    lock: {
      ...lock,
      spec: { ...lock.spec, approved: [{ ...entry!, name: 'old', target: 'api' }, ...lock.spec.approved] },
    },
    others: [neighbour.target],
    givenUp: [{ kind: 'Deployment', name: 'old', live: evil }],
  };
  const verdict = decideTarget(given);
  t.is(verdict.reason, 'Tampered');
  t.is(verdict.tampered, 'Deployment/web, Deployment/old');
  t.regex(
    verdict.message,
    /^Deployment\/web, Deployment\/old has content that nobody approved \(sha256:\w+, sha256:\w+\): /,
  );
  t.is(outcomeIn(verdict)?.tampered?.length, 2);
});

test('settings go to the lock of a target that is Ready, with the reason', (t) => {
  const { target } = promoted();
  const verdict = decideTarget({ ...promoted(), target: { ...target, spec: { ...target.spec, minReplicas: 3 } } });
  t.deepEqual(words(verdict), { ready: true, reason: 'Protected', message: 'settings of the target go to the lock' });
  t.is(verdict.action?.do === 'WriteLock' ? verdict.action.because : undefined, 'settings of the target changed');
});

test('an API server that leaves out what is null gets a lock in its own form', (t) => {
  const world = promoted();
  const { lock } = world;
  if (lock === undefined) throw new Error('there is no lock');
  const approved = lock.spec.approved.map((entry) => {
    const template = membersOf(entry.spec['template']);
    const metadata = { ...membersOf(template['metadata']), creationTimestamp: null };
    return { ...entry, spec: { ...entry.spec, template: { ...template, metadata } } };
  });
  const verdict = decideTarget({ ...world, lock: { ...lock, spec: { ...lock.spec, approved } } });
  t.true(verdict.ready, verdict.message);
  t.deepEqual(verdict.action?.do === 'WriteLock' ? verdict.action.lock : undefined, lock.spec);
});

test('content without a digest is found in its own words', (t) => {
  const odd = withLive(adopted(), deployment(images.first, { minReadySeconds: 2 ** 60 } as Partial<Spec>));
  const verdict = decideTarget(odd);
  const [found] = outcomeIn(verdict)?.tampered ?? [];
  t.is(found?.to, undefined);
  t.regex(found?.message ?? '', /minReadySeconds/);
  t.true(verdict.message.includes(`(${found?.message ?? ''})`));
});
