import { Environment } from '@marcbachmann/cel-js';
import type { Variable } from './policy.ts';

interface OptionalValue {
  hasValue(): boolean;
  value(): unknown;
}

/** What the expressions of a policy read beside its variables: the names are those of CEL in an admission policy. */
export interface PolicyInput {
  readonly object: unknown;
  readonly params: unknown;
  readonly oldObject?: unknown;
  readonly request?: unknown;
}

/** The value of an expression for one input. */
export type Evaluate = (input: PolicyInput) => (expression: string) => unknown;

/** Far beyond what any of our own policies has: the limits of the library are meant for expressions of strangers. */
const LIMITS = { maxAstNodes: 1_000_000, maxDepth: 1_000, maxListElements: 100_000, maxMapEntries: 100_000 };

/**
 * Evaluates a policy outside of the API server. Variables are evaluated when they are read, as there: most of those of a
 * message are not.
 *
 * @param expressions every expression that is asked for, parsed once
 */
export function evaluator(variables: readonly Variable[], expressions: readonly string[]): Evaluate {
  const environment = celEnvironment();
  const parsed = variables.map(({ name, expression }) => [name, environment.parse(expression)] as const);
  const asked = new Map(expressions.map((expression) => [expression, environment.parse(expression)]));
  return (input) => {
    const scope = { ...input, variables: {} };
    for (const [name, expression] of parsed) {
      let value: { readonly of: unknown } | undefined;
      Object.defineProperty(scope.variables, name, {
        enumerable: true,
        get: () => (value ??= { of: expression({ ...scope }) }).of,
      });
    }
    return (expression) => {
      const found = asked.get(expression);
      if (found === undefined) throw new TypeError(`not one of the expressions that were parsed: ${expression}`);
      return found({ ...scope });
    };
  };
}

/** CEL with optional values, which Kubernetes has and whose equality the library leaves to whoever uses it. */
function celEnvironment(): Environment {
  const plain = new Environment({ unlistedVariablesAreDyn: true, limits: LIMITS });
  const equal = plain.parse('a == b');
  const sameOptional = (a: OptionalValue, b: OptionalValue): boolean =>
    a.hasValue() === b.hasValue() && (!a.hasValue() || equal({ a: a.value(), b: b.value() }) === true);
  return new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    limits: LIMITS,
  }).registerOperator('optional<dyn> == optional<dyn>', sameOptional);
}
