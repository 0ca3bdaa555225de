/** When an environment may begin, how long it lives, and what keeps it from ending. Pure. */
export { lastActivityOf, lifetimeOf, type Lifetime } from './lifetime.ts';
export { sleepAt, sleepChangesIn, type Sleep } from './sleep.ts';
export { turnOf, type Candidate, type Room, type Turn } from './queue.ts';
export { blockersOf, volumeBlocker, type Blocker, type EndingNamespace } from './removal.ts';
