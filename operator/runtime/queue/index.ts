export { RateLimiter } from './rate-limiter.ts';
export type { RateLimiterOptions } from './rate-limiter.ts';
export { Workqueue } from './workqueue.ts';
export type { Priority } from './delayed.ts';
export type { WorkqueueObserver, WorkqueueOptions } from './workqueue.ts';
