import type { Client, Clock, Logger } from '../../kube/index.ts';
import { sleep } from '../../kube/index.ts';
import { probe, type Enforcement } from './probe.ts';

export interface CanaryOptions {
  readonly client: Pick<Client, 'patch' | 'create'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lines about policies that are missing or changed; empty when all are as rendered. */
  readonly drift: () => readonly string[];
  /** Namespaces that must be protected, each with the name of one of its Deployments. */
  readonly namespaces: () => ReadonlyMap<string, string | undefined>;
  /** Told when a namespace's enforcement changes, and the first time that it is known. */
  readonly onChange: (namespace: string, enforcement: Enforcement) => void;
  /** Milliseconds between two looks while all is well. Default 180,000. */
  readonly period?: number | undefined;
}

const UNKNOWN: Enforcement = { active: false, message: 'it was not tried yet' };
/** Milliseconds after which a namespace that is not protected is looked at again. */
const IMPATIENT = 2000;

/** Tries again and again whether the API server still refuses what is forbidden, and remembers what it answered. */
export class Canary {
  readonly name = 'canary';
  readonly #options: CanaryOptions;
  readonly #states = new Map<string, Enforcement & { readonly at: number }>();
  #wake = new AbortController();

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** What the last look saw. */
  state(namespace: string): Enforcement {
    return this.#states.get(namespace) ?? UNKNOWN;
  }

  /** Looks at one namespace now. Rejects when the API server gives no answer; the last state then stays. */
  async check(namespace: string, workload: string | undefined): Promise<Enforcement> {
    const seen = await this.#look(namespace, workload);
    // Whoever asked may not ask again: from here on it is looked at often, until it is protected.
    if (!seen.active) this.wake();
    return seen;
  }

  /** What was seen within the last `maxAge` milliseconds, else a look now. */
  async ensure(namespace: string, workload: string | undefined, maxAge: number): Promise<Enforcement> {
    const known = this.#states.get(namespace);
    const age = this.#options.clock.monotonic() - (known?.at ?? -Infinity);
    return known !== undefined && age <= maxAge ? known : this.check(namespace, workload);
  }

  /** Policies changed: looks at every namespace as soon as possible. */
  wake(): void {
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, period = 180_000 } = this.#options;
    const stop = (): void => this.#wake.abort();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const calm = await this.#round(signal);
      await sleep(clock, calm ? period : IMPATIENT, this.#wake.signal);
    }
  }

  async #look(namespace: string, workload: string | undefined): Promise<Enforcement> {
    const started = this.#options.clock.monotonic();
    const [drifted] = this.#options.drift();
    const seen: Enforcement =
      drifted === undefined
        ? await probe(this.#options.client, namespace, workload)
        : { active: false, message: `${drifted}: install the admission policies of this version again`, drifted: true };
    const before = this.#states.get(namespace);
    // Looks overlap: one that began earlier and ended later knows less.
    if (before !== undefined && before.at > started) return before;
    this.#states.set(namespace, { ...seen, at: started });
    if (before?.active !== seen.active || before.message !== seen.message) this.#options.onChange(namespace, seen);
    return seen;
  }

  /** @returns whether every namespace is protected */
  async #round(signal: AbortSignal): Promise<boolean> {
    const namespaces = this.#options.namespaces();
    for (const known of this.#states.keys()) if (!namespaces.has(known)) this.#states.delete(known);
    let calm = true;
    for (const [namespace, workload] of namespaces) {
      if (signal.aborted) return true;
      try {
        calm = (await this.#look(namespace, workload)).active && calm;
      } catch (error) {
        calm = false;
        this.#options.logger.warn({ namespace, err: error }, 'the canary got no answer');
      }
    }
    return calm;
  }
}
