export { Metrics } from './metrics.ts';
export { gaugeQueue, queueObserver } from './queue-metrics.ts';
