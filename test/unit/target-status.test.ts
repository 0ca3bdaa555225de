import test from 'ava';
import type { TargetReason } from '../../operator/api/index.ts';
import type { ConditionInput } from '../../operator/kube/index.ts';
import type { TargetVerdict, TargetWorld } from '../../operator/targets/decide/index.ts';
import { targetStatus } from '../../operator/targets/status/target.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { deployment, images, now, target } from './promotion-world.ts';
import {
  adopted,
  decideTarget,
  fresh,
  pod,
  promoted,
  protectedNamespace,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

type Status = ReturnType<typeof targetStatus>;
type Expected = Readonly<Record<string, string | undefined>>;

const statusOf = (given: TargetWorld, verdict: TargetVerdict = decideTarget(given)): Status =>
  checkedStatus(given.target, targetStatus(given, verdict));
const said = ({ conditions = [] }: Status): Expected =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
const find = ({ conditions }: Status, type: string): (ConditionInput & { lastTransitionTime: string }) | undefined =>
  conditions?.find((condition) => condition.type === type);

const held = { Enforced: 'True/Refused', Tampered: 'False/Approved' };
const off = { active: false, message: 'the policy twinlock-workloads is not there' };
const warned = settle(
  fresh({ target: target({ mode: 'Warn' }), enforcement: { active: false, message: 'mode is Warn' } }),
).world;
const evil = settle(withLive(promoted(), deployment(images.evil, {}, '3'))).world;
const stranger = pod({ metadata: { name: 'debug', uid: 'debug' } }, {});

/** Every state of a target: title, world, and all the conditions that it gives. */
const states: readonly (readonly [title: string, world: TargetWorld, expected: Expected])[] = [
  ['protected', adopted(), { Ready: 'True/Protected', ...held }],
  ['being taken over', fresh(), { Ready: 'False/Adopting', Reconciling: 'True/Adopting', ...held }],
  [
    'taken over, with policies that are not in force yet',
    { ...fresh(), namespace: protectedNamespace, lock: adopted().lock, enforcement: off },
    {
      Ready: 'False/EnforcementInactive',
      Reconciling: 'True/EnforcementInactive',
      Enforced: 'False/NotRefused',
      Tampered: 'False/Approved',
    },
  ],
  [
    'with policies that are away',
    { ...adopted(), enforcement: off },
    {
      Ready: 'False/EnforcementInactive',
      Stalled: 'True/EnforcementInactive',
      Enforced: 'False/NotRefused',
      Tampered: 'False/Approved',
    },
  ],
  [
    'with an obstacle that somebody has to remove',
    fresh(running(web(), { others: [{ kind: 'Job', name: 'seed' }] })),
    { Ready: 'False/UnnamedWorkloads', Stalled: 'True/UnnamedWorkloads', ...held },
  ],
  [
    'with content that nobody approved',
    evil,
    { Ready: 'False/Tampered', Stalled: 'True/Tampered', Enforced: 'True/Refused', Tampered: 'True/Tampered' },
  ],
  [
    'with a pod that nobody approved',
    settle({ ...adopted(), running: { ...adopted().running, pods: [pod(), stranger] } }).world,
    { Ready: 'False/Tampered', Stalled: 'True/Tampered', Enforced: 'True/Refused', Tampered: 'True/Tampered' },
  ],
  [
    'without a label, which it gets back',
    { ...adopted(), namespace: fresh().namespace },
    { Ready: 'False/LabelLost', Reconciling: 'True/LabelLost', ...held },
  ],
  [
    'without a lock, which it gets back',
    { ...adopted(), lock: undefined },
    { Ready: 'False/LockLost', Reconciling: 'True/LockLost', ...held },
  ],
  [
    'whose pods are being read',
    { ...adopted(), running: { ...adopted().running, pods: undefined } },
    { Ready: 'False/PodsUnknown', Reconciling: 'True/PodsUnknown', ...held },
  ],
  [
    'whose workload has no pod',
    { ...adopted(), running: { ...adopted().running, pods: [] } },
    { Ready: 'False/NoPods', Reconciling: 'True/NoPods', ...held },
  ],
  [
    'that only warns: nothing happens until somebody enforces it',
    warned,
    {
      Ready: 'False/NotEnforced',
      Stalled: 'True/NotEnforced',
      Enforced: 'False/Warn',
      Tampered: 'False/Approved',
    },
  ],
];
for (const [title, given, expected] of states)
  test(`a target ${title}`, (t) => {
    const status = statusOf(given);
    t.deepEqual(said(status), expected, find(status, 'Ready')?.message);
    t.is(status.enforcement, given.enforcement.active ? 'Active' : 'Inactive');
    t.is(status.observedGeneration, given.target.metadata.generation);
  });

test('each of the three outcomes is among the states', (t) => {
  const outcomes = states.flatMap(([, , expected]) =>
    ['Ready', 'Reconciling', 'Stalled'].filter((type) => expected[type]?.startsWith('True') === true),
  );
  t.deepEqual([...new Set(outcomes)].toSorted(), ['Ready', 'Reconciling', 'Stalled']);
});

test('what runs is shown with its digest, its images and the promotion that brought it', (t) => {
  const [first] = statusOf(adopted()).current ?? [];
  t.like(first, { kind: 'Deployment', name: 'web', images: [{ container: 'web', image: images.first }] });
  t.regex(first?.specDigest ?? '', /^sha256:[0-9a-f]{64}$/);
  t.is(first?.promotion, undefined, 'nobody promoted what was taken over');
  const [second] = statusOf(promoted()).current ?? [];
  t.like(second, { images: [{ container: 'web', image: images.second }], promotion: 'web-42' });
  t.deepEqual(statusOf({ ...adopted(), lock: undefined }).current, [], 'without a lock nothing is approved');
});

test('an unchanged world gives an unchanged status, whatever the time', (t) => {
  const given = adopted();
  const first = statusOf(given);
  const again = statusOf({ ...given, now: now + 60_000, target: { ...given.target, status: first } });
  t.deepEqual(again, first);
});

test('a condition moves its time when its status changes, and what somebody forged beside it goes', (t) => {
  const given = adopted();
  const lost = statusOf({ ...given, lock: undefined });
  const forged = [
    ...(lost.conditions ?? []),
    { type: 'Healthy', status: 'True', reason: 'Forged', message: 'x', lastTransitionTime: '2026-11-21T09:00:00Z' },
  ] as const;
  const before = { ...lost, conditions: [...forged] };
  const later = statusOf({ ...given, now: now + 60_000, target: { ...given.target, status: before } });
  t.deepEqual(said(later), { Ready: 'True/Protected', ...held });
  t.is(find(later, 'Ready')?.lastTransitionTime, '2026-11-21T10:01:00Z');
  t.is(find(later, 'Enforced')?.lastTransitionTime, '2026-11-21T10:00:00Z');
});

test('warnings are shown as far as they fit, and how many there are more', (t) => {
  const warnings = Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(2000)}`);
  const own = statusOf(adopted()).warnings ?? [];
  const shown = statusOf({ ...adopted(), enforcement: { active: true, message: '', warnings } }).warnings ?? [];
  t.is(shown.length, 32);
  t.is(shown.at(-1), `and ${40 + own.length - 31} more`);
  t.deepEqual(shown.slice(0, own.length), own, 'its own come first');
});

test('words of others fit the schema, however long and in whatever script they are', (t) => {
  const message = `the API server answered ${'\u202E\u4F60'.repeat(5000)}`;
  const reason: TargetReason = 'PodsRefused';
  const status = statusOf({ ...adopted(), enforcement: off }, { ready: false, stalled: true, reason, message });
  t.true((find(status, 'Ready')?.message ?? '').endsWith('...'));
});

test('a request to look again is answered with its token', (t) => {
  const given = adopted();
  const metadata = { ...given.target.metadata, annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } };
  t.is(statusOf({ ...given, target: { ...given.target, metadata } }).lastHandledReconcileAt, 'now');
  t.is(statusOf(given).lastHandledReconcileAt, undefined);
});
