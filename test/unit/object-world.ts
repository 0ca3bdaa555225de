/** Worlds of promotions that bring or take away objects beside the workloads. */
import type { Members } from '../../operator/canonical/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { objectEntry, objectFault, withOnlyObject, type ObjectState } from '../../operator/lock/index.ts';
import { contentOfObject, objectDigest, withObjectContent, type ObjectKey } from '../../operator/objects/index.ts';
import { sealRecord } from '../../operator/records/index.ts';
import { environment, images, promotion, targetRef, worldOfOne, type Scene } from './promotion-world.ts';

/** An object before and after; undefined: it is not there. */
export interface Transition extends ObjectKey {
  readonly before: Members | undefined;
  readonly after: Members | undefined;
}

export interface ObjectScene {
  readonly objects?: readonly Transition[];
  /** What the environment runs. */
  readonly running?: string;
}

export const state = (content: Members | undefined): ObjectState =>
  content === undefined ? {} : { content: { ...content }, digest: objectDigest(content) };

/** What a live object's content is. */
export const stateOfObject = (live: KubeObject): Members => contentOfObject(live.kind as ObjectKey['kind'], live);

export const liveObject = (key: ObjectKey, content: Members | undefined): KubeObject | undefined =>
  content && withObjectContent(key, 'shop', content, undefined);

/** A world in which objects that the target lists were taken over, and a promotion is about them. */
export function objectWorld({ objects = [], running = images.second }: ObjectScene): Scene {
  const base = worldOfOne({ environment: environment(running) });
  const listed = objects.map(({ kind, name }) => ({ kind, name }));
  const target = base.target!;
  const taken = base.records[0]!;
  const { digest: _digest, sequence: _sequence, target: _target, ...entry } = taken;
  const currentObjects = objects.map(({ kind, name, before }) => ({ kind, name, ...state(before) }));
  const lock = objects.reduce(
    (spec, { kind, name, before }) =>
      withOnlyObject(spec, objectEntry(target, { kind, name }, state(before), 'web-000001')),
    base.lock!.spec,
  );
  const removes = objects.filter(({ after }) => after === undefined).map(({ kind, name }) => ({ kind, name }));
  return {
    ...base,
    promotion: promotion('web-42', { spec: { removes } }),
    target: { ...target, spec: { ...target.spec, objects: listed } },
    records: [sealRecord(targetRef, [], { ...entry, currentObjects: currentObjects.map((each) => ({ ...each })) })],
    lock: { ...base.lock!, spec: lock },
    objects: objects.map(({ kind, name, before, after }) => ({
      kind,
      name,
      live: liveObject({ kind, name }, before),
      planned: { state: state(after) },
    })),
  };
}

/** The first fault of an object's entry in the lock of a world. */
export function lockFaultOf({ lock, records }: Scene): string | undefined {
  return (lock?.spec.objects ?? []).map((entry) => objectFault(entry, records)).find((fault) => fault !== undefined);
}
