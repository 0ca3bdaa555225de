import type { WorkloadKind } from '../api/workload-kinds.ts';
import { isList, isMembers, sortedBy } from '../canonical/index.ts';
import { templateIn } from './approval.ts';
import type { Spec } from './object.ts';

/** An object that configures pods by reference. */
export interface ConfigurationKey {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/** A ConfigMap or Secret that a pod template refers to. */
export interface Reference extends ConfigurationKey {
  /** Pods start without it: every place that names it says so. */
  readonly optional: boolean;
}

interface Place {
  readonly kind: ConfigurationKey['kind'];
  /** From the pod's spec; `*` is every element of a list. The last member is the object's name. */
  readonly path: readonly string[];
}

const inContainers = (kind: Place['kind'], ...path: readonly string[]): readonly Place[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].map((list) => ({ kind, path: [list, '*', ...path] }));
const inVolumes = (kind: Place['kind'], ...path: readonly string[]): Place => ({
  kind,
  path: ['volumes', '*', ...path],
});

/**
 * Every place of a pod's spec that refers to a ConfigMap or Secret, but `imagePullSecrets`: images are named by digest, so
 * these say whether one can be fetched and never which, and registries' tokens are exchanged every few hours.
 */
export const referencePlaces: readonly Place[] = [
  ...inContainers('ConfigMap', 'env', '*', 'valueFrom', 'configMapKeyRef', 'name'),
  ...inContainers('Secret', 'env', '*', 'valueFrom', 'secretKeyRef', 'name'),
  ...inContainers('ConfigMap', 'envFrom', '*', 'configMapRef', 'name'),
  ...inContainers('Secret', 'envFrom', '*', 'secretRef', 'name'),
  inVolumes('ConfigMap', 'configMap', 'name'),
  inVolumes('Secret', 'secret', 'secretName'),
  inVolumes('ConfigMap', 'projected', 'sources', '*', 'configMap', 'name'),
  inVolumes('Secret', 'projected', 'sources', '*', 'secret', 'name'),
  // Credentials by which a node mounts storage.
  inVolumes('Secret', 'azureFile', 'secretName'),
  ...['cephfs', 'cinder', 'flexVolume', 'iscsi', 'rbd', 'scaleIO', 'storageos'].map((type) =>
    inVolumes('Secret', type, 'secretRef', 'name'),
  ),
  inVolumes('Secret', 'csi', 'nodePublishSecretRef', 'name'),
];

/** ConfigMaps and Secrets that the pods of a workload's content are configured by, each once, in one order. */
export function referencesOf(kind: WorkloadKind, content: Spec): readonly Reference[] {
  return referencesIn(templateIn(kind, content));
}

/** The same of a pod template. */
export function referencesIn(template: unknown): readonly Reference[] {
  const podSpec = isMembers(template) ? template['spec'] : undefined;
  const found = new Map<string, Reference>();
  for (const place of referencePlaces)
    for (const { name, optional } of namesAt(podSpec, place.path)) {
      const key = `${place.kind}/${name}`;
      found.set(key, { kind: place.kind, name, optional: optional && (found.get(key)?.optional ?? true) });
    }
  return sortedBy([...found.values()], (reference) => `${reference.kind}/${reference.name}`);
}

function namesAt(at: unknown, [member, ...rest]: readonly string[]): readonly Pick<Reference, 'name' | 'optional'>[] {
  if (member === undefined) return [];
  if (member === '*') return isList(at) ? at.flatMap((element) => namesAt(element, rest)) : [];
  if (!isMembers(at)) return [];
  if (rest.length > 0) return namesAt(at[member], rest);
  const name = at[member];
  return typeof name === 'string' && name !== '' ? [{ name, optional: at['optional'] === true }] : [];
}
