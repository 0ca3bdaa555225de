import type { ExecutionContext } from 'ava';
import type { Answer, CommandResult } from '../harness/index.ts';
import { messageOf } from '../stage/objects.ts';

/**
 * The API server refused it, and the named policy was what refused it: not RBAC, not validation, not another policy.
 *
 * @param policy the name, or `a|b` where two policies refuse: the API server answers with either
 */
export function denied(t: ExecutionContext, answer: Answer, policy: string, why?: RegExp, what = ''): void {
  const message = `${what}: ${messageOf(answer)}`;
  t.is(answer.status, 403, message);
  const named = policy.split('|').some((name) => message.includes(`'twinlock-${name}'`));
  t.true(named, `denied, but not by twinlock-${policy}: ${message}`);
  t.regex(message, /denied request: twinlock: /, 'the denial names Twinlock');
  if (why !== undefined) t.regex(message, why);
}

/** The same for stock kubectl. */
export function deniedCommand(t: ExecutionContext, result: CommandResult, policy: string, why?: RegExp): void {
  t.not(result.code, 0, result.stdout);
  t.true(result.stderr.includes(`'twinlock-${policy}'`), `not denied by twinlock-${policy}: ${result.stderr}`);
  if (why !== undefined) t.regex(result.stderr, why);
}

export function allowed(t: ExecutionContext, answer: Answer): void {
  t.true(answer.status < 300, `${answer.status}: ${messageOf(answer)}`);
}
