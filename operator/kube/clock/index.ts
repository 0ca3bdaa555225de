export { Backoff, reflectorBackoff } from './backoff.ts';
export type { BackoffOptions } from './backoff.ts';
export { sleep, systemClock } from './clock.ts';
export type { Clock, Random, Timer } from './clock.ts';
