import { fieldManagers } from '../../api/index.ts';
import { handedOver } from '../../kube/index.ts';
import { withObjectContent } from '../../objects/index.ts';
import { workloadOf } from '../../workloads/index.ts';
import type { Action, ActingWorld, ObjectAction } from '../decide/index.ts';
import { despiteStaleLock, type Acting } from './acting.ts';

/** Makes an object beside the workloads, replaces its content, or takes it away. */
export async function applyObject(
  acting: Acting,
  { promotion, objects }: ActingWorld,
  { do: what, object: key, content }: ObjectAction,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events, types } = acting;
  const { namespace = '' } = promotion.metadata;
  const { kind, name } = key;
  const live = objects.find((object) => object.kind === kind && object.name === name)?.live;
  const type = types.of(kind);
  const options = { fieldManager: fieldManagers.promotions, signal };
  if (content === undefined) {
    if (live === undefined) return false;
    const { uid, resourceVersion } = live.metadata;
    await despiteStaleLock(
      acting.clock,
      () => client.delete(type, { namespace, name }, { uid, resourceVersion, signal }),
      signal,
    );
  } else {
    const object = withObjectContent(key, namespace, content, live);
    await despiteStaleLock(
      acting.clock,
      () => (live === undefined ? client.create(type, object, options) : client.replace(type, object, options)),
      signal,
    );
  }
  events.record({
    regarding: promotion,
    related: live,
    type: what === 'ApplyObject' ? 'Normal' : 'Warning',
    reason: what === 'ApplyObject' ? 'Applied' : 'FallbackApplied',
    action: what === 'ApplyObject' ? 'Apply' : 'RollBack',
    note: `${kind}/${name} ${content === undefined ? 'was taken away' : what === 'ApplyObject' ? 'got what was signed' : 'got its fallback back'}`,
  });
  return true;
}

/** Gives the fields that this process set to who applies the object, a workload too. */
export async function handOver(
  acting: Acting,
  { workloads, objects }: ActingWorld,
  { of: { kind, name } }: Extract<Action, { do: 'HandOver' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const isIt = (each: { readonly kind: string; readonly name: string }): boolean =>
    each.kind === kind && each.name === name;
  const [workload, object] = [workloads.find(isIt), objects.find(isIt)];
  const live = workload?.live ?? object?.live;
  const managedFields = live && handedOver(live, fieldManagers.promotions);
  const type = workload === undefined ? object && acting.types.of(object.kind) : workloadOf(workload.kind).type;
  if (live === undefined || managedFields === undefined || type === undefined) return false;
  const options = { fieldManager: fieldManagers.promotions, signal };
  await acting.client.replace(type, { ...live, metadata: { ...live.metadata, managedFields } }, options);
  return true;
}
