import type { Clock } from '../../../kube/index.ts';
import type { AppReport, Report, ReportTarget } from '../../decide/wiring/index.ts';
import type { FetchReport } from './fetch.ts';

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
  /** There was an answer, of these pods or of others before them. */
  heard: boolean;
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
   * What is known of a workload's report. Asks nobody.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods; what others said before them is not their report
   */
  of(environment: string, target: ReportTarget, pods: readonly string[]): AppReport {
    const entry = this.#entries.get(environment)?.get(target.workload);
    const known = entry?.fingerprint === fingerprintOf(target, pods) ? entry : undefined;
    const said = { target, pods, report: known?.report ?? { pending: true as const }, heard: entry?.heard ?? false };
    if (pods.length === 0) return { ...said, due: false, dueIn: undefined };
    if (known?.asking === true) return { ...said, due: false, dueIn: pauseAfter(known.failures + 1) };
    const dueIn = Math.max(0, (known?.due ?? 0) - this.#options.clock.monotonic());
    return { ...said, due: dueIn === 0, dueIn };
  }

  /**
   * Starts asking, in the background, unless that goes on already.
   *
   * @param environment key of the TwinEnvironment
   * @param pods uids of the Ready pods, one at least
   */
  ask(environment: string, target: ReportTarget, pods: readonly string[]): void {
    const known = this.#entries.get(environment) ?? new Map<string, Entry>();
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

  #ask(environment: string, entry: Entry): void {
    entry.asking = true;
    this.#waiting.push(async () => {
      const { fetch, clock, signal, changed } = this.#options;
      const report = await fetch(entry.target, signal);
      entry.asking = false;
      entry.heard = true;
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

function fingerprintOf(target: ReportTarget, pods: readonly string[]): string {
  return JSON.stringify([target, pods.toSorted()]);
}

function pauseAfter(failures: number): number {
  return failures === 0 ? REPORT_INTERVAL_MS : Math.min(RETRY_MS * 2 ** (failures - 1), REPORT_INTERVAL_MS);
}

/** Maps have no JSON of their own. */
function shape(report: Report): unknown {
  return 'services' in report ? [...report.services] : report;
}
