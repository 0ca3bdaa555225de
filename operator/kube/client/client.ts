import type { KubeList, KubeObject, ObjectKey, ResourceType } from '../objects/index.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface GetOptions extends RequestOptions {
  readonly subresource?: string | undefined;
  /** `'0'` may be answered from the server's cache; left out, the read is consistent. */
  readonly resourceVersion?: string | undefined;
}

export interface Selection {
  /** Left out: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions<T = unknown> extends RequestOptions, Selection {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
  /** Objects per page; every page is fetched. Default 500; 0 asks for one page. */
  readonly pageSize?: number | undefined;
  /** What is kept of each object while the pages that follow are read. Default: all of it. */
  readonly keep?: ((object: T) => T) | undefined;
}

export interface WatchOptions extends RequestOptions, Selection {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: 'NotOlderThan' | undefined;
  readonly sendInitialEvents?: boolean | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** One line of a watch. `BOOKMARK` carries nothing but a resource version (and annotations); `ERROR` is thrown instead. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export interface WriteOptions extends RequestOptions {
  readonly fieldManager?: string | undefined;
  /** The server validates, admits and answers, and stores nothing. */
  readonly dryRun?: boolean | undefined;
  readonly subresource?: string | undefined;
  /** What becomes of fields the schema does not know. Default `Strict`: a typing error is an error. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers; without it a shared field is a Conflict. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions extends RequestOptions {
  /** Deletes that very object, and no namesake. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

/** A patch body with its media type. */
export type Patch =
  | { readonly type: 'merge'; readonly body: object }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: 'strategic'; readonly body: object };

/** RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string };

export interface RawRequest extends RequestOptions {
  readonly method: string;
  /** Below the API server's root, percent-encoded, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON, unless it is a string or bytes. */
  readonly body?: unknown;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** What the API server's clock says, from the Date header of an answer (resolution: one second). */
export interface ServerDate {
  readonly date: Date;
  /** Local clock minus the server's, milliseconds; positive when the local clock is ahead. */
  readonly skew: number;
}

/**
 * Requests to one API server. JSON in both directions, nothing dropped and nothing defaulted. Answers of 429 and 503 that
 * say when to come back are waited for and repeated. Methods reject with {@link ApiError} when the server says no and with
 * {@link TransportError} when it says nothing.
 */
export interface Client {
  /** Reads one object; rejects with NotFound when there is none. */
  get<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, options?: GetOptions): Promise<T>;
  /** Reads one object; undefined when there is none. */
  find<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, options?: GetOptions): Promise<T | undefined>;
  /** Reads every object that matches, page by page. */
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions<T>): Promise<KubeList<T>>;
  /** Follows changes until the stream ends; rejects on an ERROR event, ends quietly when the server closes. */
  watch<T extends KubeObject>(type: ResourceType<T>, options?: WatchOptions): AsyncGenerator<WatchEvent<T>, void, void>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT; a `metadata.resourceVersion` in the object makes it conditional. */
  replace<T extends KubeObject>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Server-side apply. `object` holds the fields that `fieldManager` wants, and its name. */
  apply<T extends KubeObject>(type: ResourceType<T>, object: KubeObject, options: ApplyOptions): Promise<T>;
  /** False when there was nothing to delete. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<boolean>;
  /** Any request, for what the methods above do not cover. */
  request(request: RawRequest): Promise<RawResponse>;
  /** Asks the server for the time. */
  serverDate(options?: RequestOptions): Promise<ServerDate>;
  /** Closes every connection. */
  close(): Promise<void>;
}
