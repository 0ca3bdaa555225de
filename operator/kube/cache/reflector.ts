import type { Client, Selection, WatchEvent } from '../client/client.ts';
import { Backoff, reflectorBackoff, sleep } from '../clock/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import { ApiError, TransportError, isGone, isNotFound, isTransient } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { compareResourceVersions, keyOf, resourceName } from '../objects/index.ts';
import type { KubeObject, ResourceType } from '../objects/index.ts';
import type { Sink } from './sink.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Pick<Client, 'list' | 'watch'>;
  readonly type: ResourceType<T>;
  readonly selection: Selection;
  readonly sink: Sink<T>;
  /** What is not served is empty. */
  readonly optional?: true | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The bookmark that ends a streamed list carries this annotation (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** A streamed list that makes no progress for so long comes from a server that does not know streamed lists. */
const initialEventsTimeout = 30_000;

/** Streamed lists that end before their end, one after the other, until it is taken that none ever will. */
const incompleteStreams = 3;

/** A stream shorter than this without an event counts as a failure, or a server that closes at once would be hammered. */
const shortestStream = 1_000;

/** Milliseconds until a kind that was not served is asked for again. */
const unservedInterval = 600_000;

/** A list again sooner than this after the last one waits for the backoff. */
const relistInterval = 30_000;

/**
 * Keeps a sink equal to what the API server holds: lists (as a stream where the server can), then watches, resumes a
 * watch that was cut, lists again when its version expired. Fails never, gives up never: what goes wrong is logged and
 * tried again with growing delays. (client-go: tools/cache/reflector.go.)
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  readonly #resource: string;
  #resourceVersion: string | undefined;
  #streamsLists = true;
  #incomplete = 0;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(reflectorBackoff, options.clock, options.random);
    this.#resource = resourceName(options.type);
  }

  /** Runs until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let delay: number;
      try {
        delay = await this.#once(signal);
      } catch (error) {
        delay = this.#recover(error);
      }
      if (delay > 0) await sleep(this.#options.clock, delay, signal);
    }
  }

  /** Lists if need be, then watches until the stream ends. Returns the milliseconds to wait before the next round. */
  async #once(signal: AbortSignal): Promise<number> {
    if (this.#resourceVersion === undefined && !this.#streamsLists) await this.#list(signal);
    const { clock } = this.#options;
    const started = clock.monotonic();
    const worked = (): boolean => {
      if (this.#resourceVersion === undefined || clock.monotonic() - started < shortestStream) return false;
      this.#backoff.reset();
      return true;
    };
    try {
      const events = await (this.#resourceVersion === undefined ? this.#streamList(signal) : this.#follow(signal));
      return worked() || signal.aborted || events > 0 ? 0 : this.#backoff.next();
    } catch (error) {
      // A stream that worked and then broke is no failure of the server: it goes on at once where it was, like one that
      // the server ended. Waiting longer each time would leave the cache behind for a minute after a few bad ones.
      if (!worked() || !(error instanceof TransportError)) throw error;
      this.#options.logger.info({ resource: this.#resource, err: error }, 'the watch broke, resuming');
      return 0;
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, selection, sink } = this.#options;
    const { items, metadata } = await client.list(type, { ...selection, signal, keep: (object) => sink.keep(object) });
    if (signal.aborted) return;
    this.#listed(metadata.resourceVersion);
    sink.replace(items, metadata.resourceVersion);
  }

  #listed(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    this.#listedAt = this.#options.clock.monotonic();
  }

  async #follow(signal: AbortSignal): Promise<number> {
    let events = 0;
    for await (const event of this.#watch(signal, { resourceVersion: this.#resourceVersion })) {
      if (signal.aborted) return events;
      events++;
      this.#deliver(event);
    }
    return events;
  }

  /** A list that comes as a stream and goes on as a watch: no page of 500 objects is ever held as one text. */
  async #streamList(signal: AbortSignal): Promise<number> {
    const stall = new AbortController();
    const stop = (): void => stall.abort();
    signal.addEventListener('abort', stop, { once: true });
    let timer = this.#options.clock.setTimer(initialEventsTimeout, stop);
    let initial: Map<string, T> | undefined = new Map();
    let events = 0;
    try {
      const options = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } as const;
      for await (const event of this.#watch(stall.signal, options)) {
        if (signal.aborted) return events;
        events++;
        if (initial === undefined) {
          this.#deliver(event);
          continue;
        }
        timer.cancel();
        if (isEnd(event)) {
          const resourceVersion = event.object.metadata.resourceVersion ?? '';
          this.#listed(resourceVersion);
          this.#options.sink.replace([...initial.values()], resourceVersion);
          initial = undefined;
          this.#incomplete = 0;
        } else {
          this.#collect(initial, event);
          timer = this.#options.clock.setTimer(initialEventsTimeout, stop);
        }
      }
    } catch (error) {
      if (initial === undefined) throw error;
      if (refusesStreamedLists(error)) return this.#pageInstead('refused');
      this.#countIncomplete();
      throw error;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', stop);
    }
    if (initial === undefined || signal.aborted) return events;
    if (stall.signal.aborted) return this.#pageInstead('stalled');
    this.#countIncomplete();
    return 0;
  }

  #collect(initial: Map<string, T>, { type, object }: WatchEvent<T>): void {
    if (type === 'DELETED') initial.delete(keyOf(object));
    else if (type !== 'BOOKMARK') initial.set(keyOf(object), this.#options.sink.keep(object));
  }

  /** Proxies and aggregated API servers are known to drop the bookmark that ends a streamed list, each time. */
  #countIncomplete(): void {
    this.#incomplete++;
    if (this.#incomplete >= incompleteStreams) this.#pageInstead('incomplete');
  }

  /** @returns a number of events that is none of failure: the next round lists in pages at once */
  #pageInstead(why: string): number {
    this.#streamsLists = false;
    this.#options.logger.info({ resource: this.#resource, why }, 'streamed list not available, listing in pages');
    return 1;
  }

  #watch(
    signal: AbortSignal,
    options: { resourceVersion?: string | undefined; sendInitialEvents?: true; resourceVersionMatch?: 'NotOlderThan' },
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { client, type, selection, random } = this.#options;
    // Spread over 5 to 10 minutes, so that the watches of many processes do not all come back at once.
    const timeoutSeconds = Math.floor(300 + random() * 300);
    return client.watch(type, { ...selection, ...options, timeoutSeconds, signal });
  }

  #deliver({ type, object }: WatchEvent<T>): void {
    const { sink } = this.#options;
    const resourceVersion = object.metadata.resourceVersion ?? '';
    const order = compareResourceVersions(resourceVersion, this.#resourceVersion);
    if (type === 'BOOKMARK') {
      if (order !== undefined && order < 0) throw new HistoryLost(this.#resourceVersion, resourceVersion);
      this.#resourceVersion = resourceVersion;
      sink.progress(resourceVersion);
      return;
    }
    // Sent twice. Equal versions are let through: what expires together is deleted at one version.
    if (order !== undefined && order < 0) return;
    this.#resourceVersion = resourceVersion;
    if (type === 'DELETED') sink.remove(object, resourceVersion);
    else sink.upsert(object, resourceVersion);
  }

  /** Decides what a failure means for the next round, and returns the milliseconds to wait before it. */
  #recover(error: unknown): number {
    const { clock, logger, optional, sink } = this.#options;
    const resource = this.#resource;
    if (optional === true && isNotFound(error)) {
      this.#resourceVersion = undefined;
      sink.replace([], '');
      logger.info({ resource }, 'this API server does not serve the kind');
      return unservedInterval;
    }
    if (isGone(error) || error instanceof HistoryLost) {
      const soon = clock.monotonic() - this.#listedAt < relistInterval;
      this.#resourceVersion = undefined;
      logger.info({ resource, err: error }, 'the version watched from is gone, listing again');
      return soon ? this.#backoff.next() : 0;
    }
    // A broken connection or an overloaded server lost nothing: the watch goes on where it was.
    if (!isTransient(error)) this.#resourceVersion = undefined;
    const delay = Math.max(this.#backoff.next(), (error instanceof ApiError ? error.retryAfter : undefined) ?? 0);
    const fields = { resource, err: error, retryIn: Math.round(delay) };
    if (error instanceof TransportError) logger.info(fields, 'the watch broke, resuming');
    else logger.warn(fields, 'cannot list or watch, trying again');
    return delay;
  }
}

/** A bookmark older than what was seen before: the server was restored from a backup. */
class HistoryLost extends Error {
  override readonly name = 'HistoryLost';
  readonly code = 'KUBE_HISTORY_LOST';

  constructor(seen: string | undefined, now: string) {
    super(`the server is at version ${now} after ${seen ?? 'nothing'}`);
  }
}

function isEnd(event: WatchEvent<KubeObject>): boolean {
  return event.type === 'BOOKMARK' && event.object.metadata.annotations?.[initialEventsEnd] === 'true';
}

function refusesStreamedLists(error: unknown): boolean {
  return error instanceof ApiError && [400, 405, 422, 501].includes(error.status);
}
