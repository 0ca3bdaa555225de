import { canonicalJSON } from '../../canonical/index.ts';
import type { Deployment, KubeObject, Pod } from '../../kube/index.ts';
import type { Running } from './world.ts';

/** What decides what a container does. Ports, probes and resources are not content; defaults fill them differently. */
const CONTAINER_FIELDS = ['image', 'command', 'args', 'workingDir', 'env', 'envFrom', 'securityContext', 'lifecycle'];
const POD_FIELDS = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'runtimeClassName'];
/** Kubernetes mounts the service account's token into every pod under this prefix. */
const TOKEN_VOLUME = 'kube-api-access-';

type Fields = Readonly<Record<string, unknown>>;
type PodSpec = NonNullable<Pod['spec']>;
type Injected = readonly { readonly container: string; readonly imagePrefix: string }[];

/**
 * Pods that run and would go on running beside approved content: not made by the present ReplicaSet chain of a named
 * Deployment, or with other content than its template. Labels and owners that merely look right are not enough: the
 * chain is followed by uid, and the content is compared.
 *
 * @param named the Deployments that targets name, as they are live
 */
export function strangersAmong(
  { replicaSets, pods }: Pick<Running, 'replicaSets' | 'pods'>,
  named: readonly Deployment[],
  injected: Injected,
): readonly Pod[] {
  const deployments = new Map(named.map((deployment) => [deployment.metadata.uid, deployment]));
  const owners = new Map(replicaSets.map((set) => [set.metadata.uid, deployments.get(controllerOf(set))]));
  return pods
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .filter((pod) => {
      const template = owners.get(controllerOf(pod))?.spec?.template.spec;
      return template === undefined || pod.spec === undefined || !sameContent(pod.spec, template, injected);
    });
}

/** Uid of the object that controls this one. */
function controllerOf({ metadata }: KubeObject): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

function sameContent(pod: PodSpec, template: PodSpec, injected: Injected): boolean {
  return (
    same(pick(pod, POD_FIELDS), pick(template, POD_FIELDS)) &&
    (pod.serviceAccountName ?? 'default') === (template.serviceAccountName ?? 'default') &&
    (pod.ephemeralContainers ?? []).length === 0 &&
    same(volumes(pod), volumes(template)) &&
    sameContainers(pod.containers, template.containers, injected) &&
    sameContainers(pod.initContainers ?? [], template.initContainers ?? [], injected)
  );
}

function sameContainers(found: PodSpec['containers'], approved: PodSpec['containers'], injected: Injected): boolean {
  const own = found.filter(
    ({ name, image }) =>
      approved.some((container) => container.name === name) ||
      !injected.some(({ container, imagePrefix }) => container === name && (image ?? '').startsWith(imagePrefix)),
  );
  return same(own.map(content), approved.map(content));
}

function content(container: PodSpec['containers'][number]): Fields {
  const mounts = (container.volumeMounts ?? []).filter(({ name }) => !name.startsWith(TOKEN_VOLUME));
  return { name: container.name, mounts, ...pick(container, CONTAINER_FIELDS) };
}

function volumes({ volumes: all = [] }: PodSpec): readonly unknown[] {
  return all.filter(({ name }) => !name.startsWith(TOKEN_VOLUME));
}

/** Absent, empty and false say the same in these fields. */
function pick(object: object, names: readonly string[]): Fields {
  const entries = Object.entries(object).filter(([name, value]) => names.includes(name) && !isEmpty(value));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJSON(a) === canonicalJSON(b);
}
