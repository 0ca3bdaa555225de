import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../kube/clock/index.ts';
import { ACCEPT_ENCODING, readBody } from './body.ts';
import { checkedConnector, systemResolve, type Resolve } from './connect.ts';
import { OutboundError } from './errors.ts';
import { Limit } from './limit.ts';

export interface OutboundOptions {
  readonly clock: Clock;
  /** The API server's own addresses: never connected to. While they are not known, nothing is. */
  readonly refused: () => Promise<readonly string[]>;
  /** Networks that may be reached although they are this machine's or its link's. Default: none. */
  readonly allowed?: readonly string[] | undefined;
  /** Requests at once; the others wait. Default 8. */
  readonly concurrency?: number | undefined;
  readonly resolve?: Resolve | undefined;
  readonly userAgent?: string | undefined;
}

export interface OutboundRequest {
  readonly url: URL;
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Milliseconds for all of it from its turn on: the name, the connection, redirects, the last byte of the body. */
  readonly timeout: number;
  /** Bytes of the answer's body, as it comes and as it is when decompressed. */
  readonly maxBytes: number;
  /** Redirects of a GET or HEAD that are followed, on the same host and port only. Default 0: they are the answer. */
  readonly redirects?: number | undefined;
  readonly signal: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  /** By lower-case name; of several with one name, the first. Whatever the other side likes to say. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const MAX_HEADER_BYTES = 16_384;

/**
 * HTTP towards code that nobody reviewed and towards third parties. Everything is bounded: time, bytes (decompressed ones
 * too), headers, redirects, how many at once; addresses are judged after the name was resolved and are then the ones that
 * are connected to. Each request has a connection of its own, so nothing that one answer leaves behind is read as the
 * next, and each is judged anew. Proxies of the environment are not used: they would connect to what nobody judged.
 *
 * What it cannot see: a Service whose endpoints somebody else writes leads on from an address that may be reached.
 */
export class OutboundClient {
  readonly #options: OutboundOptions;
  readonly #limit: Limit;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#limit = new Limit(options.concurrency ?? 8);
  }

  /** Sends a request and reads the whole answer, whatever its status. Rejects with {@link OutboundError} alone. */
  async request(request: OutboundRequest): Promise<OutboundAnswer> {
    const { signal } = request;
    try {
      return await this.#limit.run(signal, () => this.#bounded(request));
    } catch (error) {
      if (signal.aborted) throw new OutboundError('Aborted', 'the request was given up', error);
      throw asOutbound(error);
    }
  }

  async #bounded(request: OutboundRequest): Promise<OutboundAnswer> {
    const { timeout, redirects = 0, method = 'GET' } = request;
    const late = new AbortController();
    const timer = this.#options.clock.setTimer(timeout, () => {
      late.abort(new OutboundError('Timeout', `the answer takes longer than ${timeout} ms`));
    });
    const signal = AbortSignal.any([request.signal, late.signal]);
    try {
      let { url } = request;
      for (let followed = 0; ; followed++) {
        const answer = await this.#exchange({ ...request, url, signal });
        const target = answer.headers['location'];
        const redirected = REDIRECTS.includes(answer.status) && target !== undefined;
        if (redirects === 0 || !redirected || (method !== 'GET' && method !== 'HEAD')) return answer;
        if (followed === redirects) {
          throw new OutboundError('Redirected', `it redirects more than ${redirects} times`);
        }
        url = redirectTarget(url, target);
      }
    } finally {
      timer.cancel();
    }
  }

  async #exchange(request: OutboundRequest): Promise<OutboundAnswer> {
    const { url, method = 'GET', headers = {}, body, maxBytes, timeout, signal } = request;
    checkURL(url);
    const { refused, allowed = [], resolve = systemResolve, userAgent = 'twinlock' } = this.#options;
    const rules = async (): Promise<{ refused: readonly string[]; allowed: readonly string[] }> => ({
      refused: await refused(),
      allowed,
    });
    const client = new Client(url.origin, {
      connect: checkedConnector({ resolve, rules, timeout }),
      maxHeaderSize: MAX_HEADER_BYTES,
      // The deadline of the whole rules.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    try {
      return await unlessAborted(signal, async () => {
        const answer = await client.request({
          path: url.pathname + url.search,
          method,
          headers: { 'user-agent': userAgent, 'accept-encoding': ACCEPT_ENCODING, ...headers },
          body: body ?? null,
          signal,
        });
        const known = firstOfEach(answer.headers);
        return {
          status: answer.statusCode,
          headers: known,
          body: await readBody(answer.body, known['content-encoding'], maxBytes),
        };
      });
    } finally {
      // Cuts the connection, also one that is still being made.
      client.destroy().catch(() => undefined);
    }
  }
}

function checkURL(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new OutboundError('BadURL', 'it is no URL of the web');
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('BadURL', 'a URL holds no user and no password: send them in a header');
  }
}

function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw new OutboundError('Redirected', 'it redirects to what is no URL');
  const target = new URL(location, from.href);
  // The same scheme and port too: credentials in headers go along.
  if (target.origin !== from.origin) throw new OutboundError('Redirected', 'it redirects to another host');
  return target;
}

/** A connection that is being made does not hear of a signal, hence the race. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function firstOfEach(headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first]];
    }),
  );
}

/** undici and Node wrap what a connector or a stream failed with. */
function asOutbound(error: unknown): OutboundError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundError) return cause;
  }
  return new OutboundError('Unreachable', 'no answer came', error);
}
