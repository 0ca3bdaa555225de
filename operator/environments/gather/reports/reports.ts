import type { Clock } from '../../../kube/index.ts';
import type { Report } from '../../decide/wiring/index.ts';
import type { FetchReport, ReportTarget } from './fetch.ts';

/** A report is asked for again after so many milliseconds. */
const REPORT_INTERVAL_MS = 60_000;
/** ... and sooner while there is none, twice as long each time: its Service may not lead to the pods yet. */
const RETRY_MS = 500;
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
  /** How often in a row nothing was learned. */
  failures: number;
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
   * The last report of a workload; pending while there is none of its present pods. Asks nobody.
   *
   * @param environment key of the TwinEnvironment
   */
  get(environment: string, workload: string): Report {
    return this.#entries.get(environment)?.get(workload)?.report ?? { pending: true };
  }

  /**
   * Starts asking, in the background, where there is no report of these pods or an old one.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods; with none, nobody is asked
   */
  refresh(environment: string, target: ReportTarget, pods: readonly string[]): void {
    const known = this.#entries.get(environment) ?? new Map<string, Entry>();
    this.#entries.set(environment, known);
    const fingerprint = JSON.stringify([target, pods.toSorted()]);
    let entry = known.get(target.workload);
    if (entry?.fingerprint !== fingerprint) {
      entry = { target, fingerprint, report: { pending: true }, failures: 0, due: 0, asking: false };
      known.set(target.workload, entry);
    }
    if (pods.length > 0 && !entry.asking && entry.due <= this.#options.clock.monotonic()) this.#ask(environment, entry);
  }

  /** Milliseconds until one of an environment's reports is to be asked for again. */
  dueIn(environment: string): number {
    const now = this.#options.clock.monotonic();
    const entries = [...(this.#entries.get(environment)?.values() ?? [])];
    const waits = entries.map(({ asking, due, failures }) => (asking ? pauseAfter(failures + 1) : due - now));
    return Math.max(1, Math.min(REPORT_INTERVAL_MS, ...waits));
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
      entry.asking = false;
      entry.failures = 'failure' in report ? entry.failures + 1 : 0;
      entry.due = clock.monotonic() + pauseAfter(entry.failures);
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

function pauseAfter(failures: number): number {
  return failures === 0 ? REPORT_INTERVAL_MS : Math.min(RETRY_MS * 2 ** (failures - 1), REPORT_INTERVAL_MS);
}

/** Maps have no JSON of their own. */
function shape(report: Report): unknown {
  return 'services' in report ? [...report.services] : report;
}
