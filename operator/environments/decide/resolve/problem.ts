import type { EnvironmentReason } from '../../../api/index.ts';

/** Why an environment is not admitted: for programs in one word, for people with what to do next. */
export interface Problem {
  readonly reason: EnvironmentReason;
  readonly message: string;
}

/** An answer that says no; its message says what to do next. */
export function problem(reason: EnvironmentReason, message: string): Problem {
  return { reason, message };
}
