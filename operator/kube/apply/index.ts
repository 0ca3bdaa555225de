export { Applier } from './applier.ts';
export type { ApplierOptions, ApplyCallOptions } from './applier.ts';
export { difference } from './difference.ts';
export { parseQuantity } from './quantity.ts';
export type { Applied } from './types.ts';
