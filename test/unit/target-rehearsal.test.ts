import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import {
  warningsOf,
  type Rehearsal,
  type TargetVerdict,
  type TargetWorld,
} from '../../operator/targets/decide/index.ts';
import { target } from './promotion-world.ts';
import {
  adopted,
  bySet,
  controlledBy,
  decideTarget,
  fresh,
  neighbour,
  pod,
  present,
  replicaSet,
  running,
  web,
} from './target-world.ts';

const time = '2026-11-21T10:00:30Z';
const outcomes = (outcome: Rehearsal['outcome'], changes: Partial<TargetWorld> = {}): TargetWorld =>
  fresh({ rehearsals: [{ kind: 'Deployment', name: 'web', outcome }], ...changes });
const said = (given: TargetWorld): Pick<TargetVerdict, 'reason' | 'message' | 'stalled' | 'requeueAfter'> => {
  const { reason, message, stalled, requeueAfter } = decideTarget(given);
  return { reason, message, stalled, requeueAfter };
};
const OBSTACLE =
  'something changes pods in this namespace: let it in by mutations[] or injected[] of the target, or keep it away';

test('a webhook that cannot be asked is told with what to give it', (t) => {
  t.deepEqual(said(outcomes({ noDryRun: 'webhook x does not support dry run' })), {
    reason: 'WebhookWithoutDryRun',
    message:
      'what becomes of new pods of Deployment/web is not known: webhook x does not support dry run; give that webhook sideEffects: None (or NoneOnDryRun), or exclude the namespace from it',
    stalled: true,
    requeueAfter: 15_000,
  });
});

test('a refusal of somebody else is told as an obstacle, and asked again', (t) => {
  t.deepEqual(said(outcomes({ refused: 'violates PodSecurity' })), {
    reason: 'PodsRefused',
    message:
      'new pods of Deployment/web are refused here, so that the first eviction would leave none: violates PodSecurity',
    stalled: true,
    requeueAfter: 15_000,
  });
});

test('a pod that is changed on its way in is told with what differs', (t) => {
  const { reason, message, stalled, requeueAfter } = said(outcomes({ answer: pod({ spec: { hostNetwork: true } }) }));
  t.deepEqual({ reason, stalled, requeueAfter }, { reason: 'PodsMutated', stalled: true, requeueAfter: 15_000 });
  t.regex(
    message,
    /^new pods of Deployment\/web would not be let in: they differ from the template on their way in \(.+\); /,
  );
  t.true(message.endsWith(OBSTACLE));
});

test('a pod of a workload that is not approved is let in by nothing', (t) => {
  const given = fresh({ rehearsals: [{ kind: 'Deployment', name: 'api', outcome: { answer: pod() } }] });
  t.regex(said(given).message, /^new pods of Deployment\/api would not be let in: .*\(nothing is approved\)/);
});

test("the lock's own refusal is told in its words, and counts only for a workload of this target", (t) => {
  const refused = "ValidatingAdmissionPolicy 'twinlock-pods' denied request: containers differ";
  const { lock } = adopted();
  t.deepEqual(said(outcomes({ refused }, { lock })), {
    reason: 'PodsMutated',
    message: `new pods of Deployment/web would not be let in: ${refused}; ${OBSTACLE}`,
    stalled: false,
    requeueAfter: 1000,
  });
  const foreign = {
    ...lock!,
    spec: { ...lock!.spec, approved: lock!.spec.approved.map((entry) => ({ ...entry, target: 'other' })) },
  };
  t.not(said(outcomes({ refused }, { lock: foreign })).reason, 'PodsMutated');
});

const { nodeName: _node, ...spec } = pod().spec ?? { containers: [] };
/** As it is let in: a scheduler gives it a node later. */
const unplaced: Pod = { ...pod(), spec };

test('the first rehearsal that has an obstacle is told', (t) => {
  const given = fresh({
    rehearsals: [
      { kind: 'Deployment', name: 'web', outcome: { answer: unplaced } },
      { kind: 'Deployment', name: 'api', outcome: { refused: 'no' } },
    ],
  });
  t.regex(said(given).message, /^new pods of Deployment\/api are refused/);
});

const quota = (used: string, limited: string): string =>
  `pods "web-twinlock" is forbidden: exceeded quota: small, requested: pods=1, used: ${used}, limited: ${limited}`;
const reasonOf = (refused: string, pods: readonly Pod[] = [pod()]): string =>
  decideTarget(outcomes({ refused }, running(web(), { pods }))).reason;

/** What a quota says, and whether it is full by its own pods only. */
const quotas: readonly (readonly [string, string, string, boolean])[] = [
  ['just full', 'pods=1', 'pods=1', true],
  ['over', 'pods=2', 'pods=1', false],
  ['one of two over', 'limits.cpu=500m,pods=2', 'limits.cpu=1,pods=1', false],
  ['quantities in other units', 'limits.memory=1024Mi', 'limits.memory=1Gi', true],
  ['a limit of which nothing is used is said', 'limits.cpu=1', 'pods=1', false],
  ['an amount that is none', 'pods=many', 'pods=1', false],
  ['a limit that is none', 'pods=1', 'pods=many', false],
];
for (const [what, used, limited, full] of quotas)
  test(`a quota is ${full ? 'full and no obstacle' : 'an obstacle'}: ${what}`, (t) => {
    t.is(reasonOf(quota(used, limited)), full ? 'Adopting' : 'PodsRefused');
  });

/** Pods that take no room of a quota that one could wait for. */
const none: readonly (readonly [string, Pod])[] = [
  ['it goes', pod({ metadata: { deletionTimestamp: time } })],
  ['it succeeded', pod({ status: { phase: 'Succeeded' } })],
  ['it failed', pod({ status: { phase: 'Failed' } })],
  ['nobody made it', pod({}, {})],
  ['another workload made it', pod({}, controlledBy('ReplicaSet', 'api-set'))],
];
for (const [what, given] of none)
  test(`a full quota is an obstacle where no pod of the workload runs: ${what}`, (t) => {
    t.is(reasonOf(quota('pods=1', 'pods=1'), [given]), 'PodsRefused');
  });

test('a full quota is no obstacle while a pod runs beside those that are over, be its status unknown', (t) => {
  const { status: _status, ...silent } = pod();
  t.is(
    reasonOf(quota('pods=1', 'pods=1'), [pod({ status: { phase: 'Failed' }, metadata: { uid: 'x' } }, bySet), silent]),
    'Adopting',
  );
});

const lines = (outcome: Rehearsal['outcome']): readonly string[] =>
  warningsOf({ ...adopted(), rehearsals: [{ kind: 'Deployment', name: 'web', outcome }] }).filter((line) =>
    line.includes('quota'),
  );

test('a full quota is a warning, for the workloads that it is about only', (t) => {
  t.deepEqual(lines({ refused: quota('pods=1', 'pods=1') }), [
    'the quota of the namespace is full: a rollout of Deployment/web that starts new pods before old ones go waits for ever; raise the quota by what one more pod takes',
  ]);
  t.deepEqual(lines({ refused: 'no' }), []);
  t.deepEqual(lines({ answer: pod() }), []);
});

test('the quota of one workload is not what the pods of another fill', (t) => {
  const web1 = { kind: 'Deployment', name: 'web' } as const;
  const given = fresh({
    target: target({ workloads: [web1, neighbour.key] }),
    workloads: [
      { ...web1, live: web() },
      { ...neighbour.key, live: neighbour.live },
    ],
    rehearsals: [{ ...web1, outcome: { refused: quota('pods=1', 'pods=1') } }],
    ...running(web(), {
      workloads: [web(), neighbour.live].map(present),
      owned: [replicaSet, neighbour.set],
      pods: [pod({}, neighbour.owner, neighbour.live)],
    }),
  });
  t.is(decideTarget(given).reason, 'PodsRefused');
});
