/** Reasons in the conditions of an ApproverKeyring; docs/reasons.md explains each. */
export const keyringReasons = ['Usable', 'NobodyCanVote'] as const;

export type KeyringReason = (typeof keyringReasons)[number];
