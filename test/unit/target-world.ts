/** Worlds of targets as plain data, and what an action makes of one. */
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { Deployment, Pod, ReplicaSet } from '../../operator/kube/index.ts';
import { sealRecord, type RecordTarget } from '../../operator/records/index.ts';
import { decideTarget as decide, type TargetVerdict, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { targetStatus } from '../../operator/targets/status/target.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { deployment, images, keys, now, run, target, voted, worldOfOne } from './promotion-world.ts';

/** What is decided, after the status that it would give was held against the rules of every kind. */
export function decideTarget(given: TargetWorld): TargetVerdict {
  const verdict = decide(given);
  checkedStatus(given.target, targetStatus(given, verdict));
  return verdict;
}

type Owners = Pick<Pod['metadata'], 'ownerReferences'>;
export const controlledBy = (kind: string, uid: string): Owners => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web', uid, controller: true }],
});
export const bySet = controlledBy('ReplicaSet', 'set-uid');

export const replicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: 'web-1',
    uid: 'set-uid',
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    ...controlledBy('Deployment', 'web-uid'),
  },
} as ReplicaSet;

/** The Deployment `web`, with a uid. */
export function web(object: Deployment = deployment(images.first)): Deployment {
  return { ...object, metadata: { ...object.metadata, uid: 'web-uid' } };
}

export const READY = { conditions: [{ type: 'Ready', status: 'True' }] } as Pod['status'];

/** A pod that the Deployment made, as Kubernetes completes it and a kubelet runs it, but for the changes. */
export function pod(
  changes: { readonly spec?: object; readonly metadata?: object; readonly status?: object } = {},
  owner: Owners = bySet,
  of: Deployment = web(),
): Pod {
  const template = of.spec?.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-1-a',
      namespace: 'shop',
      uid: 'pod-uid',
      labels: { ...template?.metadata?.labels, 'pod-template-hash': '1' },
      ...owner,
      ...changes.metadata,
    },
    spec: { ...template?.spec, serviceAccountName: 'default', nodeName: 'node-1', ...changes.spec },
    status: { ...READY, ...changes.status },
  } as Pod;
}

/** A Deployment that runs. */
export function present(live: Deployment): TargetWorld['running']['workloads'][number] {
  return { kind: 'Deployment', name: live.metadata.name, live };
}

/** What runs when nothing but one Deployment and its pod does. */
export function running(
  live: Deployment = web(),
  changes: Partial<TargetWorld['running']> = {},
): Pick<TargetWorld, 'running'> {
  return {
    running: { workloads: [present(live)], others: [], owned: [replicaSet], pods: [pod({}, bySet, live)], ...changes },
  };
}

const object = deployment(images.first, {}, '1', 'api');
const key = { kind: 'Deployment', name: 'api' } as const;

/** Another target of the namespace, its Deployment, and what makes its pods. */
export const neighbour = {
  key,
  live: { ...object, metadata: { ...object.metadata, uid: 'api-uid' } } as Deployment,
  set: {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, name: 'api-1', uid: 'api-set', ...controlledBy('Deployment', 'api-uid') },
  } as ReplicaSet,
  owner: controlledBy('ReplicaSet', 'api-set'),
  target: { ...target({ workloads: [key] }), metadata: { ...target().metadata, name: 'api', uid: 'api-target' } },
};

export const namespaceWith = (value?: string): NonNullable<TargetWorld['namespace']> => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', ...(value === undefined ? {} : { labels: { 'twinlock.dev/protected': value } }) },
});
export const protectedNamespace = namespaceWith('true');

/** A target that nothing is known of yet. */
export function fresh(changes: Partial<TargetWorld> = {}): TargetWorld {
  return {
    stage: 'InForce',
    now,
    target: target(),
    others: [],
    namespace: namespaceWith(),
    lock: undefined,
    bound: true,
    records: [],
    orphanedChains: new Map(),
    otherChains: new Map(),
    workloads: [{ kind: 'Deployment', name: 'web', live: web() }],
    objects: [],
    givenUp: [],
    ...running(),
    rehearsals: [],
    enforcement: { active: true, message: '' },
    promotions: new Set(),
    asking: new Set(),
    podWriters: [],
    ...changes,
  };
}

export function withLive(before: TargetWorld, object: Deployment | undefined): TargetWorld {
  const live = object === undefined ? undefined : web(object);
  return {
    ...before,
    ...(live === undefined ? {} : running(live)),
    workloads: [{ kind: 'Deployment', name: 'web', live }],
  };
}

export function after(before: TargetWorld): TargetWorld {
  const { action } = decideTarget(before);
  switch (action?.do) {
    case 'WriteLock':
      return { ...before, lock: { ...worldOfOne().lock!, spec: action.lock } };
    case 'Protect':
      return { ...before, namespace: namespaceWith(action.as) };
    case 'Bind':
      return { ...before, bound: true };
    case 'Append':
      return {
        ...before,
        records: [...before.records, sealRecord(refOf(before.target), before.records, action.entry)],
      };
    case undefined:
      return before;
  }
}

function refOf({ metadata }: ProductionTarget): RecordTarget {
  return { namespace: 'shop', name: metadata.name, uid: metadata.uid ?? '' };
}

/** Acts until nothing is left to do. */
export function settle(start: TargetWorld): { readonly world: TargetWorld; readonly done: readonly string[] } {
  const done: string[] = [];
  let current = start;
  for (let turn = 0; turn < 10; turn++) {
    const { action } = decideTarget(current);
    if (action === undefined) return { world: current, done };
    done.push(action.do === 'Append' ? (action.entry.outcome?.result ?? action.entry.type) : action.do);
    current = after(current);
  }
  throw new Error(`it does not come to rest: ${done.join(', ')}`);
}

/** A target that took over what runs. */
export function adopted(changes: Partial<TargetWorld> = {}): TargetWorld {
  return settle(fresh(changes)).world;
}

/** A target over a workload that a promotion changed from the first to the second image. */
export function promoted(): TargetWorld {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  return withLive(
    fresh({ namespace: protectedNamespace, lock: end.lock, records: end.records }),
    deployment(images.second, {}, '2'),
  );
}
