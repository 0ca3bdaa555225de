import { isDeepStrictEqual } from 'node:util';
import { labels, type TwinEnvironment } from '../api/index.ts';
import type { Informer, KubeObject } from '../kube/index.ts';
import {
  annotationsChanged,
  anyOf,
  generationChanged,
  labelsChanged,
  requestOf,
  watchFor,
  watchLabelled,
  watchMapped,
  type Predicate,
  type Watch,
} from '../runtime/index.ts';
import type { Informers } from './gather/cache/index.ts';
import { BY_CLASS, BY_VENDOR_TWIN, IS_QUEUED, NO_CLASS, QUEUED } from './gather/indexes.ts';

const owner = { name: labels.environment, namespace: labels.environmentNamespace } as const;

/** Anything but the resource version changed: a quota's usage or a pod's heartbeat is not kept, hence no change. */
const somethingKeptChanged: Predicate<KubeObject> = Object.freeze({
  update: (object: KubeObject, old: KubeObject): boolean =>
    object === old || !isDeepStrictEqual(withoutVersion(object), withoutVersion(old)),
});

/** It waited for room, and does not any more although it got none. */
const leftTheQueue: Predicate<TwinEnvironment> = Object.freeze({
  add: (): boolean => false,
  update: ({ status }: TwinEnvironment, old: TwinEnvironment): boolean =>
    old.status?.queue !== undefined && status?.queue === undefined && status?.namespace === undefined,
  delete: ({ status }: TwinEnvironment): boolean => status?.queue !== undefined,
});

function withoutVersion(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: undefined } };
}

function child<T extends KubeObject>(informer: Informer<T>): Watch {
  return watchLabelled(informer, owner, somethingKeptChanged);
}

/** Everything after which an environment may have to be looked at again. */
export function environmentWatches(informers: Informers): readonly Watch[] {
  const { environments, classes, catalogue, namespaces, workloads, claims, pods, certificates, routes, others } =
    informers;
  return [
    watchFor(environments, anyOf(generationChanged, annotationsChanged)),
    // One that gives up waiting moves up those behind it.
    watchMapped(environments, () => environments.lister.byIndex(IS_QUEUED, QUEUED).map(requestOf), leftTheQueue),
    child(namespaces),
    ...workloads.map(child),
    child(claims),
    child(pods),
    child(certificates),
    child(routes),
    ...others.map(child),
    // Labels of a namespace decide whether it may have environments.
    watchMapped(namespaces, ({ metadata }) => environments.lister.list(metadata.name).map(requestOf), labelsChanged),
    watchMapped(
      classes,
      ({ metadata }) =>
        [metadata.name, NO_CLASS].flatMap((name) => environments.lister.byIndex(BY_CLASS, name)).map(requestOf),
      generationChanged,
    ),
    watchMapped(
      catalogue,
      ({ metadata }) => environments.lister.byIndex(BY_VENDOR_TWIN, metadata.name).map(requestOf),
      generationChanged,
    ),
  ];
}
