export { RateLimiter } from './rate-limiter.ts';
export type { RateLimiterOptions } from './rate-limiter.ts';
export { Workqueue } from './workqueue.ts';
export type { Priority, WorkqueueObserver, WorkqueueOptions } from './workqueue.ts';
