import test from 'ava';
import { decide } from '../../operator/promotions/decide/index.ts';
import { uncanonicalIn } from '../../operator/promotions/decide/uncanonical.ts';
import {
  deciding,
  keyring,
  keys,
  policy,
  run,
  target,
  until,
  voted,
  world,
  worldOf,
  type Scene,
} from './promotion-world.ts';

const unsafe = 2 ** 63;
const completed = run(voted(run(world()).world, keys.alice)).world;

test('a record of an end that says nothing is an end all the same', (t) => {
  const over = worldOf(completed);
  if (over.stage !== 'Over') throw new Error('it is not over');
  const { outcome: _outcome, ...ended } = over.ended;
  const { verdict } = decide({ ...over, ended });
  t.deepEqual([verdict.phase, verdict.message], ['Failed', 'the record of its end says nothing']);
  t.is(verdict.action, undefined);
});

/** What has no digest, and how it is called. */
const odd: readonly (readonly [string, Scene, string])[] = [
  ['the target', world({ target: target({ minReplicas: unsafe }) }), 'the ProductionTarget'],
  ['the policy', world({ policy: policy({ quorum: [{ count: unsafe }] }) }), 'the ApprovalPolicy'],
  [
    'the keyring',
    world({
      keyring: (() => {
        const given = keyring();
        if (!('object' in given)) throw new Error('there is no keyring');
        return { object: { ...given.object, spec: { ...given.object.spec, rank: unsafe } } };
      })(),
    }),
    'the ApproverKeyring',
  ],
];
for (const [what, given, name] of odd)
  test(`what has no digest is called by its name: ${what}`, (t) => {
    const found = uncanonicalIn(deciding(given));
    t.is(found?.reason, 'UnsafeNumber');
    t.true(found?.message.startsWith(`${name} has no digest, so nothing is approved: `), found?.message);
  });

test('policy and keyring that are missing have no digest to lack', (t) => {
  t.is(uncanonicalIn(deciding(world({ policy: { missing: 'none' }, keyring: { missing: 'none' } }))), undefined);
});

test('in a rollout the target is looked at too', (t) => {
  const rolling = until(voted(run(world()).world, keys.alice), 'OpenLock');
  const { verdict } = decide(worldOf({ ...rolling, target: target({ minReplicas: unsafe }) }));
  t.regex(verdict.message, /^the ProductionTarget has no digest/);
  t.is(verdict.requeueAfter, 30_000);
});

test('an approval whose lock is shut is shown as a rollout when something has no digest', (t) => {
  const approved = until(voted(run(world()).world, keys.alice), 'Approved');
  t.is(decide(worldOf({ ...approved, policy: policy({ quorum: [{ count: unsafe }] }) })).verdict.phase, 'RollingOut');
  t.is(decide(worldOf(world({ policy: policy({ quorum: [{ count: unsafe }] }) }))).verdict.phase, 'Pending');
});

test('what is no fault of content is thrown, not told as one', (t) => {
  const hostile = {
    get minReplicas(): number {
      throw new RangeError('not of JSON');
    },
  };
  const given = deciding(world());
  const spec = Object.defineProperties({ ...target().spec }, Object.getOwnPropertyDescriptors(hostile));
  t.throws(() => uncanonicalIn({ ...given, target: { ...target(), spec } }), { instanceOf: RangeError });
});
