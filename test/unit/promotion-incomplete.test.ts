import test from 'ava';
// Steps before it let no such world through: what asks for signatures refuses it all the same.
import { decideApproval, type Counted } from '../../operator/promotions/decide/approval.ts';
import { factsOf, type Facts } from '../../operator/promotions/decide/facts.ts';
import type { DecidingWorld } from '../../operator/promotions/decide/index.ts';
import {
  deciding,
  decide,
  keys,
  now,
  run,
  voted,
  world,
  type Spec,
  deployment,
  images,
  worldOfOne,
} from './promotion-world.ts';

const approve = (given: DecidingWorld, changes: Partial<Facts> = {}): Counted =>
  decideApproval(given, { ...factsOf(given), ...changes });
const open = deciding(voted(run(world()).world, keys.alice));

/** A world in which everything has been said, and one thing is not known. */
const unknown: readonly (readonly [string, Partial<DecidingWorld>, Partial<Facts>])[] = [
  ['the policy', { policy: { missing: 'none' } }, {}],
  ['the keyring', { keyring: { missing: 'none' } }, {}],
  ['policy and keyring', { policy: { missing: 'none' }, keyring: { missing: 'none' } }, {}],
  ['who asked for it', {}, { requestedBy: undefined }],
  ['what is promoted', {}, { artifacts: { reason: 'NoImages', message: 'there is none' } }],
];
for (const [what, changes, facts] of unknown)
  test(`denied: nobody signs, and no signature counts, without knowing ${what}`, (t) => {
    t.is(approve(open).count?.verdict, 'Approved');
    const { verdict, count } = approve({ ...open, ...changes }, facts);
    t.deepEqual([verdict.phase, verdict.reason, verdict.stalled], ['Pending', 'Incomplete', true]);
    t.is(verdict.message, 'something that the statement names is not known');
    t.is(count, undefined);
  });

/** The open round with parts of its record missing. */
const broken = (changes: object): DecidingWorld => {
  const { rounds, round } = open.history;
  if (round === undefined) throw new Error('no round is open');
  const torn = { ...round, ...changes };
  return { ...open, history: { ...open.history, rounds: [...rounds.slice(0, -1), torn], round: torn } };
};
for (const [what, changes] of [
  ['its texts', { statements: undefined }],
  ['its nonce', { round: undefined }],
  ['both', { statements: undefined, round: undefined }],
] as const)
  test(`denied: a round whose record has lost ${what} counts nothing, a new one is opened`, (t) => {
    const { verdict, count } = approve(broken(changes));
    t.is(verdict.reason, 'OpeningRound');
    t.is(count, undefined);
    t.is(verdict.action?.do, 'Append');
  });

for (const text of ['approve', 'reject'] as const)
  test(`denied: a round whose text to ${text} is another than the one built anew counts nothing`, (t) => {
    const statements = open.history.round?.statements;
    if (statements === undefined) throw new Error('no round is open');
    const { verdict, count } = approve(
      broken({ statements: { ...statements, [text]: statements[text].replace('test', 'tset') } }),
    );
    t.is(verdict.reason, 'OpeningRound');
    t.is(count, undefined);
  });

test('an earlier round whose record is torn is no round, and the open one counts', (t) => {
  const [round] = open.history.rounds;
  if (round === undefined) throw new Error('no round is open');
  for (const changes of [{ round: undefined }, { statements: undefined }]) {
    const rounds = [{ ...round, ...changes }, round];
    t.is(approve({ ...open, history: { ...open.history, rounds } }).count?.verdict, 'Approved');
  }
});

test('a round that is over is waited for by nobody: its end is told', (t) => {
  const { verdict, count } = approve({ ...open, now: now + 999 * 3_600_000 });
  t.is(count?.verdict, 'Expired');
  t.deepEqual([verdict.phase, verdict.message], ['AwaitingApproval', 'the round has ended: a new one must be opened']);
});

test('a gate that passed without evidence is put before nobody', (t) => {
  const given = run(world()).world;
  const records = given.records.map((record) => ({
    ...record,
    ...(record.gates === undefined ? {} : { gates: record.gates.map(({ evidenceDigest: _none, ...gate }) => gate) }),
  }));
  const { verdict } = decide({ ...given, records });
  t.deepEqual([verdict.reason, verdict.stalled], ['Incomplete', true]);
  t.is(verdict.message, 'gate environment passed without evidence: it cannot be put into a statement');
});

test('what a person cannot read is put before nobody', (t) => {
  const env = Array.from({ length: 600 }, (_, index) => ({ name: `V${index}`, value: 'x' }));
  const { selector, template } = deployment(images.second).spec as Spec;
  const containers = [{ name: 'web', image: images.second, env }];
  const spec = { replicas: 2, selector, template: { ...template, spec: { containers } } };
  const { verdict } = decide(
    worldOfOne({ workloads: [{ kind: 'Deployment', name: 'web', live: deployment(images.first), planned: { spec } }] }),
  );
  t.deepEqual([verdict.reason, verdict.stalled], ['TooManyChanges', true]);
  t.regex(verdict.message, /more than a person can read/);
});

test('what is no fault of a content is no verdict: it is thrown', (t) => {
  const cluster = { name: 'test', uid: 'cluster-uid' };
  const hostile = new Proxy(cluster, {
    get: () => {
      throw new RangeError('not of a statement');
    },
  });
  t.throws(() => approve({ ...open, cluster: hostile }), { instanceOf: RangeError });
});
