import type { Clock } from '../../kube/index.ts';
import type { Report } from '../wiring/index.ts';
import type { FetchReport, ReportTarget } from './fetch.ts';

/** A report is asked for again after so many milliseconds. */
export const REPORT_INTERVAL_MS = 60_000;
/** ... and sooner while there is none: the app may still be starting. */
const RETRY_MS = 5000;
const MAX_CONCURRENT = 8;

export interface ReportsOptions {
  readonly fetch: FetchReport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when a report differs from the one before. */
  readonly changed: (environment: string) => void;
}

interface Entry {
  readonly target: ReportTarget;
  /** Changes with the pods that answer. */
  readonly fingerprint: string;
  report: Report;
  /** Monotonic time from which on it is asked for again. */
  due: number;
  asking: boolean;
}

/**
 * The apps' own reports, asked for in the background: a reconcile never waits for code that nobody reviewed. Bounded in
 * how many are asked at once.
 */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /**
   * The last report of a workload; starts asking when there is none of these pods or it is old.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods; with none, nobody is asked
   */
  get(environment: string, target: ReportTarget, pods: readonly string[]): Report {
    const known = this.#entries.get(environment) ?? new Map<string, Entry>();
    this.#entries.set(environment, known);
    const fingerprint = JSON.stringify([target, pods.toSorted()]);
    let entry = known.get(target.workload);
    if (entry?.fingerprint !== fingerprint) {
      entry = { target, fingerprint, report: { pending: true }, due: 0, asking: false };
      known.set(target.workload, entry);
    }
    if (pods.length > 0 && !entry.asking && entry.due <= this.#options.clock.monotonic()) this.#ask(environment, entry);
    return entry.report;
  }

  /** Forgets an environment that is gone. */
  forget(environment: string): void {
    this.#entries.delete(environment);
  }

  #ask(environment: string, entry: Entry): void {
    entry.asking = true;
    this.#waiting.push(async () => {
      const { fetch, clock, signal, changed } = this.#options;
      const report = await fetch(entry.target, signal);
      const failed = 'failure' in report;
      entry.asking = false;
      entry.due = clock.monotonic() + (failed ? RETRY_MS : REPORT_INTERVAL_MS);
      const differs = JSON.stringify(shape(entry.report)) !== JSON.stringify(shape(report));
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
}

/** Maps have no JSON of their own. */
function shape(report: Report): unknown {
  return 'services' in report ? [...report.services] : report;
}
