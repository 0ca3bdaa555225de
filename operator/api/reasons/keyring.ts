import { trustReasons } from './trust.ts';

/** Reasons in the conditions of an ApproverKeyring; docs/reasons.md explains each. */
export const keyringReasons = ['Usable', 'NobodyCanVote', ...trustReasons] as const;

export type KeyringReason = (typeof keyringReasons)[number];
