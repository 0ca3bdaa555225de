import { createHash } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Agent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock/index.ts';
import type { ClusterConfig, TlsMaterial } from '../config/index.ts';

export interface AgentOptions {
  /** Connections for requests. Default 16. */
  readonly connections?: number | undefined;
  /** A request without an answer for so many milliseconds fails. Default 60,000 (the API server's own limit). */
  readonly requestTimeout?: number | undefined;
  /** A watch that is silent for so many milliseconds is cut (bookmarks come every minute). Default 150,000. */
  readonly watchTimeout?: number | undefined;
}

interface Pair {
  readonly fingerprint: string;
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

/** How often TLS material is compared with what the connections were made with. */
const checkEvery = 60_000;

/**
 * The connections to one API server: a pool for requests and one connection per watch. Both are made anew when the TLS
 * material changes, and only then, for a new agent means a new handshake.
 */
export class Agents {
  readonly #config: ClusterConfig;
  readonly #clock: Clock;
  readonly #options: AgentOptions;
  #pair: Pair | undefined;
  #making: Promise<Pair> | undefined;
  #checkedAt = 0;
  #closed = false;

  constructor(config: ClusterConfig, clock: Clock, options: AgentOptions) {
    this.#config = config;
    this.#clock = clock;
    this.#options = options;
  }

  /** The agents to use now. Rejects when the TLS material cannot be read. */
  get(): Pair | Promise<Pair> {
    if (this.#pair !== undefined && this.#clock.monotonic() - this.#checkedAt < checkEvery) return this.#pair;
    this.#making ??= this.#make().finally(() => (this.#making = undefined));
    return this.#making;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    const pair = this.#pair;
    if (pair !== undefined) await Promise.all([pair.requests.destroy(), pair.watches.destroy()]);
  }

  async #make(): Promise<Pair> {
    const material = await this.#config.tls();
    const fingerprint = createHash('sha256').update(JSON.stringify(material)).digest('hex');
    const old = this.#pair;
    this.#checkedAt = this.#clock.monotonic();
    if (old?.fingerprint === fingerprint) return old;
    if (this.#closed) throw new Error('the client is closed');
    const { connections = 16, requestTimeout = 60_000, watchTimeout = 150_000 } = this.#options;
    const pair: Pair = {
      fingerprint,
      requests: this.#agent(material, { connections, headersTimeout: requestTimeout, bodyTimeout: requestTimeout }),
      watches: this.#agent(material, { headersTimeout: requestTimeout, bodyTimeout: watchTimeout }),
    };
    this.#pair = pair;
    // Requests under way finish; watches keep their old connection until the server ends them.
    if (old !== undefined) for (const agent of [old.requests, old.watches]) agent.close(() => undefined);
    return pair;
  }

  #agent(material: TlsMaterial, options: Agent.Options): Dispatcher {
    const tls = {
      // One for all connections: else certificates are read anew for each of them, and every watch has its own.
      secureContext: createSecureContext({
        ...(material.ca === undefined ? {} : { ca: material.ca }),
        ...(material.cert === undefined ? {} : { cert: material.cert }),
        ...(material.key === undefined ? {} : { key: material.key }),
      }),
      ...(material.serverName === undefined ? {} : { servername: material.serverName }),
      rejectUnauthorized: material.insecure !== true,
    };
    // The API server closes idle connections after 90 s: ours go first, so that no request meets a closing one.
    const common: Agent.Options = { ...options, keepAliveTimeout: 60_000, keepAliveMaxTimeout: 60_000, allowH2: false };
    const { proxyUrl } = this.#config;
    return proxyUrl === undefined
      ? new Agent({ ...common, connect: { ...tls, timeout: 10_000 } })
      : new ProxyAgent({ ...common, uri: proxyUrl, requestTls: { ...tls, timeout: 10_000 } });
  }
}
