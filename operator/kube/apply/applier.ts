import type { Client } from '../client/client.ts';
import type { Cache, Cached } from '../cache/index.ts';
import { resourcePath } from '../objects/index.ts';
import type { KubeObject, ResourceType } from '../objects/index.ts';
import { difference } from './difference.ts';
import { prepare } from './prepare.ts';
import { Settled } from '../settled.ts';
import type { Applied } from './types.ts';

export interface ApplierOptions {
  readonly client: Pick<Client, 'apply' | 'find'>;
  /** Where observed objects are read and own writes are put. Without one, every apply reads first. */
  readonly cache?: Pick<Cache, 'lookup' | 'absorb'> | undefined;
  /** Stable field manager of children. */
  readonly fieldManager: string;
  /** Annotation that holds the digest of what was applied last. */
  readonly hashAnnotation: string;
}

export interface ApplyCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Take fields over from other managers (default): a controller owns its children. */
  readonly force?: boolean | undefined;
}

/**
 * Server-side apply that stays silent when there is nothing to say. An object is sent when it is absent, when what is
 * desired has changed since it was sent last (a digest in an annotation), or when the observed object no longer has it
 * (somebody changed it). So a converged world costs no write and, with a cache, no read.
 *
 * Children that a cache keeps slimmed (`transform`) are compared by the digest alone.
 *
 * @example
 * const applier = new Applier({ client, cache, fieldManager: 'acme', hashAnnotation: 'acme.dev/applied-hash' });
 * const { outcome } = await applier.apply(ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
 */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #settled = new Settled();

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /**
   * Brings one object to what is desired. Rejects with the {@link Client.apply}'s errors: Conflict without `force`,
   * Invalid, Forbidden.
   */
  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    desired: KubeObject,
    options: ApplyCallOptions = {},
  ): Promise<Applied<T>> {
    const { client, cache, fieldManager, hashAnnotation } = this.#options;
    const { object, hash } = prepare(type, desired, hashAnnotation);
    const place = placeOf(type, object);
    const { object: observed, slimmed } = await this.#observe(type, object, options.signal);
    const because = this.#reason(place, object, hash, observed, slimmed);
    if (observed !== undefined && because === undefined) return { outcome: 'Unchanged', object: observed };
    const { force = true, signal } = options;
    const applied = await client.apply(type, object, { fieldManager, force, signal });
    cache?.absorb(type, applied);
    const remaining = difference(object, applied);
    if (remaining === undefined) this.#settled.forget(place);
    else this.#settled.remember(place, hash, versionOf(applied));
    return { outcome: observed === undefined ? 'Created' : 'Configured', object: applied, because };
  }

  async #observe<T extends KubeObject>(
    type: ResourceType<T>,
    object: KubeObject,
    signal?: AbortSignal,
  ): Promise<Cached<T>> {
    const cached = this.#options.cache?.lookup(type, object);
    if (cached !== undefined) return cached;
    return { object: await this.#options.client.find(type, object.metadata, { signal }), slimmed: false };
  }

  #reason(
    place: string,
    desired: KubeObject,
    hash: string,
    observed: KubeObject | undefined,
    slimmed: boolean,
  ): string | undefined {
    if (observed === undefined) return 'absent';
    if (observed.metadata.annotations?.[this.#options.hashAnnotation] !== hash) return 'hash';
    if (slimmed || this.#settled.holds(place, hash, versionOf(observed))) return undefined;
    return difference(desired, observed);
  }
}

function placeOf(type: ResourceType, { metadata: { namespace, name } }: KubeObject): string {
  return resourcePath(type, { namespace, name });
}

/** What changes when somebody changes the spec; the status of kinds that have one does not count. */
function versionOf({ metadata }: KubeObject): string {
  return metadata.generation === undefined
    ? `rv${metadata.resourceVersion ?? ''}`
    : `${metadata.uid ?? ''}/${metadata.generation}`;
}
