import type { Client } from './client/client.ts';
import type { Cache } from './cache/index.ts';
import { hashOf } from './hash.ts';
import type { KubeObject, ResourceType } from './objects/index.ts';

export interface ApplierOptions {
  readonly client: Pick<Client, 'apply' | 'find'>;
  /** Where observed objects are read and own writes are put. */
  readonly cache: Pick<Cache, 'lookup' | 'absorb'>;
  /** Stable field manager of children. */
  readonly fieldManager: string;
  /** Annotation that holds the digest of what was applied last. */
  readonly hashAnnotation: string;
}

/** What an apply came to. */
export interface Applied<T extends KubeObject> {
  /** `Unchanged` sent nothing. */
  readonly outcome: 'Created' | 'Configured' | 'Unchanged';
  readonly object: T;
}

/**
 * Server-side apply that stays silent when there is nothing to say. An object is sent when it is absent or when what is
 * desired has changed since it was sent last (a digest in an annotation). So a converged world costs no write and no read.
 *
 * It does not look at the observed content: who wants others' edits undone gives it a cache that shows an edited object
 * without its digest.
 *
 * @example
 * const applier = new Applier({ client, cache, fieldManager: 'acme', hashAnnotation: 'acme.dev/applied-hash' });
 * const { outcome } = await applier.apply(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
 */
export class Applier {
  readonly #options: ApplierOptions;

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /**
   * Brings one object to what is desired; fields of other managers are taken over, since a controller owns its children.
   * Rejects with the {@link Client.apply}'s errors: Invalid, Forbidden.
   */
  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    desired: KubeObject,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Applied<T>> {
    const { client, cache, fieldManager, hashAnnotation } = this.#options;
    const { metadata } = desired;
    const typed = { ...desired, apiVersion: type.apiVersion, kind: type.kind };
    const hash = hashOf(typed);
    const cached = cache.lookup(type, typed);
    const observed = cached === undefined ? await client.find(type, metadata, { signal }) : cached.object;
    if (observed?.metadata.annotations?.[hashAnnotation] === hash) return { outcome: 'Unchanged', object: observed };
    const annotations = { ...metadata.annotations, [hashAnnotation]: hash };
    const object = { ...typed, metadata: { ...metadata, annotations } };
    const applied = await client.apply(type, object, { fieldManager, force: true, signal });
    cache.absorb(type, applied);
    return { outcome: observed === undefined ? 'Created' : 'Configured', object: applied };
  }
}
