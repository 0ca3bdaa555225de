import type { Informer } from '../cache/index.ts';
import type { Client } from '../client/client.ts';
import { isInvalid, isNotFound } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { keyOf, type KubeObject, type ResourceType } from '../objects/index.ts';
import { Settled } from './settled.ts';

export interface StatusWriterOptions<T extends KubeObject> {
  readonly client: Pick<Client, 'patch'>;
  readonly type: ResourceType<T>;
  readonly fieldManager: string;
  /** Takes the answer, so that the next reconcile reads its own write. */
  readonly informer?: Pick<Informer<T>, 'absorb'> | undefined;
}

/**
 * `Unchanged` sent nothing: the observed status says it already. `Gone`: the object was deleted meanwhile, or made again
 * under its name; the status was worked out for another object and is not in it.
 */
export type StatusOutcome = 'Unchanged' | 'Written' | 'Gone';

/**
 * The one writer of a kind's status: one request, none when the observed object says it already.
 *
 * A JSON patch rather than server-side apply, which would let stand what others have forged into fields that a status
 * leaves out (they own those), and rather than an update, which would lose against every edit of the spec meanwhile. The
 * patch replaces the whole status and tests `metadata.uid` first: a status never lands in another object of the same name.
 */
export class StatusWriter<T extends KubeObject & { readonly status?: unknown }> {
  readonly #options: StatusWriterOptions<T>;
  /** What the API server stores otherwise than it was sent is not sent again and again. */
  readonly #settled = new Settled();

  constructor(options: StatusWriterOptions<T>) {
    this.#options = options;
  }

  /**
   * @param observed the object as it was read; its status is what the next one is compared with
   * @throws ApiError when the API server refuses the status, TransportError when it does not answer
   */
  async write(observed: T, status: NonNullable<T['status']>, signal?: AbortSignal): Promise<StatusOutcome> {
    const { client, type, fieldManager, informer } = this.#options;
    const { namespace, name, uid } = observed.metadata;
    const place = `${keyOf(observed)} ${uid ?? ''}`;
    const next = hashOf(status);
    const stored = hashOf(observed.status ?? {});
    if (next === stored || this.#settled.holds(place, next, stored)) return 'Unchanged';
    try {
      const written = await client.patch(
        type,
        { namespace, name },
        {
          type: 'json',
          body: [
            { op: 'test', path: '/metadata/uid', value: uid },
            { op: 'add', path: '/status', value: status },
          ],
        },
        { subresource: 'status', fieldManager, signal },
      );
      informer?.absorb(written);
      const answered = hashOf(written.status ?? {});
      if (answered === next) this.#settled.forget(place);
      else this.#settled.remember(place, next, answered);
      return 'Written';
    } catch (error) {
      if (isNotFound(error) || isFailedTest(error)) return 'Gone';
      throw error;
    }
  }
}

/**
 * A JSON patch whose `test` fails is answered 422 without the object's name, for the patch never became an object (apiserver
 * endpoints/handlers/patch.go, applyJSPatch); a status that breaks its schema is answered 422 with it.
 */
function isFailedTest(error: unknown): boolean {
  return isInvalid(error) && error.objectName === undefined;
}
