/**
 * Small pieces of CEL (Common Expression Language, as Kubernetes' admission policies use it). Every function returns the
 * text of an expression; long ones are broken into lines, so that a rendered policy can be read by a person.
 */

/** All clauses hold; no clause: true. */
export function all(...clauses: readonly string[]): string {
  return join(clauses, '&&') ?? 'true';
}

/** At least one clause holds; no clause: false. */
export function any(...clauses: readonly string[]): string {
  return join(clauses, '||') ?? 'false';
}

/** In parentheses unless the clause is a single word or call. */
export function not(clause: string): string {
  return clause.includes(' ') ? `!(${clause})` : `!${clause}`;
}

/** A string literal. */
export function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}

/** A list literal of strings. */
export function texts(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

/** Text put together from expressions that are strings. */
export function concat(...parts: readonly string[]): string {
  return parts.join(' + ');
}

/** An optional field of a map (a dotted path is fine up to its last part), with what stands for "absent". */
export function field(map: string, name: string, absent: string): string {
  return `${map}.?${name}.orValue(${absent})`;
}

/** A field is equal in two maps, or absent in both. */
export function sameField(left: string, right: string, name: string): string {
  return `${left}.?${name} == ${right}.?${name}`;
}

/**
 * Two maps have the same keys with the same values, beyond the excepted keys. Keys that nobody knows yet (of a later
 * Kubernetes) are compared like the others: what is not excepted by name must be equal.
 */
export function sameExcept(left: string, right: string, except: readonly string[]): string {
  const names = texts(except);
  return all(
    `${left}.all(k, k in ${names} || ${right}[?k] == optional.of(${left}[k]))`,
    `${right}.all(k, k in ${names} || k in ${left})`,
  );
}

/**
 * Every entry of `whole` is in `part` with the same value, and what `part` has beyond is an accepted addition.
 *
 * @param ignored keys that `part` may have with another value or not at all
 */
export function sameBeside(
  part: string,
  whole: string,
  accepted: (key: string) => string,
  ignored: readonly string[] = [],
): string {
  const but = ignored.map((key) => `k == ${text(key)} || `).join('');
  return all(
    `${whole}.all(k, ${but}${part}[?k] == optional.of(${whole}[k]))`,
    `${part}.all(k, k in ${whole} || ${group(accepted('k'))})`,
  );
}

/**
 * Nothing of `right` has another value in `left`, and nothing is added. Keys may be missing in `left`, beyond those that
 * must not: a client older than the API server leaves out what it does not know.
 *
 * @param apart CEL of a list of keys that are not looked at
 */
export function leavesOut(left: string, right: string, never: readonly string[], apart = '[]'): string {
  return all(
    `${left}.all(k, k in ${apart} || ${right}[?k] == optional.of(${left}[k]))`,
    `${right}.all(k, k in ${left} || k in ${apart} || !(k in ${texts(never)}))`,
  );
}

/** A name is one of a list of CEL strings, where a final `*` stands for any end. */
export function named(list: string, name: string): string {
  return `${list}.exists(p, p.endsWith('*') ? ${name}.startsWith(p.substring(0, p.size() - 1)) : p == ${name})`;
}

/** An expression in parentheses where it needs them to be an operand of `&&`, on several lines when it has several. */
export function group(expression: string): string {
  if (!/\|\||[^.[]\?[^.]/.test(outermost(expression))) return expression;
  return expression.includes('\n') ? `(\n  ${expression.replaceAll('\n', '\n  ')}\n)` : `(${expression})`;
}

function join(clauses: readonly string[], operator: '&&' | '||'): string | undefined {
  if (clauses.length < 2) return clauses[0];
  return clauses.map(operator === '&&' ? group : groupAnd).join(`\n${operator} `);
}

/** `&&` binds closer than `||`, but a person should not have to know. */
function groupAnd(expression: string): string {
  return outermost(expression).includes('&&') ? `(\n  ${expression.replaceAll('\n', '\n  ')}\n)` : group(expression);
}

/** What stands outside every parenthesis, bracket and string literal. */
function outermost(expression: string): string {
  let depth = 0;
  return expression.replace(/'(?:[^'\\]|\\.)*'|[()[\]{}]|[^'()[\]{}]+/g, (token) => {
    if (/^[([{]$/.test(token)) depth++;
    if (/^[)\]}]$/.test(token)) depth--;
    return depth === 0 && !token.startsWith("'") ? token : '';
  });
}
