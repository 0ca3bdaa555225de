import { keyOf } from '../kube/index.ts';
import {
  annotationsChanged,
  anyOf,
  generationChanged,
  labelsChanged,
  requestOf,
  watchFor,
  watchMapped,
  type Request,
  type Watch,
} from '../runtime/index.ts';
import { acceptanceWatch } from '../trust/index.ts';
import type { Caches } from './gather/caches.ts';

const BY_TARGET = 'target';
const BY_ENVIRONMENT = 'environment';
const BY_ENVIRONMENT_NAMESPACE = 'environment-namespace';

/** What asks for a promotion to be looked at again; promotions that are over cost no request. */
export function promotionWatches(caches: Caches): readonly Watch[] {
  const { promotions } = caches;
  promotions.addIndex(BY_TARGET, targetOf);
  promotions.addIndex(BY_ENVIRONMENT, environmentOf);
  promotions.addIndex(BY_ENVIRONMENT_NAMESPACE, environmentNamespaceOf);
  const everyone = (): readonly Request[] => promotions.lister.list().map(requestOf);
  return [
    watchFor(promotions, anyOf(generationChanged, annotationsChanged)),
    // One that is deleted makes room for those that wait behind it.
    watchMapped(
      promotions,
      (promotion) =>
        targetOf(promotion)
          .flatMap((key) => promotions.lister.byIndex(BY_TARGET, key))
          .map(requestOf),
      {
        add: () => false,
        update: () => false,
      },
    ),
    watchMapped(
      caches.targets,
      (target) => promotions.lister.byIndex(BY_TARGET, keyOf(target)).map(requestOf),
      generationChanged,
    ),
    watchMapped(caches.records, ({ metadata, spec }) =>
      promotions.lister
        .byIndex(BY_TARGET, keyOf({ namespace: metadata.namespace, name: spec.target.name }))
        .map(requestOf),
    ),
    watchMapped(caches.locks, ({ metadata }) => promotions.lister.list(metadata.namespace ?? '').map(requestOf)),
    watchMapped(caches.policies, everyone, generationChanged),
    watchMapped(caches.keyrings, everyone, generationChanged),
    acceptanceWatch(caches.records, everyone),
    watchMapped(caches.classes, everyone, generationChanged),
    watchMapped(caches.environments, (environment) =>
      promotions.lister.byIndex(BY_ENVIRONMENT, keyOf(environment)).map(requestOf),
    ),
    watchMapped(
      caches.namespaces,
      ({ metadata }) => promotions.lister.byIndex(BY_ENVIRONMENT_NAMESPACE, metadata.name).map(requestOf),
      labelsChanged,
    ),
  ];
}

interface Refers {
  readonly metadata: { readonly namespace?: string | undefined };
  readonly spec: {
    readonly targetRef: { readonly name: string };
    readonly environmentRef: { readonly namespace: string; readonly name: string };
  };
}

function targetOf({ metadata, spec }: Refers): readonly string[] {
  return [keyOf({ namespace: metadata.namespace, name: spec.targetRef.name })];
}

function environmentOf({ spec }: Refers): readonly string[] {
  return [keyOf(spec.environmentRef)];
}

function environmentNamespaceOf({ spec }: Refers): readonly string[] {
  return [spec.environmentRef.namespace];
}
