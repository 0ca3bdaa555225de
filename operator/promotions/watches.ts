import { keyOf } from '../kube/index.ts';
import {
  annotationsChanged,
  anyOf,
  generationChanged,
  labelsChanged,
  watchFor,
  watchMapped,
  type Request,
  type Watch,
} from '../runtime/index.ts';
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
  const everyone = (): readonly Request[] => requests(promotions.lister.list());
  return [
    watchFor(promotions, anyOf(generationChanged, annotationsChanged)),
    // One that is deleted makes room for those that wait behind it.
    watchMapped(
      promotions,
      (promotion) => requests(targetOf(promotion).flatMap((key) => promotions.lister.byIndex(BY_TARGET, key))),
      {
        add: () => false,
        update: () => false,
      },
    ),
    watchMapped(
      caches.targets,
      (target) => requests(promotions.lister.byIndex(BY_TARGET, keyOf(target))),
      generationChanged,
    ),
    watchMapped(caches.records, ({ metadata, spec }) =>
      requests(promotions.lister.byIndex(BY_TARGET, keyOf({ namespace: metadata.namespace, name: spec.target.name }))),
    ),
    watchMapped(caches.locks, ({ metadata }) => requests(promotions.lister.list(metadata.namespace ?? ''))),
    watchMapped(caches.policies, everyone, generationChanged),
    watchMapped(caches.keyrings, everyone, generationChanged),
    watchMapped(caches.classes, everyone, generationChanged),
    watchMapped(caches.environments, (environment) =>
      requests(promotions.lister.byIndex(BY_ENVIRONMENT, keyOf(environment))),
    ),
    watchMapped(
      caches.namespaces,
      ({ metadata }) => requests(promotions.lister.byIndex(BY_ENVIRONMENT_NAMESPACE, metadata.name)),
      labelsChanged,
    ),
  ];
}

function requests(found: readonly { readonly metadata: Request }[]): readonly Request[] {
  return found.map(({ metadata: { namespace, name } }) => ({ namespace, name }));
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
