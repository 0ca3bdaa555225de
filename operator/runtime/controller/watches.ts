import { keyOf } from '../../kube/index.ts';
import type { Informer, KubeObject } from '../../kube/index.ts';
import type { Priority } from '../queue/index.ts';
import type { Predicate } from './predicates.ts';
import type { Request } from './types.ts';

/** An informer whose changes ask for reconciles. Made by {@link watchFor} and {@link watchMapped}. */
export interface Watch {
  readonly informer: Pick<Informer<KubeObject>, 'synced' | 'whenSynced'>;
  /** Starts handing requests to `enqueue`; returns what stops it. */
  connect(enqueue: (request: Request, priority: Priority) => void): () => void;
}

/** What asks for an object to be reconciled. */
export function requestOf({ metadata: { namespace, name } }: { readonly metadata: Request }): Request {
  return { namespace, name };
}

/** Reconciles the object itself. */
export function watchFor<T extends KubeObject>(informer: Informer<T>, predicate: Predicate<T> = {}): Watch {
  return watchMapped(informer, (object) => [requestOf(object)], predicate);
}

/** Reconciles whatever `map` names; on an update both the old and the new object are asked. */
export function watchMapped<T extends KubeObject>(
  informer: Informer<T>,
  map: (object: T) => readonly Request[],
  predicate: Predicate<T> = {},
): Watch {
  return {
    informer,
    connect: (enqueue) =>
      informer.addHandler({
        add(object, { initial }): void {
          if (predicate.add?.(object) ?? true)
            for (const request of map(object)) enqueue(request, initial ? 'low' : 'normal');
        },
        update(object, old): void {
          if (!(predicate.update?.(object, old) ?? true)) return;
          const requests = object === old ? map(object) : [...map(object), ...map(old)];
          // Each once: the second would find the first in work already and make it run again.
          const distinct = new Map(requests.map((each) => [keyOf(each), each])).values();
          // A resync is nobody's change: it can wait.
          for (const request of distinct) enqueue(request, object === old ? 'low' : 'normal');
        },
        delete(object): void {
          if (predicate.delete?.(object) ?? true) for (const request of map(object)) enqueue(request, 'normal');
        },
      }),
  };
}

/**
 * Reconciles the object that two labels name: for children in another namespace, where an owner reference cannot point.
 */
export function watchLabelled<T extends KubeObject>(
  informer: Informer<T>,
  labels: { readonly name: string; readonly namespace: string },
  predicate: Predicate<T> = {},
): Watch {
  return watchMapped(
    informer,
    ({ metadata }) => {
      const name = metadata.labels?.[labels.name];
      const namespace = metadata.labels?.[labels.namespace];
      return name === undefined || namespace === undefined ? [] : [{ namespace, name }];
    },
    predicate,
  );
}
