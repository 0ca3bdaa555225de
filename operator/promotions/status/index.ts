/** What was decided, as status shows it. Pure. */
export { promotionStatus } from './promotion.ts';
