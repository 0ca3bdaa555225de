import type { WorkloadLock } from '../api/kinds/workload-lock.ts';
import { isList, itemsOf, membersOf, type Members } from '../canonical/index.ts';
import { withOwnTemplate } from './templates.ts';

/** What a lock says about running pods. */
export type LiveRules = Partial<Pick<WorkloadLock['spec'], 'liveAccess' | 'podWriters'>>;

/**
 * The approved entries as they look in a running pod: with what Kubernetes, and nobody else, sets after a pod was created.
 * That is little, since the API server lets hardly anything change (ValidatePodUpdate): the scheduler's `nodeName`, gates
 * of scheduling that were taken away, annotations of `podWriters` (those that the template reads are frozen), and
 * ephemeral containers where `liveAccess` lets them in. Labels of the node's topology and of controllers are in the table
 * of new pods already. A resize in place is no different from a resize at the creation: a mutation, or a difference.
 */
export function asRunning(entry: unknown, pod: unknown, rules: LiveRules): unknown {
  const [members, { spec: podSpec, metadata }] = [withOwnTemplate(membersOf(entry)), membersOf(pod)];
  const [spec, found] = [membersOf(members['spec']), membersOf(podSpec)];
  const template = membersOf(spec['template']);
  const own = membersOf(template['spec']);
  const { schedulingGates, ...ungated } = own;
  const gates = gatesLeft(schedulingGates, found['schedulingGates']);
  const running: Members = {
    ...ungated,
    ...(gates.length > 0 && { schedulingGates: gates }),
    ...(found['nodeName'] !== undefined && own['nodeName'] === undefined && { nodeName: found['nodeName'] }),
    ...(rules.liveAccess === 'Allow' &&
      found['ephemeralContainers'] !== undefined && { ephemeralContainers: found['ephemeralContainers'] }),
  };
  const templateMetadata = membersOf(template['metadata']);
  const written = writtenAnnotations(membersOf(membersOf(metadata)['annotations']), own, rules);
  const annotations = { ...written, ...membersOf(templateMetadata['annotations']) };
  return {
    ...members,
    spec: { ...spec, template: { ...template, metadata: { ...templateMetadata, annotations }, spec: running } },
  };
}

/** Gates are taken away one by one, never added. */
function gatesLeft(approved: unknown, found: unknown): readonly unknown[] {
  const names = new Set(itemsOf(found).map((gate) => membersOf(gate)['name']));
  return itemsOf(approved).filter((gate) => names.has(membersOf(gate)['name']));
}

function writtenAnnotations(annotations: Members, template: Members, { podWriters = [] }: LiveRules): Members {
  const patterns = podWriters.flatMap((writer) => writer.annotations ?? []);
  if (patterns.length === 0) return {};
  const paths = new Set(fieldPaths(template));
  const mayWrite = (key: string): boolean =>
    !paths.has('metadata.annotations') &&
    !paths.has(`metadata.annotations['${key}']`) &&
    patterns.some((name) => name === key || (name.endsWith('*') && key.startsWith(name.slice(0, -1))));
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => mayWrite(key)));
}

/** Everything that the downward API reads, wherever a template says so. */
function fieldPaths(value: unknown): readonly string[] {
  if (isList(value)) return value.flatMap(fieldPaths);
  return Object.entries(membersOf(value)).flatMap(([key, inner]) =>
    key === 'fieldPath' && typeof inner === 'string' ? [inner] : fieldPaths(inner),
  );
}
