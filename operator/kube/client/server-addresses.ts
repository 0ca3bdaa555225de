import type { Clock } from '../clock/index.ts';
import { EndpointSlice } from '../objects/index.ts';
import type { Client } from './client.ts';

export interface ServerAddressesOptions {
  readonly client: Pick<Client, 'find'>;
  readonly clock: Clock;
  /** Base URL of the API server, as the client has it. */
  readonly server: string;
  /** Where a pod finds the Service `kubernetes`: KUBERNETES_SERVICE_HOST; undefined outside of one. */
  readonly serviceHost: string | undefined;
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
}

/** API servers come and go (a control plane is replaced node by node). */
const MAX_AGE_MS = 60_000;

/**
 * Where the API server answers: the address that this process uses, that of the Service `kubernetes`, and those behind it,
 * one for each API server. For whoever must not be led there.
 */
export class ServerAddresses {
  readonly #options: ServerAddressesOptions;
  #known: readonly string[] | undefined;
  #readAt = 0;
  #reading: Promise<readonly string[]> | undefined;

  constructor(options: ServerAddressesOptions) {
    this.#options = options;
  }

  /** At most a minute old. When they cannot be read, those before stand; rejects when there are none yet. */
  async get(): Promise<readonly string[]> {
    const { clock } = this.#options;
    if (this.#known !== undefined && clock.monotonic() - this.#readAt < MAX_AGE_MS) return this.#known;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    try {
      this.#known = await this.#reading;
      this.#readAt = clock.monotonic();
    } catch (error) {
      if (this.#known === undefined) throw error;
    }
    return this.#known;
  }

  async #read(): Promise<readonly string[]> {
    const { client, server, serviceHost, resolve } = this.#options;
    const hosts = [new URL(server).hostname, ...(serviceHost === undefined ? [] : [serviceHost])];
    const [slice, ...resolved] = await Promise.all([
      client.find(EndpointSlice, { namespace: 'default', name: 'kubernetes' }),
      ...hosts.map((host) => resolve(host.replace(/^\[|\]$/g, ''))),
    ]);
    const behind = (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses);
    return [...new Set([...resolved.flat(), ...behind])];
  }
}
