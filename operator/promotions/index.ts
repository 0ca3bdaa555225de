/** The Promotion controller: read -> decide -> act -> status. */
export { wirePromotions, type WireOptions } from './wire.ts';
