/** The reasons of each kind's conditions, as unions. */
export { environmentReasons, type EnvironmentReason } from './environment.ts';
export { keyringReasons, type KeyringReason } from './keyring.ts';
export { promotionReasons, recordedReason, type PromotionReason } from './promotion.ts';
export { targetReasons, type TargetReason } from './target.ts';
export { trustReasons, type TrustReason } from './trust.ts';
