import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { systemNamespace } from '../api/index.ts';
import { pods } from './pods.ts';
import { who } from './who.ts';

/** Parts of a policy that are evaluated here: the names are those of CEL in an admission policy. */
interface Scope {
  readonly object: unknown;
  readonly params: { readonly spec: { readonly approved: unknown } };
  readonly variables: Record<string, unknown>;
}

interface OptionalValue {
  hasValue(): boolean;
  value(): unknown;
}

/** Far beyond what any of our own policies has: the limits of the library are meant for expressions of strangers. */
const LIMITS = { maxAstNodes: 1_000_000, maxDepth: 1_000, maxListElements: 100_000, maxMapEntries: 100_000 };

const environment = celEnvironment();
// Who made a pod is not judged here.
const rule = pods(who(systemNamespace));
const variables = (rule.variables ?? []).map(({ name, expression }) => [name, environment.parse(expression)] as const);
const [content] = rule.validations.map(({ expression, difference }) => ({
  holds: environment.parse(expression),
  difference: environment.parse(difference ?? "'it differs'"),
}));

/**
 * Compares a pod with approved contents by the very expressions of the policy `pods`, evaluated here: what admission lets
 * in, adoption takes over and the watch over running pods finds as approved is one table. Who made it is another question.
 *
 * @param pod as the API server stores it; ephemeral containers are compared like every other field
 * @param approved entries of a lock
 * @returns undefined when one of them is what the pod is, else what differs, e.g. `containers differ`
 */
export function podDifference(pod: unknown, approved: readonly unknown[]): string | undefined {
  if (content === undefined) throw new TypeError('the policy pods compares nothing');
  const scope: Scope = { object: pod, params: { spec: { approved } }, variables: {} };
  for (const [name, expression] of variables) scope.variables[name] = run(expression, scope);
  return run(content.holds, scope) === true ? undefined : String(run(content.difference, scope));
}

function run(expression: ParseResult, scope: Scope): unknown {
  return expression({ ...scope });
}

/** CEL with optional values, which Kubernetes has and whose equality the library leaves to whoever uses it. */
function celEnvironment(): Environment {
  const plain = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false, limits: LIMITS });
  const equal = plain.parse('a == b');
  const sameOptional = (a: OptionalValue, b: OptionalValue): boolean =>
    a.hasValue() === b.hasValue() && (!a.hasValue() || equal({ a: a.value(), b: b.value() }) === true);
  return new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: LIMITS,
  }).registerOperator('optional<dyn> == optional<dyn>', sameOptional);
}
