import canonicalize from 'canonicalize';
import { CanonicalError } from './errors.ts';

/** Plain JSON as it is digested: integers only, no undefined. */
export type JSONValue = null | boolean | number | string | readonly JSONValue[] | { readonly [key: string]: JSONValue };

/** Deeper than any Kubernetes object, shallow enough for a recursive walk over hostile input. */
const MAX_DEPTH = 200;

/**
 * RFC 8785 (JCS) text of a JSON value. Object members that are `undefined` count as absent, as in JSON.stringify.
 *
 * @throws CanonicalError for what would make two different values equal, or one value two texts: lone surrogates
 * (section 3.2.2.2), numbers that are not safe integers (Kubernetes has no others in a spec; int64 beyond 2^53 was
 * rounded by the parser), anything that is not plain JSON, and nesting beyond 200.
 */
export function canonicalJSON(value: unknown): string {
  assertCanonical(value, '', 0);
  const text = canonicalize(value);
  if (text === undefined) throw new CanonicalError('NotJSON', '', 'only JSON has a canonical form');
  return text;
}

function assertCanonical(value: unknown, path: string, depth: number): void {
  if (value === null) return;
  if (depth > MAX_DEPTH)
    throw new CanonicalError('TooDeep', path, `nested deeper than ${MAX_DEPTH} levels: flatten the object`);
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      return assertWellFormed(value, path);
    case 'number':
      if (Number.isSafeInteger(value)) return;
      throw new CanonicalError(
        'UnsafeNumber',
        path,
        `${path || 'the value'} is no integer within 2^53: write it as a string or a Kubernetes quantity`,
      );
    case 'object':
      return Array.isArray(value) ? assertArray(value, path, depth) : assertObject(value, path, depth);
    default:
      throw new CanonicalError('NotJSON', path, `${path || 'the value'} is a ${typeof value}, which JSON cannot hold`);
  }
}

function assertArray(value: readonly unknown[], path: string, depth: number): void {
  // By index: forEach would skip holes, which serialize as null.
  for (let index = 0; index < value.length; index++) assertCanonical(value[index], `${path}/${index}`, depth + 1);
}

function assertObject(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A class instance (Date, Map, Number) would be digested as something else than what it looks like.
  if (prototype !== Object.prototype && prototype !== null)
    throw new CanonicalError('NotJSON', path, `${path || 'the value'} is no plain object: convert it to JSON first`);
  for (const [key, member] of Object.entries(value)) {
    assertWellFormed(key, path);
    if (member !== undefined) assertCanonical(member, `${path}/${pointerToken(key)}`, depth + 1);
  }
}

function assertWellFormed(text: string, path: string): void {
  if (text.isWellFormed()) return;
  throw new CanonicalError(
    'LoneSurrogate',
    path,
    `${path || 'the value'} holds half of a surrogate pair: write valid Unicode`,
  );
}

/** RFC 6901 section 3. */
function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
