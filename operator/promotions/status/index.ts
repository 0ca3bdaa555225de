/** What was decided, as status shows it. Pure. */
export { answered } from './answered.ts';
export { promotionStatus } from './promotion.ts';
