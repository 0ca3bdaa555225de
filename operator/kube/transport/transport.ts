import type { Dispatcher } from 'undici';
import { sleep } from '../clock/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { ClusterConfig } from '../config/index.ts';
import { ApiError, TransportError } from '../errors.ts';
import type { Status } from '../errors.ts';
import { Agents } from './agents.ts';
import type { AgentOptions } from './agents.ts';
import { isStaleConnection, parseRetryAfter, retryDelay } from './retry.ts';

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Incoming {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** What an answered or failed request is reported as (`rest_client_requests_total`). */
export interface RequestReport {
  /** HTTP status, or `<error>`. */
  readonly code: string;
  readonly method: string;
  readonly host: string;
}

export interface TransportOptions extends AgentOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly userAgent: string;
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
}

type Answer = Dispatcher.ResponseData;

/** Sends requests: credentials, pooled connections, repeats. Knows HTTP and nothing of objects. */
export class Transport {
  readonly #config: ClusterConfig;
  readonly #options: TransportOptions;
  readonly #agents: Agents;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #host: string;

  constructor(config: ClusterConfig, options: TransportOptions) {
    const url = new URL(config.server);
    this.#config = config;
    this.#options = options;
    this.#agents = new Agents(config, options.clock, options);
    this.#origin = url.origin;
    this.#basePath = url.pathname.replace(/\/+$/, '');
    this.#host = url.host;
  }

  /** Resolves with an answer below 400; rejects with {@link ApiError} or {@link TransportError}. */
  async send(request: Outgoing): Promise<Incoming> {
    const { clock, random } = this.#options;
    let waited = 0;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#exchange(request);
      if (answer.status < 400) return answer;
      const error = refusal(request, answer, clock.now());
      const delay = retryDelay({ ...error, retryAfter: error.retryAfter, attempt, waited }, random);
      if (delay === undefined) throw error;
      await sleep(clock, delay, request.signal);
      if (request.signal?.aborted === true) throw error;
      waited += delay;
    }
  }

  /**
   * Opens a stream on a connection of its own and returns its body. Not repeated: whoever follows a stream has its own
   * way to come back.
   */
  async stream(request: Outgoing): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#open(request, 'watches', false);
    if (answer.statusCode < 400) return answer.body;
    const text = await this.#read(request, answer);
    throw refusal(request, { status: answer.statusCode, headers: answer.headers, text }, this.#options.clock.now());
  }

  /** Cuts every connection. */
  close(): Promise<void> {
    return this.#agents.close();
  }

  async #exchange(request: Outgoing): Promise<Incoming> {
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#open(request, 'requests', false);
        return { status: answer.statusCode, headers: answer.headers, text: await this.#read(request, answer) };
      } catch (error) {
        const again = request.method === 'GET' && attempt < 2 && error instanceof TransportError;
        if (!again || !isStaleConnection(error.cause)) throw error;
      }
    }
  }

  async #open(request: Outgoing, pool: 'requests' | 'watches', fresh: boolean): Promise<Answer> {
    const { onRequest, userAgent } = this.#options;
    const { method, body, signal } = request;
    const made = this.#agents.get();
    let answer: Answer;
    try {
      const agents = made instanceof Promise ? await made : made;
      const credentials = await this.#config.headers({ fresh });
      answer = await agents[pool].request({
        origin: this.#origin,
        path: this.#basePath + request.path,
        method,
        headers: { accept: 'application/json', 'user-agent': userAgent, ...request.headers, ...credentials },
        body: body ?? null,
        signal: signal ?? null,
      });
    } catch (error) {
      onRequest?.({ code: '<error>', method, host: this.#host });
      throw this.#failed(request, error);
    }
    onRequest?.({ code: String(answer.statusCode), method, host: this.#host });
    if (answer.statusCode === 401 && !fresh) {
      // A rotated token: read it again, once.
      await answer.body.dump();
      return this.#open(request, pool, true);
    }
    return answer;
  }

  async #read(request: Outgoing, answer: Answer): Promise<string> {
    try {
      return await answer.body.text();
    } catch (error) {
      throw this.#failed(request, error);
    }
  }

  #failed({ method, path }: Outgoing, error: unknown): TransportError {
    const problem = error instanceof Error ? error.message : String(error);
    return new TransportError(method, pathOnly(path), `no answer from ${this.#host}: ${problem}`, error);
  }
}

function refusal(request: Outgoing, answer: Incoming, now: number): ApiError {
  const header = answer.headers['retry-after'];
  return new ApiError({
    method: request.method,
    path: pathOnly(request.path),
    status: answer.status,
    body: parseStatus(answer.text),
    retryAfter: parseRetryAfter(typeof header === 'string' ? header : undefined, now),
  });
}

/** The Status in a body; a body that is none (a proxy's page, plain text) becomes the start of its text. */
function parseStatus(text: string): Status {
  try {
    const value: unknown = JSON.parse(text);
    // Fields are read one by one with defaults, and only for messages and decisions about repeating.
    if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status')
      // All of it is optional and read as such.
      return value as Status;
  } catch {
    // Not JSON.
  }
  return { message: text.slice(0, 200).trim() };
}

function pathOnly(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
