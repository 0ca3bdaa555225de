/** What decides, as it counts. */
export { AsWritten, type Found, type InForce, type Kept } from './in-force.ts';
export { Sealing, type LastSigned } from './sealing.ts';
