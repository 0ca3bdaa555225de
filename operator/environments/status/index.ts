/** What is reported of an environment: status, conditions, events. Pure. */
export { statusOf } from './status.ts';
export { transitions, type Transition } from './transitions.ts';
