import { fieldManagers, labels } from '../../api/index.ts';
import { Pod } from '../../kube/index.ts';
import { withContent, workloadOf } from '../../workloads/index.ts';
import type { Action, ActingWorld } from '../decide/index.ts';
import { manifestOf, newObject, withManifestMetadata } from '../decide/plan/index.ts';
import { despiteStaleLock, type Acting } from './acting.ts';

/** Brings a workload what was signed, or its fallback; one that does not exist is made where the action says how. */
export async function apply(
  acting: Acting,
  { promotion, workloads }: ActingWorld,
  { do: what, workload, spec, create }: Extract<Action, { do: 'Apply' | 'RollBack' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events } = acting;
  const { type } = workloadOf(workload.kind);
  const options = { fieldManager: fieldManagers.promotions, signal };
  // The promotion cannot change, and what was signed names its digest. What it set is not taken back: it is not locked.
  const manifest = what === 'Apply' ? manifestOf(promotion.spec, workload) : undefined;
  const live = workloads.find(({ kind, name }) => kind === workload.kind && name === workload.name)?.live;
  if (live?.spec === undefined) {
    if (create === undefined) return false;
    const { namespace = '' } = promotion.metadata;
    const object = newObject(workload, namespace, { ...spec, ...create }, manifest);
    await despiteStaleLock(acting.clock, () => client.create(type, object, options), signal);
  } else {
    const { managedFields: _owners, ...own } = live.metadata;
    const metadata = withManifestMetadata(own, manifest);
    const object = { ...live, metadata, spec: withContent(workload.kind, live.spec, spec) };
    await despiteStaleLock(acting.clock, () => client.replace(type, object, options), signal);
  }
  events.record({
    regarding: promotion,
    related: live,
    type: what === 'Apply' ? 'Normal' : 'Warning',
    reason: what === 'Apply' ? 'Applied' : 'FallbackApplied',
    action: what,
    note: `${workload.kind}/${workload.name} ${what === 'Apply' ? 'got what was signed' : 'got its fallback back'}`,
  });
  return true;
}

/** Lets whoever applies what was signed delete the workload, or no longer. */
export async function mark(
  acting: Acting,
  { promotion, workloads }: ActingWorld,
  { workload: { kind, name }, removable }: Extract<Action, { do: 'Mark' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const live = workloads.find((workload) => workload.kind === kind && workload.name === name)?.live;
  if (live === undefined) return false;
  const { managedFields: _owners, ...metadata } = live.metadata;
  const { [labels.removedBy]: _mark, ...others } = metadata.labels ?? {};
  const marked = removable ? { ...others, [labels.removedBy]: promotion.metadata.name } : others;
  const object = { ...live, metadata: { ...metadata, labels: marked } };
  const options = { fieldManager: fieldManagers.promotions, signal };
  await acting.client.replace(workloadOf(kind).type, object, options);
  return true;
}

/** Deletes a workload that leaves: its pods first, so that what is gone runs nowhere any more. */
export async function remove(
  acting: Acting,
  { promotion, workloads }: ActingWorld,
  { workload: { kind, name }, uid }: Extract<Action, { do: 'Remove' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events } = acting;
  const { namespace } = promotion.metadata;
  const options = { uid, propagationPolicy: 'Foreground', signal } as const;
  await despiteStaleLock(
    acting.clock,
    () => client.delete(workloadOf(kind).type, { namespace, name }, options),
    signal,
  );
  events.record({
    regarding: promotion,
    related: workloads.find((workload) => workload.kind === kind && workload.name === name)?.live,
    type: 'Normal',
    reason: 'Removed',
    action: 'Remove',
    note: `${kind}/${name} is deleted, and its pods with it`,
  });
  return true;
}

/** Deletes pods for which the workload's controller waits, within their own grace. */
export async function deletePods(
  acting: Acting,
  { promotion, workloads }: ActingWorld,
  { workload: { kind, name }, pods }: Extract<Action, { do: 'DeletePods' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events } = acting;
  const { namespace } = promotion.metadata;
  await Promise.all(pods.map((pod) => client.delete(Pod, { namespace, name: pod.name }, { uid: pod.uid, signal })));
  events.record({
    regarding: promotion,
    related: workloads.find((workload) => workload.kind === kind && workload.name === name)?.live,
    type: 'Warning',
    reason: 'StuckPodsDeleted',
    action: 'RollBack',
    note: `${kind}/${name} has its fallback back, and its controller waits for what never became ready: deleted ${pods.map((pod) => pod.name).join(', ')}`,
  });
  return true;
}
