/** What was decided, as status shows it. Pure. */
export { withTimes, type Stated } from './conditions.ts';
export { promotionStatus } from './promotion.ts';
