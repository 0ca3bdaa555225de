import type { TwinEnvironment } from '../../../api/index.ts';
import { itemsOf, membersOf, parseTime, type Members } from '../../../canonical/index.ts';
import { internValue, type Job, type KubeObject, type ObjectMeta, type Pod } from '../../../kube/index.ts';
import { environmentRow, jobProgress, podTrouble } from '../../../workloads/index.ts';
import { HASH_ANNOTATION } from '../../naming/index.ts';
import { BINDER_FIELDS, editedByOthers } from './edited.ts';
import {
  conditionOf,
  conditionsOf,
  contentDigest,
  number,
  sentDigest,
  text,
  type Raw,
  type RawCondition,
} from './raw.ts';
import { keptEnv, type LiveContainer } from '../../decide/wiring/index.ts';
import type {
  CertificateChild,
  Child,
  NamespaceChild,
  ClaimChild,
  WorkloadChild,
  PodChild,
  RouteChild,
} from '../../decide/live.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Any child of which only existence and content matter. */
export function slimChild(object: KubeObject): Child {
  const { apiVersion, kind } = object;
  const metadata = slimMetadata(object);
  // Raw promises nothing but members that are unknown.
  return { apiVersion, kind, metadata, digest: contentDigest(object as Raw), edited: editedByOthers(object) };
}

/** With its conditions, which say why it does not go away. */
export function slimNamespace(object: KubeObject): NamespaceChild {
  const { apiVersion, kind, metadata, digest, edited } = slimChild(object);
  // Raw promises nothing but members that are unknown.
  return { apiVersion, kind, metadata, digest, edited, conditions: conditionsOf(object as Raw) };
}

/** With the volume that it is bound to; undefined before it is bound. */
export function slimClaim(object: KubeObject): ClaimChild {
  // Raw promises nothing but members that are unknown.
  const spec = membersOf((object as Raw)['spec']);
  const { volumeName, ...wanted } = spec;
  const { apiVersion, kind } = object;
  return {
    apiVersion,
    kind,
    metadata: slimMetadata(object),
    // The binder writes the name of the volume; that is no change of what was asked for.
    digest: sentDigest(wanted),
    edited: editedByOthers(object, BINDER_FIELDS),
    volume: typeof volumeName === 'string' && volumeName !== '' ? volumeName : undefined,
  };
}

/** With what it is for, and what cert-manager says of it. */
export function slimCertificate(object: KubeObject): CertificateChild {
  // Raw promises nothing but members that are unknown.
  const raw = object as Raw;
  const conditions = itemsOf(membersOf(raw['status'])['conditions']).map(membersOf);
  const ready = conditions.find(({ type }) => type === 'Ready') ?? {};
  const known = ready['status'] === 'True' || ready['status'] === 'False' ? ready['status'] : 'Unknown';
  const { apiVersion, kind, metadata, digest, edited } = slimChild(object);
  return {
    apiVersion,
    kind,
    metadata,
    digest,
    edited,
    dnsNames: itemsOf(membersOf(raw['spec'])['dnsNames']).map(text),
    ready: {
      status: known,
      message: text(ready['message']),
      ofToday: number(ready['observedGeneration']) === (object.metadata.generation ?? 0),
    },
  };
}

/** With what the controllers of its Gateways say of it. */
export function slimRoute(object: KubeObject): RouteChild {
  // Raw promises nothing but members that are unknown.
  const raw = object as Raw;
  const { apiVersion, kind, metadata, digest, edited } = slimChild(object);
  const parents = itemsOf(membersOf(raw['status'])['parents']).map((each) => {
    const parent = membersOf(each);
    const { namespace, name, sectionName, port } = membersOf(parent['parentRef']);
    return {
      ref: {
        namespace: text(namespace) || (metadata.namespace ?? ''),
        name: text(name),
        sectionName: typeof sectionName === 'string' ? sectionName : undefined,
        port: typeof port === 'number' ? port : undefined,
      },
      conditions: itemsOf(parent['conditions']).map((said) => ({
        ...conditionOf(said),
        observedGeneration: number(membersOf(said)['observedGeneration']),
      })),
    };
  });
  return { apiVersion, kind, metadata, digest, edited, generation: object.metadata.generation ?? 0, parents };
}

/** With its replicas and the numbers of its status, 0 where the controller has written none; of a run, how far it is. */
export function slimWorkload(object: KubeObject): WorkloadChild {
  // Raw promises nothing but members that are unknown.
  const raw = object as Raw;
  const status = membersOf(raw['status']);
  const count = (field: string): number => number(status[field]);
  const { apiVersion, kind, metadata, digest, edited } = slimChild(object);
  const { ends, explains } = environmentRow(kind) ?? { ends: false, explains: true };
  const replicas = number(membersOf(raw['spec'])['replicas']);
  // Written by the API server, which has checked the form.
  const run = ends ? jobProgress(object as Job, []) : undefined;
  const fewer = run === undefined ? count('replicas') < replicas : run.state === 'Running' && count('active') === 0;
  return {
    apiVersion,
    kind,
    // Its controller says which generation it has seen.
    metadata: { ...metadata, generation: object.metadata.generation },
    digest,
    edited,
    replicas,
    status: internValue({
      observedGeneration: count('observedGeneration'),
      replicas: count('replicas'),
      updatedReplicas: count('updatedReplicas'),
      readyReplicas: count('readyReplicas'),
      availableReplicas: count('availableReplicas'),
    }),
    failure: failureOf(conditionsOf(raw)),
    quiet: fewer && !explains ? parseTime(object.metadata.creationTimestamp ?? '') : undefined,
    run: internValue(run),
  };
}

/** With its containers, and ready only while it is not on its way out. */
export function slimPod(object: KubeObject): PodChild {
  // Raw promises nothing but members that are unknown.
  const raw = object as Raw;
  const spec = membersOf(raw['spec']);
  const status = membersOf(raw['status']);
  const ready = conditionsOf(raw).some((each) => each.type === 'Ready' && each.status === 'True');
  const statuses = [...itemsOf(status['initContainerStatuses']), ...itemsOf(status['containerStatuses'])].map(
    membersOf,
  );
  const byName = new Map(statuses.map((each) => [text(each['name']), each]));
  const { apiVersion, kind } = object;
  const leaves = object.metadata.deletionTimestamp !== undefined;
  const done = text(status['phase']) === 'Succeeded';
  // Written by the API server, which has checked the form.
  const trouble = leaves || done ? undefined : podTrouble(object as Pod);
  const quiet = !ready && !leaves && !done && trouble === undefined;
  return {
    apiVersion,
    kind,
    metadata: slimMetadata(object),
    ready: ready && !leaves,
    done,
    // The pods of a twin are alike in every environment.
    containers: internValue(
      [...itemsOf(spec['initContainers']), ...itemsOf(spec['containers'])].map((each) =>
        liveContainer(membersOf(each), byName, done),
      ),
    ),
    trouble,
    quiet: quiet ? parseTime(object.metadata.creationTimestamp ?? '') : undefined,
  };
}

function liveContainer(container: Members, statuses: ReadonlyMap<string, Members>, done: boolean): LiveContainer {
  const name = text(container['name']);
  const status = statuses.get(name) ?? {};
  // Written by the API server, which has checked the form.
  const { env, complete } = keptEnv(itemsOf(container['env']) as LiveContainer['env']);
  return {
    name,
    image: text(container['image']),
    // What ended ran; of a pod that did its work it did its own.
    ready: done ? membersOf(status['state'])['terminated'] !== undefined : status['ready'] === true,
    reported: [text(status['imageID']), text(status['image'])].filter((each) => each !== ''),
    env,
    envFrom: !complete || itemsOf(container['envFrom']).length > 0,
  };
}

function failureOf(conditions: readonly RawCondition[]): WorkloadChild['failure'] {
  const failed = conditions.find(
    ({ type, status, reason }) =>
      (type === 'ReplicaFailure' && status === 'True') ||
      (type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded'),
  );
  return failed === undefined ? undefined : `${failed.reason}: ${failed.message}`;
}

/**
 * Metadata without what nobody here reads. A literal with every field, set or not: objects of one shape that are made at
 * once take a third less memory than those that grow. Nearly all of them have no more than the first of two shapes.
 */
function slimMetadata({ metadata }: KubeObject): ObjectMeta {
  const { name, namespace, uid, resourceVersion, labels, deletionTimestamp, finalizers } = metadata;
  const hash = metadata.annotations?.[HASH_ANNOTATION];
  const annotations = hash === undefined ? undefined : { [HASH_ANNOTATION]: hash };
  const kept = { name, namespace, uid, resourceVersion, labels, annotations };
  return deletionTimestamp === undefined && finalizers === undefined
    ? kept
    : { ...kept, deletionTimestamp, finalizers };
}

/** An environment without what kubectl keeps on it for itself: it is all of its spec once more. */
export function slimEnvironment(object: TwinEnvironment): TwinEnvironment {
  const { [LAST_APPLIED]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}
