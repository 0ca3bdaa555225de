import type { z } from 'zod';

/** Where the structural schema keeps its CEL rules; the converter passes every `x-kubernetes-*` key on as it stands. */
export const validationsKey = 'x-kubernetes-validations';

/** One entry of `x-kubernetes-validations`. */
export interface CelRule {
  readonly rule: string;
  /** Says what to write instead. */
  readonly message: string;
  /** Relative to the value that carries the rule, e.g. `.image`; needed only where the fault is in a child. */
  readonly fieldPath?: string;
}

/** A rule that one object can decide, in CEL for the API server and in TypeScript for everybody else. */
export interface Rule<T> {
  readonly cel: string;
  readonly message: string;
  readonly fieldPath?: string;
  /**
   * Must not throw: zod calls it also when a child was refused.
   * Left out for transition rules (`oldSelf`): a single object cannot decide them.
   */
  readonly check?: (value: T) => boolean;
}

/**
 * Adds rules to a schema. Apply it before `.optional()` and `.default()`: a rule belongs to the value.
 *
 * zod's `refine` is lost in JSON Schema without a word, hence both forms in one place (runtime.md, "CRDs from zod").
 */
export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  const meta = schema.meta() ?? {};
  // Written below, by nobody else; meta itself is untyped.
  const known = (meta[validationsKey] as readonly CelRule[] | undefined) ?? [];
  let checked: S = schema;
  for (const { check, message, fieldPath } of rules) {
    if (check !== undefined) {
      const path = fieldPath === undefined ? [] : fieldPath.split('.').filter((part) => part !== '');
      // zod types the argument of refine as its own output type, which is what a Rule of this schema takes.
      checked = checked.refine((value) => check(value as z.output<S>), { message, path }) as S;
    }
  }
  const added = rules.map(({ cel, message, fieldPath }): CelRule => ({
    rule: cel,
    message,
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }));
  // A schema with other metadata is the same schema.
  return checked.meta({ ...meta, [validationsKey]: [...known, ...added] }) as S;
}

/** A pattern as RE2 takes it. JavaScript prints `/` escaped, which no other dialect asks for. */
export function re2Source(pattern: RegExp): string {
  return pattern.source.replaceAll('\\/', '/');
}

/** A CEL test of a value against a pattern; the raw string spares a second escaping. */
export function celMatches(pattern: RegExp, subject = 'self'): string {
  const source = re2Source(pattern);
  if (source.includes("'")) throw new TypeError(`pattern ${source} holds a quote: write it as \\x27`);
  return `${subject}.matches(r'${source}')`;
}
