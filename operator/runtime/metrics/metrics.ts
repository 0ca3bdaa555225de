import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { RequestReport } from '../../kube/index.ts';

/** controller-runtime's buckets of `controller_runtime_reconcile_time_seconds`. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
/** client-go's buckets of the workqueue's durations: 10 ns to 1000 s by tens. */
const queueBuckets = Array.from({ length: 12 }, (_, index) => 10 ** (index - 8));

/** The metrics of one process, with the names that dashboards for controller-runtime and client-go know. */
export class Metrics {
  readonly registry = new Registry();
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileErrors: Counter<'controller'>;
  readonly terminalErrors: Counter<'controller'>;
  readonly panics: Counter<'controller'>;
  readonly reconcileTime: Histogram<'controller'>;
  readonly maxConcurrent: Gauge<'controller'>;
  readonly activeWorkers: Gauge<'controller'>;
  readonly queueDepth: Gauge<'name' | 'controller'>;
  readonly queueAdds: Counter<'name' | 'controller'>;
  readonly queueRetries: Counter<'name' | 'controller'>;
  readonly queueDuration: Histogram<'name' | 'controller'>;
  readonly workDuration: Histogram<'name' | 'controller'>;
  readonly unfinishedWork: Gauge<'name' | 'controller'>;
  readonly longestRunning: Gauge<'name' | 'controller'>;
  readonly requests: Counter<'code' | 'method' | 'host'>;
  readonly leader: Gauge<'name'>;
  readonly #refreshers: (() => void)[] = [];

  constructor() {
    const registers = [this.registry];
    const controller = ['controller'] as const;
    const queue = ['name', 'controller'] as const;
    this.reconciles = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciles per controller and result: success, error, requeue_after.',
      labelNames: ['controller', 'result'],
      registers,
    });
    this.reconcileErrors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Reconciles that failed.',
      labelNames: controller,
      registers,
    });
    this.terminalErrors = new Counter({
      name: 'controller_runtime_terminal_reconcile_errors_total',
      help: 'Reconciles that failed in a way that repeating cannot help.',
      labelNames: controller,
      registers,
    });
    this.panics = new Counter({
      name: 'controller_runtime_reconcile_panics_total',
      help: 'Reconciles that failed by a defect of the program.',
      labelNames: controller,
      registers,
    });
    this.reconcileTime = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Seconds per reconcile.',
      labelNames: controller,
      buckets: reconcileBuckets,
      registers,
    });
    this.maxConcurrent = new Gauge({
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Reconciles that may run at once.',
      labelNames: controller,
      registers,
    });
    this.activeWorkers = new Gauge({
      name: 'controller_runtime_active_workers',
      help: 'Reconciles that run now.',
      labelNames: controller,
      registers,
    });
    this.queueDepth = new Gauge({
      name: 'workqueue_depth',
      help: 'Keys that wait.',
      labelNames: queue,
      registers,
      collect: () => this.#refresh(),
    });
    this.queueAdds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added.', labelNames: queue, registers });
    this.queueRetries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Keys added again after a failure.',
      labelNames: queue,
      registers,
    });
    this.queueDuration = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'Seconds that a key waited.',
      labelNames: queue,
      buckets: queueBuckets,
      registers,
    });
    this.workDuration = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'Seconds of work on a key.',
      labelNames: queue,
      buckets: queueBuckets,
      registers,
    });
    this.unfinishedWork = new Gauge({
      name: 'workqueue_unfinished_work_seconds',
      help: 'Seconds of work in progress, summed over the keys in work.',
      labelNames: queue,
      registers,
    });
    this.longestRunning = new Gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: 'Seconds that the oldest key in work has been in work.',
      labelNames: queue,
      registers,
    });
    this.requests = new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by status code, method and host.',
      labelNames: ['code', 'method', 'host'],
      registers,
    });
    this.leader = new Gauge({
      name: 'leader_election_master_status',
      help: '1 while this process holds the lease.',
      labelNames: ['name'],
      registers,
    });
  }

  /** Memory, CPU, event loop and garbage collection of the process. Once per process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** `onRequest` of a client. */
  readonly countRequest = ({ code, method, host }: RequestReport): void => {
    this.requests.inc({ code, method, host });
  };

  /** Calls `refresh` before every scrape, to set gauges. */
  beforeScrape(refresh: () => void): void {
    this.#refreshers.push(refresh);
  }

  #refresh(): void {
    for (const refresh of this.#refreshers) refresh();
  }
}
