import type { Clock } from '../../kube/index.ts';
import type { Workqueue, WorkqueueObserver } from '../queue/index.ts';
import type { Metrics } from './metrics.ts';

/** What a queue reports to: counters at once. */
export function queueObserver(metrics: Metrics, name: string): WorkqueueObserver {
  const labels = { name, controller: name };
  return {
    added: () => metrics.queueAdds.inc(labels),
    retried: () => metrics.queueRetries.inc(labels),
    started: (seconds) => metrics.queueDuration.observe(labels, seconds),
    finished: (seconds) => metrics.workDuration.observe(labels, seconds),
  };
}

/** What is read from a queue: gauges at every scrape. */
export function gaugeQueue(metrics: Metrics, name: string, queue: Workqueue, clock: Clock): void {
  const labels = { name, controller: name };
  metrics.beforeScrape(() => {
    const now = clock.monotonic();
    const seconds = [...queue.processing.values()].map(({ since }) => (now - since) / 1000);
    metrics.queueDepth.set(labels, queue.depth);
    metrics.unfinishedWork.set(
      labels,
      seconds.reduce((sum, each) => sum + each, 0),
    );
    metrics.longestRunning.set(labels, Math.max(0, ...seconds));
  });
}
