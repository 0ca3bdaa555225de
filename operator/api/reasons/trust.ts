/**
 * Reasons of the condition Accepted, which the kinds that sealed trust holds have in common, and all of an ApprovalPolicy's.
 */
export const trustReasons = ['Accepted', 'NotAccepted', 'ChangeRefused'] as const;

export type TrustReason = (typeof trustReasons)[number];
