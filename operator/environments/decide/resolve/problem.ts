/** Why an environment is not admitted: for programs in one word, for people with what to do next. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
}

export function problem(reason: string, message: string): Problem {
  return { reason, message };
}
