import type { Clock } from '../../kube/index.ts';
import type { Told } from '../decide/told.ts';

/** Asked again so soon while there is no answer, twice as long each time: a Service may not lead to the pods yet. */
const RETRY_MS = 500;
const MAX_RETRY_MS = 60_000;
const MAX_CONCURRENT = 8;

interface Named {
  readonly workload: string;
}

export interface AskedOptions<Target, Answer> {
  readonly ask: (target: Target, signal: AbortSignal) => Promise<Answer>;
  /** Milliseconds until one that answered is asked again; left out: not as long as its pods are the same. */
  readonly interval?: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when an answer differs from the one before. */
  readonly changed: (environment: string) => void;
}

interface Entry<Target, Answer> {
  readonly target: Target;
  /** Changes with the pods that answer. */
  readonly fingerprint: string;
  /** There was an answer, of these pods or of others before them. */
  heard: boolean;
  report: Answer | { readonly pending: true };
  /** How often in a row nothing was learned. */
  failures: number;
  /** Monotonic time from which on it is asked again. */
  due: number;
  asking: boolean;
}

/**
 * What code in environments answers, asked for in the background: a reconcile never waits for code that nobody reviewed.
 * Bounded in how many are asked at once.
 */
export class Asked<Target extends Named, Answer extends object> {
  readonly #options: AskedOptions<Target, Answer>;
  readonly #entries = new Map<string, Map<string, Entry<Target, Answer>>>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(options: AskedOptions<Target, Answer>) {
    this.#options = options;
  }

  /**
   * What is known of a workload's answer. Asks nobody.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods; what others said before them is not their answer
   */
  of(environment: string, target: Target, pods: readonly string[]): Told<Target, Answer> {
    const entry = this.#entries.get(environment)?.get(target.workload);
    const known = entry?.fingerprint === fingerprintOf(target, pods) ? entry : undefined;
    const report = known?.report ?? { pending: true as const };
    const asking = known?.asking === true && 'pending' in report;
    const said = { target, pods, report, heard: entry?.heard ?? false, asking };
    if (pods.length === 0) return { ...said, due: false, dueIn: undefined };
    if (known?.asking === true) return { ...said, due: false, dueIn: this.#pauseAfter(known.failures + 1) };
    const dueIn = Math.max(0, (known?.due ?? 0) - this.#options.clock.monotonic());
    return { ...said, due: dueIn === 0, dueIn: Number.isFinite(dueIn) ? dueIn : undefined };
  }

  /**
   * Starts asking, in the background, unless that goes on already.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods, one at least
   */
  ask(environment: string, target: Target, pods: readonly string[]): void {
    const known = this.#entries.get(environment) ?? new Map<string, Entry<Target, Answer>>();
    this.#entries.set(environment, known);
    const fingerprint = fingerprintOf(target, pods);
    let entry = known.get(target.workload);
    if (entry?.fingerprint !== fingerprint) {
      const heard = entry?.heard ?? false;
      entry = { target, fingerprint, heard, report: { pending: true }, failures: 0, due: 0, asking: false };
      known.set(target.workload, entry);
    }
    if (!entry.asking) this.#ask(environment, entry);
  }

  /** Forgets an environment that is gone. */
  forget(environment: string): void {
    this.#entries.delete(environment);
  }

  #ask(environment: string, entry: Entry<Target, Answer>): void {
    entry.asking = true;
    this.#waiting.push(async () => {
      const { ask, clock, signal, changed } = this.#options;
      const report = await ask(entry.target, signal);
      entry.asking = false;
      entry.heard = true;
      entry.failures = 'failure' in report ? entry.failures + 1 : 0;
      entry.due = clock.monotonic() + this.#pauseAfter(entry.failures);
      const differs = JSON.stringify(entry.report, withMaps) !== JSON.stringify(report, withMaps);
      entry.report = report;
      if (differs) changed(environment);
    });
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#running >= MAX_CONCURRENT) return;
    this.#running++;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) await next();
    this.#running--;
  }

  #pauseAfter(failures: number): number {
    return failures === 0
      ? (this.#options.interval ?? Infinity)
      : Math.min(RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS);
  }
}

function fingerprintOf(target: Named, pods: readonly string[]): string {
  return JSON.stringify([target, pods.toSorted()]);
}

/** Maps have no JSON of their own. */
function withMaps(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
