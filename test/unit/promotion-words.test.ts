import test from 'ava';
import type { PromotionReason } from '../../operator/api/index.ts';
import {
  decide,
  deployment,
  environment,
  images,
  lockOf,
  now,
  policy,
  promotion,
  target,
  type Scene,
  type Spec,
  world,
  worldOfOne,
} from './promotion-world.ts';

const HOUR = 3_600_000;
const live = deployment(images.first);
const web = (changes: object): Scene =>
  worldOfOne({ workloads: [{ kind: 'Deployment', name: 'web', live, ...changes }] });
const { annotations: _unseen, ...unseen } = live.metadata;
/** Its own workload, the lock and the classes say what somebody has to read. */
const cases: readonly (readonly [string, Scene, PromotionReason, string, number | undefined])[] = [
  [
    'the clock',
    world({ skewSeconds: -3600.4 }),
    'ClockSkew',
    "this clock differs by -3600 s from the API server's, more than 60 s: set it right (NTP)",
    5000,
  ],
  [
    'a target that is not there',
    world({ target: undefined }),
    'TargetMissing',
    'ProductionTarget web does not exist in this namespace: a platform engineer creates it',
    undefined,
  ],
  [
    'a target that protects nothing yet',
    world({ records: [] }),
    'TargetNotReady',
    'ProductionTarget web does not protect its namespace yet: see its conditions',
    undefined,
  ],
  [
    'a workload that the lock holds for another target',
    world({ lock: lockOf([live, deployment(images.first, {}, '1', 'api')], 'another') }),
    'TargetNotReady',
    'Deployment/web is not protected by ProductionTarget web: see its conditions',
    undefined,
  ],
  [
    'a workload that the lock does not hold',
    world({ lock: lockOf(live) }),
    'TargetNotReady',
    'Deployment/api is not protected by ProductionTarget web: see its conditions',
    undefined,
  ],
  [
    'an API server that does not enforce',
    world({ enforcement: { active: false, message: 'the binding is gone' } }),
    'EnforcementInactive',
    'the API server does not enforce the lock here, so nothing is rolled out: the binding is gone',
    undefined,
  ],
  [
    'a policy that is not there',
    world({ policy: { missing: 'strict' } }),
    'PolicyMissing',
    'ApprovalPolicy strict does not exist: a platform engineer creates it',
    undefined,
  ],
  [
    'no policy that is the default',
    world({ policy: { defaults: 0 } }),
    'PolicyMissing',
    'there are 0 default ApprovalPolicies: a platform engineer makes it one, or names one in the target',
    undefined,
  ],
  [
    'a keyring that is not there',
    world({ keyring: { missing: 'people' } }),
    'KeyringMissing',
    'ApproverKeyring people does not exist, so nobody can approve: a platform engineer creates it',
    undefined,
  ],
  [
    'a requester of blanks',
    world({ promotion: promotion('web-42', { annotations: { 'twinlock.dev/requested-by': ' \t' } }) }),
    'RequesterUnknown',
    'nobody knows who requested it, so duties cannot be separated: install the admission policies of Twinlock, then create it again',
    undefined,
  ],
  [
    'a namespace that is not listed',
    world({ target: target({ allowedFrom: [{ namespace: 'shop-ci' }] }) }),
    'EnvironmentNotAdmitted',
    "the target's allowedFrom does not list namespace shop-dev: a platform engineer adds it, or the environment is made elsewhere",
    undefined,
  ],
  [
    'a namespace that no class selects',
    world({ namespaceLabels: { team: 'other' } }),
    'EnvironmentNotAdmitted',
    'namespace shop-dev matches the namespaceSelector of no TwinClass and the target has no allowedFrom: a platform engineer labels it or lists it',
    undefined,
  ],
  [
    'a namespace that is gone',
    world({ namespaceLabels: undefined }),
    'EnvironmentNotAdmitted',
    'namespace shop-dev does not exist',
    undefined,
  ],
  [
    'a gate that waits',
    world({ environment: undefined }),
    'GatePending',
    'gate environment: the environment does not exist',
    undefined,
  ],
  [
    'live content of nobody',
    web({ live: deployment(images.evil) }),
    'Tampered',
    'Deployment/web has content that nobody approved: find out how it got there, then put approved content back',
    undefined,
  ],
  [
    'a plan that the API server refuses',
    web({ planned: { reason: 'PlanRefused', message: 'quota says no' } }),
    'PlanRefused',
    'quota says no',
    30_000,
  ],
  [
    'a plan that only another object changes',
    web({ planned: { reason: 'NoSuchContainer', message: 'it has no container x' } }),
    'NoSuchContainer',
    'it has no container x',
    undefined,
  ],
  [
    'content that would be paused',
    web({ planned: { spec: { ...live.spec, paused: true } } }),
    'WorkloadPaused',
    'Deployment/web is paused and would never roll out: leave spec.paused out of the manifest, or resume the workload (kubectl rollout resume)',
    30_000,
  ],
  [
    'a workload that no controller has seen',
    web({ live: { ...live, metadata: unseen } }),
    'WorkloadNotObserved',
    'the deployment controller has not seen Deployment/web yet',
    undefined,
  ],
  [
    'a promotion that waited too long',
    world({ now: now + 71 * HOUR + 1 }),
    'Expired',
    'it was not approved within 72h: create a new Promotion',
    undefined,
  ],
];
for (const [what, given, reason, message, requeueAfter] of cases)
  test(`it says what to do: ${what}`, (t) => {
    const { verdict } = decide(given);
    t.is(verdict.reason, reason, verdict.message);
    t.is(verdict.message, message);
    t.is(verdict.requeueAfter, requeueAfter);
    t.is(verdict.action, undefined);
  });

test('a promotion lives to the last millisecond of its time, also where its target is not there', (t) => {
  t.is(
    decide(world({ now: now + 71 * HOUR, policy: policy({ evidenceMaxAge: '900h' }) })).verdict.reason,
    'OpeningRound',
  );
  const { verdict } = decide(world({ now: now + 71 * HOUR + 1, target: undefined }));
  t.deepEqual([verdict.phase, verdict.action], ['Expired', undefined]);
});

test('a target that only warns lets its promotions go on', (t) => {
  const inactive = { active: false, message: 'mode is Warn' };
  t.is(decide(world({ enforcement: inactive, target: target({ mode: 'Warn' }) })).verdict.reason, 'OpeningRound');
});

test('a record of another kind takes nothing over', (t) => {
  const [first] = world().records;
  if (first === undefined) throw new Error('nothing was taken over');
  t.is(decide(world({ records: [{ ...first, type: 'Tampered' }] })).verdict.reason, 'TargetNotReady');
});

test('each gate that is open is named in why, the first of them in the message', (t) => {
  const scan = { name: 'scan', type: 'LeakScan' as 'Environment' };
  const { verdict } = decide(world({ environment: undefined, policy: policy({ gates: [scan] }) }));
  t.is(verdict.phase, 'Gating');
  t.deepEqual(verdict.why, [
    'gate environment: the environment does not exist',
    'gate scan: this version knows no gate of type LeakScan: remove it from the policy, or upgrade',
  ]);
  t.is(verdict.why?.[0], verdict.message);
  t.false(verdict.stalled, 'the first of them may pass by itself');
  const failed = decide(world({ policy: policy({ gates: [scan] }) })).verdict;
  t.true(failed.stalled);
});

test('a workload that is being taken over is waited for, one that is not live is none', (t) => {
  const before = lockOf(deployment(images.second));
  const [current] = before.spec.approved;
  const [fallback] = lockOf(live).spec.approved;
  if (current === undefined || fallback === undefined) throw new Error('the lock is empty');
  const approved = [current, { ...fallback, role: 'Fallback' as const }];
  const undone = decide(worldOfOne({ lock: { ...before, spec: { ...before.spec, approved } } })).verdict;
  t.is(undone.reason, 'TargetSettling');
  t.is(undone.message, 'Deployment/web was rolled back and is being taken over');
  t.falsy(undone.stalled);
  const gone = decide(world({ workloads: [{ kind: 'Deployment', name: 'web', live: undefined }] })).verdict;
  t.is(gone.reason, 'AlreadyCurrent');
});

test('a workload that the promotion leaves alone need not have been seen by its controller', (t) => {
  const api = deployment(images.first, {}, '1', 'api');
  const { annotations: _revision, ...metadata } = api.metadata;
  const given = world({
    environment: {
      ...environment(images.second),
      status: {
        ...environment(images.second).status!,
        workloads: [{ name: 'web', images: [{ container: 'web', image: images.second }], ready: true }],
      },
    },
    workloads: [
      { kind: 'Deployment', name: 'api', live: { ...api, metadata } },
      { kind: 'Deployment', name: 'web', live },
    ],
  });
  t.is(decide(given).verdict.reason, 'OpeningRound');
});

test('content that production has already ends it in words, with a hint where it brings manifests', (t) => {
  const current = decide(world({ environment: environment(images.first) })).verdict;
  t.is(current.message, 'production already runs exactly this content');
  const { selector, template } = live.spec as Spec;
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector, template },
  };
  const objects = [manifest] as unknown as NonNullable<Scene['promotion']['spec']['objects']>;
  const same = decide(
    worldOfOne({ environment: environment(images.first), promotion: promotion('web-42', { spec: { objects } }) }),
  ).verdict;
  t.is(
    same.message,
    'production already runs exactly this content; labels and annotations of the workloads themselves are not locked, kubectl sets them',
  );
});
