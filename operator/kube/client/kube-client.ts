import { parseHttpDate } from '../../canonical/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { ClusterConfig } from '../config/index.ts';
import { ApiError, TransportError } from '../errors.ts';
import { resourcePath } from '../objects/index.ts';
import type { KubeList, KubeObject, ObjectKey, ResourceType } from '../objects/index.ts';
import { Transport } from '../transport/index.ts';
import type { AgentOptions, RequestReport } from '../transport/index.ts';
import type * as contract from './client.ts';
import { everyPage } from './pages.ts';
import { queryString, selectionQuery, writeQuery } from './query.ts';
import { watchEvents } from './watch.ts';

export interface KubeClientOptions extends AgentOptions {
  readonly clock: Clock;
  readonly random?: Random | undefined;
  readonly userAgent?: string | undefined;
  /** Told of every answer and every failure; for metrics. */
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
}

const patchMediaTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/**
 * {@link contract.Client} over HTTP.
 *
 * @example
 * const client = new KubeClient(await loadConfig({ clock }), { clock });
 * const pods = await client.list(Pod, { namespace: 'default' });
 */
export class KubeClient implements contract.Client {
  readonly #transport: Transport;
  readonly #clock: Clock;

  constructor(config: ClusterConfig, options: KubeClientOptions) {
    this.#clock = options.clock;
    this.#transport = new Transport(config, {
      ...options,
      clock: this.#clock,
      random: options.random ?? Math.random,
      userAgent: options.userAgent ?? 'twinlock',
    });
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: contract.GetOptions = {},
  ): Promise<T> {
    return this.#json({
      method: 'GET',
      path: resourcePath(type, { ...key, subresource: options.subresource }),
      query: { resourceVersion: options.resourceVersion },
      signal: options.signal,
    });
  }

  async find<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: contract.GetOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(type, key, options);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  list<T extends KubeObject>(type: ResourceType<T>, options: contract.ListOptions<T> = {}): Promise<KubeList<T>> {
    return everyPage(type, options, (request) => this.#json(request));
  }

  watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: contract.WatchOptions = {},
  ): AsyncGenerator<contract.WatchEvent<T>, void, void> {
    const path = resourcePath(type, { namespace: options.namespace });
    const query = queryString({
      ...selectionQuery(options),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      resourceVersionMatch: options.resourceVersionMatch,
      sendInitialEvents: options.sendInitialEvents,
      timeoutSeconds: options.timeoutSeconds,
    });
    return watchEvents<T>(this.#transport, path, query, options.signal);
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: contract.WriteOptions = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const at =
      options.subresource === undefined ? { namespace } : { namespace, name, subresource: options.subresource };
    return this.#write('POST', resourcePath(type, at), object, options);
  }

  async replace<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: contract.WriteOptions = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#write(
      'PUT',
      resourcePath(type, { namespace, name, subresource: options.subresource }),
      object,
      options,
    );
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: contract.Patch,
    options: contract.WriteOptions = {},
  ): Promise<T> {
    const path = resourcePath(type, { ...key, subresource: options.subresource });
    return this.#write('PATCH', path, patch.body, options, { mediaType: patchMediaTypes[patch.type] });
  }

  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: KubeObject,
    options: contract.ApplyOptions,
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = resourcePath(type, { namespace, name, subresource: options.subresource });
    const body = { ...object, apiVersion: type.apiVersion, kind: type.kind };
    return this.#write('PATCH', path, body, options, {
      mediaType: 'application/apply-patch+yaml',
      force: options.force === true ? true : undefined,
    });
  }

  async delete(type: ResourceType, key: ObjectKey, options: contract.DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds, dryRun, signal } = options;
    const conditional = uid !== undefined || resourceVersion !== undefined;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy,
      gracePeriodSeconds,
      dryRun: dryRun === true ? ['All'] : undefined,
      preconditions: conditional ? { uid, resourceVersion } : undefined,
    };
    try {
      await this.request({ method: 'DELETE', path: resourcePath(type, key), body, signal });
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async request(request: contract.RawRequest): Promise<contract.RawResponse> {
    const { method, path, query, body, signal } = request;
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    return this.#transport.send({
      method,
      path: path + queryString(query),
      headers: { ...(raw ? {} : { 'content-type': 'application/json' }), ...request.headers },
      body: raw ? body : JSON.stringify(body),
      signal,
    });
  }

  async serverDate(options: contract.RequestOptions = {}): Promise<contract.ServerDate> {
    const path = '/version';
    const sent = this.#clock.now();
    const { headers } = await this.request({ method: 'GET', path, signal: options.signal });
    const received = this.#clock.now();
    const stamp = parseHttpDate(headers['date']);
    if (Number.isNaN(stamp)) throw new TransportError('GET', path, 'the answer carries no Date header that is a time');
    // The header is cut to the second: on average half of one is missing.
    return { date: new Date(stamp), skew: (sent + received) / 2 - (stamp + 500) };
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #write<T>(
    method: string,
    path: string,
    body: unknown,
    options: contract.WriteOptions,
    extra: { readonly mediaType?: string; readonly force?: boolean | undefined } = {},
  ): Promise<T> {
    return this.#json({
      method,
      path,
      query: { ...writeQuery(options), force: extra.force },
      headers: { 'content-type': extra.mediaType ?? 'application/json' },
      body: JSON.stringify(body),
      signal: options.signal,
    });
  }

  async #json<T>(request: contract.RawRequest): Promise<T> {
    const { text } = await this.request(request);
    try {
      // The API server validated the object against the schema that `type` stands for; nothing else vouches for T.
      return JSON.parse(text) as T;
    } catch (error) {
      throw new TransportError(request.method, request.path, 'the answer is not JSON', error);
    }
  }
}

/** The object is not there; a type that is not served (a CRD not installed) is another matter and stays an error. */
function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.objectName !== undefined;
}
