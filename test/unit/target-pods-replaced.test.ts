import test from 'ava';
import type { Deployment } from '../../operator/kube/index.ts';
import { outcomeEntry, sealRecord, type OutcomeResult } from '../../operator/records/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, now, targetRef } from './promotion-world.ts';
import { controlledBy, decideTarget, pod, present, promoted, replicaSet, web } from './target-world.ts';

const time = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
const reasonOf = (given: TargetWorld): string => decideTarget(given).reason;

const set = (uid: string, revision: string) => ({
  ...replicaSet,
  metadata: {
    ...replicaSet.metadata,
    name: uid,
    uid,
    annotations: { 'deployment.kubernetes.io/revision': revision },
  },
});

/** What runs of the first image after the second was promoted, the fallback being approved no more. */
const replacing = (status: object, changes: Partial<TargetWorld> = {}): TargetWorld => {
  const before = promoted();
  const lock = before.lock!;
  const live = {
    ...web(deployment(images.second, {}, '2')),
    status: { observedGeneration: 1, ...status },
  } as Deployment;
  return {
    ...before,
    lock: { ...lock, spec: { ...lock.spec, approved: lock.spec.approved.filter(({ role }) => role === 'Current') } },
    workloads: [{ kind: 'Deployment', name: 'web', live }],
    running: {
      workloads: [present(live)],
      others: [],
      owned: [set('set-uid', '1'), set('new-set', '2')],
      pods: [
        pod({ metadata: { name: 'new', uid: 'new' } }, controlledBy('ReplicaSet', 'new-set'), live),
        pod({ metadata: { name: 'old', uid: 'old' } }),
      ],
    },
    ...changes,
  };
};
const moved = (seconds: number): object => ({
  conditions: [
    {
      type: 'Progressing',
      status: 'True',
      lastUpdateTime: time(seconds),
      lastTransitionTime: time(seconds),
      reason: '',
      message: '',
    },
  ],
});

/** Counts of a Deployment of two, and whether its controller still replaces pods. */
const counts: readonly (readonly [string, object, boolean])[] = [
  ['none is new', { replicas: 2, updatedReplicas: 0 }, true],
  ['some are new', { replicas: 3, updatedReplicas: 1 }, true],
  ['all are new, and old ones are there', { replicas: 3, updatedReplicas: 2 }, true],
  ['all are new, and no other is there', { replicas: 2, updatedReplicas: 2 }, false],
  ['fewer are new than wanted, and no other is there', { replicas: 1, updatedReplicas: 1 }, true],
  ['the controller has not seen the new content yet', { replicas: 2, updatedReplicas: 2, observedGeneration: 0 }, true],
];
for (const [what, status, ends] of counts)
  test(`a pod of an ended approval ${ends ? 'is being replaced' : 'runs on'}: ${what}`, (t) => {
    t.is(reasonOf(replacing({ ...moved(-60), ...status })), ends ? 'PodsEnding' : 'Tampered');
  });

test('a pod of the newest ReplicaSet is replaced by nothing', (t) => {
  const given = replacing({ ...moved(-60), replicas: 3, updatedReplicas: 1 });
  const pods = [pod({ metadata: { name: 'old', uid: 'old' } }, controlledBy('ReplicaSet', 'new-set'))];
  const running = { ...given.running, pods };
  t.is(reasonOf({ ...given, running }), 'Tampered');
  t.is(
    reasonOf({
      ...replacing({ ...moved(-60), observedGeneration: 0 }),
      running: {
        ...running,
        workloads: [
          present({ ...web(deployment(images.second, {}, '2')), status: { observedGeneration: 0 } } as Deployment),
        ],
      },
    }),
    'PodsEnding',
  );
});

/** Ten minutes after the last that moved: the rollout itself, or what was decided since. */
const outcomes: readonly (readonly [OutcomeResult, boolean])[] = [
  ['Approved', true],
  ['Completed', true],
  ['RolledBack', true],
  ['Failed', true],
  ['Rejected', false],
  ['Superseded', false],
];
for (const [result, begins] of outcomes)
  test(`${result} ${begins ? 'begins another rollout' : 'moves nothing'}: pods have the time from then`, (t) => {
    const given = replacing({ ...moved(-3600), replicas: 3, updatedReplicas: 1 });
    const entry = outcomeEntry({
      now: now + 1000,
      promotion: given.records[1]!.promotion!,
      round: undefined,
      result,
      reason: 'Newer',
      message: '',
    });
    const records = [...given.records, sealRecord(targetRef, given.records, entry)];
    const at = now + 600_000;
    const reason = reasonOf({ ...given, records, now: at + 1000 });
    t.is(reason, begins ? 'PodsEnding' : 'Tampered');
    t.is(reasonOf({ ...given, records, now: at + 1001 }), 'Tampered');
  });

test('the later of rollout and decision counts', (t) => {
  const given = replacing({ ...moved(60), replicas: 3, updatedReplicas: 1 });
  t.is(reasonOf({ ...given, now: now + 660_000 }), 'PodsEnding');
  t.is(reasonOf({ ...given, now: now + 660_001 }), 'Tampered');
});
