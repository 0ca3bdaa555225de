import test from 'ava';
import type { TargetReason } from '../../operator/api/index.ts';
import type { Deployment, Pod } from '../../operator/kube/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, keys, now, run, voted, worldOfOne, type Spec } from './promotion-world.ts';
import {
  adopted,
  bySet,
  decideTarget,
  fresh,
  pod,
  present,
  promoted,
  protectedNamespace,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

const evil = (metadata: object = {}): Pod =>
  pod({
    spec: { containers: [{ name: 'web', image: images.evil }] },
    metadata: { name: 'evil', uid: 'evil-uid', ...metadata },
  });
const time = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
const beside = (before: TargetWorld, ...pods: readonly Pod[]): TargetWorld => ({
  ...before,
  running: { ...before.running, pods: [...(before.running.pods ?? []), ...pods] },
});
const set = (name: string, uid: string, revision: string): TargetWorld['running']['owned'][number] => ({
  ...running().running.owned[0]!,
  metadata: {
    ...running().running.owned[0]!.metadata,
    name,
    uid,
    annotations: { 'deployment.kubernetes.io/revision': revision },
  },
});
/** What runs after a promotion, with a pod of what ran before. */
const withOld = (metadata: object = {}, status: Deployment['status'] = {}): TargetWorld => {
  const end = adoptedSecond();
  const live = {
    ...web(deployment(images.second, {}, '2')),
    status: { observedGeneration: 1, ...status },
  } as Deployment;
  return {
    ...end,
    workloads: [{ kind: 'Deployment', name: 'web', live }],
    running: {
      workloads: [present(live)],
      others: [],
      owned: [set('web-1', 'set-uid', '1'), set('web-2', 'new-set', '2')],
      pods: [
        pod(
          {
            metadata: { name: 'new', uid: 'new', ownerReferences: [{ ...bySet.ownerReferences![0]!, uid: 'new-set' }] },
          },
          {},
          live,
        ),
        pod({ metadata: { name: 'old', uid: 'old', ...metadata } }),
      ],
    },
  };
};
/** Two images were promoted one after the other: the first one is not approved any more. */
function adoptedSecond(): TargetWorld {
  const before = promoted();
  const lock = before.lock!;
  return {
    ...before,
    lock: { ...lock, spec: { ...lock.spec, approved: lock.spec.approved.filter(({ role }) => role === 'Current') } },
  };
}

test('a pod that is not what was approved is recorded once per pod, with what differs', (t) => {
  const { world: end, done } = settle(beside(adopted(), evil()));
  t.deepEqual(done, ['Tampered']);
  const [found] = end.records.at(-1)?.tampered ?? [];
  t.is(found?.kind, 'Pod');
  t.is(found?.name, 'evil');
  t.regex(found?.message ?? '', /containers differ.*\(uid evil-uid\)/);
  t.regex(found?.to ?? '', /^sha256:/);
  const verdict = decideTarget(end);
  t.is(verdict.reason, 'Tampered');
  t.truthy(verdict.tampered);
  t.deepEqual(settle(beside(end, evil({ uid: 'another' }))).done, ['Tampered'], 'a namesake is another pod');
});

test('a pod that no approved workload made is not approved, whatever it holds and says', (t) => {
  for (const status of [{}, { phase: 'Succeeded' }, { phase: 'Failed' }]) {
    const { done } = settle(beside(adopted(), pod({ status, metadata: { name: 'bare', uid: 'bare' } }, {})));
    t.deepEqual(done, ['Tampered']);
  }
});

test('what cannot be digested is recorded without a digest', (t) => {
  const odd = pod({
    spec: { terminationGracePeriodSeconds: 2 ** 63 },
    metadata: { name: 'odd', uid: 'odd' },
  });
  const { world: end } = settle(beside(adopted(), odd));
  t.is(end.records.at(-1)?.tampered?.[0]?.to, undefined);
});

test('many pods fit into records', (t) => {
  const many = Array.from({ length: 70 }, (_, index) => evil({ name: `evil-${index}`, uid: `uid-${index}` }));
  t.deepEqual(settle(beside(adopted(), ...many)).done, ['Tampered', 'Tampered', 'Tampered']);
});

test('pods that are ending have their time, are told, and are not recorded', (t) => {
  const verdict = decideTarget(withOld({ deletionTimestamp: time(20) }));
  t.is(verdict.reason, 'PodsEnding');
  t.falsy(verdict.stalled);
  t.is(verdict.action, undefined);
  t.regex(verdict.message, /^1 pod .* until 2026-11-21T10:00:30Z: old/);
  t.true((verdict.requeueAfter ?? 0) > 29_000 && (verdict.requeueAfter ?? 0) < 31_000);
});

test('a pod that outlives its time is content that nobody approved', (t) => {
  t.is(decideTarget(withOld({ deletionTimestamp: time(-9) })).reason, 'PodsEnding', 'kubelets are late');
  t.deepEqual(settle(withOld({ deletionTimestamp: time(-11) })).done, ['Tampered']);
  t.deepEqual(settle(withOld({ deletionTimestamp: 'never' })).done, ['Tampered']);
});

test('a pod of an ended approval runs on: it is found, although an approval once let it in', (t) => {
  const { done } = settle(withOld({}, { replicas: 2, updatedReplicas: 2 }));
  t.deepEqual(done, ['Tampered']);
  const before = { creationTimestamp: time(-86_400) };
  t.deepEqual(settle(withOld(before, { replicas: 2, updatedReplicas: 2 })).done, ['Tampered'], 'it ends by nothing');
});

const replacing = (at: string): Deployment['status'] => ({
  replicas: 3,
  updatedReplicas: 1,
  conditions: [
    { type: 'Progressing', status: 'True', lastUpdateTime: at, reason: '', message: '', lastTransitionTime: at },
  ],
});

test('while the Deployment controller replaces them, pods of an ended approval are ending', (t) => {
  t.is(decideTarget(withOld({}, replacing(time(-60)))).reason, 'PodsEnding');
  const world = withOld({}, replacing(time(-3600)));
  const late = { ...world, now: now + 3_600_000 };
  t.deepEqual(settle(late).done, ['Tampered'], 'a rollout that does not end is no excuse');
  const planted = beside(withOld({}, replacing(time(-60))), evil());
  t.deepEqual(settle(planted).done, ['Tampered'], 'and no excuse for what was never approved');
});

test('the fallback that is signed is approved: no record, no waiting', (t) => {
  const before = promoted();
  const world = beside(before, pod({ metadata: { name: 'old', uid: 'old' } }));
  t.true(decideTarget(world).ready, decideTarget(world).message);
});

test("a neighbour's pods are the neighbour's", (t) => {
  const end = adopted();
  const api = { ...web(), metadata: { ...web().metadata, name: 'api', uid: 'api-uid' } } as Deployment;
  const set = {
    ...end.running.owned[0]!,
    metadata: {
      ...end.running.owned[0]!.metadata,
      name: 'api-1',
      uid: 'api-set',
      ownerReferences: [{ ...bySet.ownerReferences![0]!, uid: 'api-uid' }],
    },
  };
  const neighbour = {
    ...end.target,
    metadata: { ...end.target.metadata, name: 'api', uid: 'api-target' },
    spec: { ...end.target.spec, workloads: [{ kind: 'Deployment' as const, name: 'api' }] },
  };
  const theirs = evil({ ownerReferences: [{ ...bySet.ownerReferences![0]!, uid: 'api-set' }] });
  const world: TargetWorld = {
    ...beside(end, theirs),
    others: [neighbour],
  };
  const running = {
    ...world.running,
    workloads: [...world.running.workloads, present(api)],
    owned: [...world.running.owned, set],
  };
  t.true(decideTarget({ ...world, running }).ready);
});

const health = (pods: readonly Pod[], status: object = {}, spec: Partial<Spec> = {}): TargetWorld => {
  const object = deployment(images.first, spec);
  const live = { ...object, status: { ...object.status, ...status } } as Deployment;
  const world = withLive(adopted(), live);
  return { ...world, running: { ...world.running, pods } };
};
const waiting = (reason: string): Pod =>
  pod({
    status: {
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [{ name: 'web', state: { waiting: { reason, message: 'back-off pulling' } } }],
    },
  });
const failure = { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota: small' }] };

const troubles: readonly (readonly [string, TargetWorld, TargetReason, RegExp, boolean])[] = [
  ['no pod, and the controller says why', health([], failure), 'NoPods', /exceeded quota: small/, true],
  ['no pod, and nobody says why', health([]), 'NoPods', /has no pod/, false],
  ['only a pod that goes', health([pod({ metadata: { deletionTimestamp: time(5) } })]), 'NoPods', /has no pod/, false],
  [
    'an image that cannot be pulled',
    health([waiting('ImagePullBackOff')]),
    'PodsNotReady',
    /ImagePullBackOff: back-off/,
    true,
  ],
  ['a crash loop', health([waiting('CrashLoopBackOff')]), 'PodsNotReady', /CrashLoopBackOff/, true],
  [
    'a container that is being made',
    health([waiting('ContainerCreating')]),
    'PodsNotReady',
    /they are starting/,
    false,
  ],
  [
    'no node for it',
    health([
      pod({
        status: {
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }],
        },
      }),
    ]),
    'PodsNotReady',
    /Unschedulable: 0\/3 nodes/,
    false,
  ],
];
for (const [what, given, reason, message, stalled] of troubles)
  test(`not Ready: ${what}`, (t) => {
    const verdict = decideTarget(given);
    t.is(verdict.reason, reason, verdict.message);
    t.regex(verdict.message, message);
    t.is(verdict.stalled ?? false, stalled);
    t.false(verdict.ready);
  });

test('one pod that is ready is enough, and a workload that is switched off needs none', (t) => {
  t.true(decideTarget(health([waiting('CrashLoopBackOff'), pod()])).ready);
  t.true(decideTarget(health([], {}, { replicas: 0 })).ready);
});

test('pods that are not known yet are waited for', (t) => {
  const end = adopted();
  const verdict = decideTarget({ ...end, running: { ...end.running, pods: undefined } });
  t.is(verdict.reason, 'PodsUnknown');
  t.falsy(verdict.stalled);
});

test('while a promotion is being rolled out, missing pods are its progress', (t) => {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  const records = end.records.slice(0, 3);
  const uid = records.at(-1)?.promotion?.uid ?? '';
  const open = withLive(
    fresh({ namespace: protectedNamespace, lock: end.lock, records, promotions: new Set([uid]) }),
    deployment(images.second, {}, '2'),
  );
  const verdict = decideTarget({ ...open, running: { ...open.running, pods: [] } });
  t.is(verdict.reason, 'NoPods');
  t.regex(verdict.message, /promotion web-42 is being rolled out/);
  t.falsy(verdict.stalled);
});
