export { sleep, systemClock } from './clock.ts';
export type { Clock, Random, Timer } from './clock.ts';
