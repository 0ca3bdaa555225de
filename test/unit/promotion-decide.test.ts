import test from 'ava';
import type { Phase } from '../../operator/promotions/decide/index.ts';
import { chainFaults } from '../../operator/records/index.ts';
import {
  after,
  decide,
  deployment,
  environment,
  images,
  keyring,
  keys,
  lockOf,
  now,
  policy,
  promotion,
  run,
  target,
  type Spec,
  voted,
  world,
  type Scene,
} from './promotion-world.ts';

const HOUR = 3_600_000;

/** What stops a promotion that has no round yet: the world, the phase, the reason. */
const refusals: readonly (readonly [string, Scene, Phase, string])[] = [
  ['a target that does not exist', world({ target: undefined }), 'Pending', 'TargetMissing'],
  [
    'a target that is being deleted',
    world({ target: { ...target(), metadata: { ...target().metadata, deletionTimestamp: '2026-11-21T09:59:00Z' } } }),
    'Pending',
    'TargetMissing',
  ],
  ['a target that adopted nothing yet', world({ records: [] }), 'Pending', 'TargetNotReady'],
  [
    'an adoption by a target of the same name that is gone',
    world({ target: { ...target(), metadata: { ...target().metadata, uid: 'another' } } }),
    'Pending',
    'TargetNotReady',
  ],
  [
    'a workload that the lock holds for another target',
    world({ lock: lockOf(deployment(images.first), 'another') }),
    'Pending',
    'TargetNotReady',
  ],
  ['a namespace without its lock', world({ lock: undefined }), 'Pending', 'TargetNotReady'],
  [
    'an API server that does not enforce',
    world({ enforcement: { active: false, message: 'gone' } }),
    'Pending',
    'EnforcementInactive',
  ],
  ['a clock that is an hour off', world({ skewSeconds: 3600 }), 'Pending', 'ClockSkew'],
  ['a clock that nobody can compare', world({ skewSeconds: NaN }), 'Pending', 'ClockSkew'],
  ['a policy that does not exist', world({ policy: { missing: 'none' } }), 'Pending', 'PolicyMissing'],
  ['a keyring that does not exist', world({ keyring: { missing: 'none' } }), 'Pending', 'KeyringMissing'],
  [
    'a requester that nobody knows',
    world({ promotion: promotion('web-42', { annotations: { 'twinlock.dev/requested-by': '' } }) }),
    'Pending',
    'RequesterUnknown',
  ],
  ['an environment that does not exist', world({ environment: undefined }), 'Gating', 'GatePending'],
  [
    'an environment that is not ready',
    world({ environment: environment(images.second, { conditions: { Ready: 'False' } }) }),
    'Gating',
    'GatePending',
  ],
  [
    'an environment whose twins are not wired',
    world({ environment: environment(images.second, { conditions: { TwinsWired: 'False' } }) }),
    'Gating',
    'GatePending',
  ],
  [
    'an environment whose status is old',
    world({ environment: environment(images.second, { generation: 2 }) }),
    'Gating',
    'GatePending',
  ],
  [
    'an environment of a namespace that may not',
    world({ namespaceLabels: { team: 'other' } }),
    'Pending',
    'EnvironmentNotAdmitted',
  ],
  [
    'an environment of a namespace that is gone',
    world({ namespaceLabels: undefined }),
    'Pending',
    'EnvironmentNotAdmitted',
  ],
  ['an image by tag', world({ environment: environment('registry.example/web:latest') }), 'Gating', 'GateFailed'],
  [
    'images that do not run in the environment',
    world({ promotion: promotion('web-42', { spec: { images: [{ container: 'web', image: images.third }] } }) }),
    'Gating',
    'GateFailed',
  ],
  // The schema knows one type; an older or newer one may have stored another.
  [
    'a gate that nobody knows',
    world({ policy: policy({ gates: [{ name: 'scan', type: 'LeakScan' as 'Environment' }] }) }),
    'Gating',
    'GateFailed',
  ],
  ['live content that nobody approved', withPlan(deployment(images.evil)), 'Pending', 'Tampered'],
  [
    'a plan that the API server refuses',
    world({
      workloads: [
        {
          kind: 'Deployment',
          name: 'web',
          live: deployment(images.first),
          planned: { reason: 'PlanRefused', message: 'no' },
        },
      ],
    }),
    'Pending',
    'PlanRefused',
  ],
  [
    'a container that production does not have',
    world({
      workloads: [
        {
          kind: 'Deployment',
          name: 'web',
          live: deployment(images.first),
          planned: { reason: 'NoSuchContainer', message: 'no' },
        },
      ],
    }),
    'Pending',
    'NoSuchContainer',
  ],
  [
    'a Deployment that no controller has seen',
    withPlan({ ...deployment(images.first), metadata: { name: 'web', namespace: 'shop' } }),
    'Pending',
    'WorkloadNotObserved',
  ],
  ['a promotion that is too old', world({ now: now + 72 * HOUR }), 'Expired', 'Expired'],
  [
    'a promotion whose age cannot be told',
    world({ promotion: promotion('web-42', { createdAt: 'never' }) }),
    'Expired',
    'Expired',
  ],
];

/** A world with that Deployment live, and the first one in the lock. */
function withPlan(live: ReturnType<typeof deployment>): Scene {
  return world({ workloads: [{ kind: 'Deployment', name: 'web', live }] });
}

for (const [what, given, phase, reason] of refusals)
  test(`no vote is asked for: ${what}`, (t) => {
    const { verdict } = decide(given);
    t.is(verdict.phase, phase, verdict.message);
    t.is(String(verdict.reason), reason, verdict.message);
    t.is(verdict.action, undefined);
    if (phase !== 'Expired') t.true((verdict.why ?? []).length > 0, 'it says what it waits for');
  });

test('with everything in place a round opens, and the lock stays shut', (t) => {
  const { done, decision, world: open } = run(world());
  t.deepEqual(done, ['Round']);
  t.is(decision.verdict.phase, 'AwaitingApproval');
  t.deepEqual(open.lock?.spec, world().lock?.spec);
  t.is(decision.verdict.why?.filter((line) => /^(kubectl|rm -f)/.test(line)).length, 3);
});

test('a vote takes it to production in the order approval, lock, content', (t) => {
  const { world: open } = run(world());
  const { done, decision, world: end } = run(voted(open, keys.alice));
  t.deepEqual(done, ['Approved', 'OpenLock', 'Apply', 'Apply', 'Completed']);
  t.is(decision.verdict.phase, 'Completed');
  t.deepEqual(chainFaults(end.records), []);
  t.deepEqual(
    end.lock?.spec.approved.map(({ role, record }) => `${role} ${record}`),
    [1, 2].flatMap(() => ['Current web-000003', 'Fallback web-000001']),
  );
});

test('the lock holds the content without the time of a restart, as it is applied', (t) => {
  const restarted = deployment(images.first);
  const { template } = restarted.spec as Spec;
  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-20T12:00:00Z' };
  const spec = {
    ...restarted.spec,
    template: { ...template, metadata: { ...template.metadata, annotations } },
  } as Spec;
  const { world: open } = run(
    world({ workloads: [{ kind: 'Deployment', name: 'web', live: { ...restarted, spec } }] }),
  );
  const { done, world: end } = run(voted(open, keys.alice));
  t.deepEqual(done, ['Approved', 'OpenLock', 'Apply', 'Completed']);
  const [current] = end.lock?.spec.approved ?? [];
  t.is(current?.role, 'Current');
  t.notRegex(JSON.stringify(current?.spec), /restartedAt|replicas/);
});

test('what a promotion needs is asked anew when its approval is recorded and the lock is still shut', (t) => {
  const { world: open } = run(world());
  const approving = voted(open, keys.alice);
  const { action } = decide(approving).verdict;
  const approved = after(approving, action!);
  t.is(decide(approved).verdict.action?.do, 'OpenLock');
  const inactive = { ...approved, enforcement: { active: false, message: 'gone' } };
  t.is(decide(inactive).verdict.reason, 'EnforcementInactive');
  t.is(decide({ ...approved, now: now + 73 * HOUR }).verdict.phase, 'Expired');
  const revoked = keyring();
  if (!('object' in revoked)) throw new Error('no keyring');
  const { spec } = revoked.object;
  const taken = {
    object: {
      ...revoked.object,
      spec: {
        principals: spec.principals.map((principal) => ({
          ...principal,
          keys: principal.keys.map((key) => ({ ...key, revokedAt: '2026-11-21T09:30:00Z' })),
        })),
      },
    },
  };
  const { done, decision } = run({ ...approved, keyring: taken });
  t.deepEqual(done, ['Round'], 'a new round: that approval does not hold any more');
  t.is(decision.verdict.phase, 'AwaitingApproval');
});

test('a rejection is final, also beside an approval', (t) => {
  const { world: open } = run(world({ policy: policy({ quorum: [{ count: 1 }] }) }));
  const both = voted(voted(open, keys.alice, 'approve', 'a'), keys.bob, 'reject', 'b');
  const { done, decision, world: end } = run(both);
  t.deepEqual(done, ['Rejected']);
  t.is(decision.verdict.phase, 'Rejected');
  t.is(end.records.at(-1)?.votes?.length, 2);
});

test('a rejected, expired or superseded promotion stays what it is, whatever comes', (t) => {
  const { world: open } = run(world());
  const { world: rejected } = run(voted(open, keys.bob, 'reject'));
  const { done, decision } = run(voted(rejected, keys.alice, 'approve', 'late'));
  t.deepEqual(done, []);
  t.is(decision.verdict.phase, 'Rejected');
});

test('a vote of the requester and one of a stranger leave it waiting and are reported', (t) => {
  const own = promotion('web-42', { annotations: { 'twinlock.dev/requested-by': 'alice' } });
  const { world: open } = run(world({ promotion: own }));
  const { decision } = run(voted(voted(open, keys.alice, 'approve', 'a'), keys.stranger, 'approve', 's'));
  t.is(decision.verdict.phase, 'AwaitingApproval');
  t.deepEqual(decision.count?.votes.map(({ reason }) => reason).toSorted(), ['NotEnrolled', 'Requester']);
});

test('a round does not move when the environment moves on or is deleted', (t) => {
  const { world: open } = run(world());
  for (const moved of [
    undefined,
    environment(images.third),
    environment(images.second, { conditions: { Ready: 'False' } }),
  ]) {
    const { done } = run({ ...open, environment: moved });
    t.deepEqual(done, []);
    t.deepEqual(run({ ...voted(open, keys.alice), environment: moved }).done, [
      'Approved',
      'OpenLock',
      'Apply',
      'Apply',
      'Completed',
    ]);
  }
});

/** Changes that close a round, and the words for it. */
const movers: readonly (readonly [string, (open: Scene) => Scene, RegExp])[] = [
  [
    'the policy asks for more',
    (open) => ({ ...open, policy: policy({ quorum: [{ count: 2 }] }) }),
    /policy's gates, quorum/,
  ],
  [
    'a person is enrolled',
    (open) => ({ ...open, keyring: keyring({ alice: keys.alice, bob: keys.bob, carol: keys.stranger }) }),
    /people or keys/,
  ],
  [
    'production changed through an approved path',
    (open) => {
      const live = deployment(images.first, { minReadySeconds: 5 } as Partial<Spec>);
      return world({ ...open, lock: lockOf(live), workloads: [{ kind: 'Deployment', name: 'web', live }] });
    },
    /live content changed/,
  ],
  [
    'the API server makes something else of it',
    (open) => ({
      ...open,
      workloads: open.workloads.map((workload) => ({
        ...workload,
        planned: {
          spec: { ...deployment(images.second, { minReadySeconds: 9 } as Partial<Spec>, '1', workload.name).spec },
        },
      })),
    }),
    /API server makes/,
  ],
];
for (const [what, move, words] of movers)
  test(`a new round opens and old votes count no longer: ${what}`, (t) => {
    const { world: open } = run(world({ policy: policy({ quorum: [{ count: 1 }] }) }));
    const { done, decision, world: end } = run({ ...move(voted(open, keys.alice)), nonce: 'f'.repeat(32) });
    t.deepEqual(done, ['Round']);
    t.is(decision.verdict.phase, 'AwaitingApproval');
    t.is(decision.count?.votes[0]?.reason, 'StaleRound');
    t.regex(end.records.at(-1)?.round?.because?.join() ?? '', words);
  });

test('a namespace that may not any more ends the hope of an open round, one that is gone changes nothing', (t) => {
  const { world: open } = run(world());
  const approving = voted(open, keys.alice);
  const refused = decide({ ...approving, namespaceLabels: {} });
  t.is(refused.verdict.reason, 'EnvironmentNotAdmitted');
  t.is(refused.verdict.action, undefined);
  const gone = decide({ ...approving, environment: undefined, namespaceLabels: undefined });
  t.is(gone.verdict.phase, 'Approved');
});

test('evidence that is too old is gathered again, and an environment that is gone then stops it', (t) => {
  const { world: open } = run(
    world({
      promotion: promotion('web-42', { spec: { expiresAfter: '900h' } }),
      policy: policy({ evidenceMaxAge: '1h' }),
    }),
  );
  const late = { ...open, now: now + 2 * HOUR };
  t.deepEqual(run(late).done, [], 'the same evidence keeps the round');
  t.is(decide({ ...late, environment: undefined }).verdict.reason, 'GatePending');
  t.is(decide({ ...late, environment: environment(images.third) }).verdict.reason, 'GateFailed');
});

test('an expired round ends the promotion with a record', (t) => {
  const { world: open } = run(world());
  const { done, decision } = run({ ...open, now: now + 72 * HOUR });
  t.deepEqual(done, ['Expired']);
  t.is(decision.verdict.phase, 'Expired');
});

test('content that production has already is no promotion', (t) => {
  const { done, decision } = run(world({ environment: environment(images.first) }));
  t.deepEqual(done, ['Superseded']);
  t.is(decision.verdict.reason, 'AlreadyCurrent');
});

test('a newer promotion supersedes one that waits once its own round is open, and only if it says so', (t) => {
  const newer = promotion('web-43', { createdAt: '2026-11-21T09:30:00Z' });
  const { world: open } = run(world());
  t.deepEqual(run({ ...open, siblings: [newer] }).done, [], 'without a round it has shown nothing yet');
  const { world: both } = run({ ...open, promotion: newer, siblings: [] });
  t.deepEqual(run({ ...both, promotion: open.promotion, siblings: [newer] }).done, ['Superseded']);
  const none = { ...newer, spec: { ...newer.spec, supersedes: 'None' as const } };
  t.deepEqual(run({ ...both, promotion: open.promotion, siblings: [none] }).done, []);
  t.deepEqual(
    run({ ...both, promotion: newer, siblings: [open.promotion] }).done,
    [],
    'an older one supersedes nothing',
  );
});

test('while another promotion is rolled out this one waits', (t) => {
  const { world: open } = run(world());
  const approving = voted(open, keys.alice);
  const approved = after(approving, decide(approving).verdict.action!);
  const other = promotion('web-43', { createdAt: '2026-11-21T09:30:00Z', spec: { supersedes: 'None' } });
  t.is(decide({ ...approved, promotion: other }).verdict.reason, 'AnotherRollout');
});

test('a lock that would not fit stops it before anything changes', (t) => {
  const big = deployment(images.first, {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: images.first, env: [{ name: 'BIG', value: 'x'.repeat(800_000) }] }] },
    },
  } as unknown as Partial<Spec>);
  const { verdict } = decide(world({ lock: lockOf(big), workloads: [{ kind: 'Deployment', name: 'web', live: big }] }));
  t.is(verdict.reason, 'LockTooLarge');
});
