/** The one way out: to code that nobody reviewed, and to third parties. Bounded, and blind to what must not be reached. */
export { OutboundClient } from './client.ts';
export type { OutboundAnswer, OutboundOptions, OutboundRequest } from './client.ts';
export { systemResolve } from './connect.ts';
export type { Resolve } from './connect.ts';
export { OutboundError } from './errors.ts';
export type { OutboundErrorCode } from './errors.ts';
