import { sameQuantity } from './quantity.ts';

/** Lists that the API server merges by key when applied to: others may add items, and order does not matter. */
const listKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['containers', ['name']],
  ['initContainers', ['name']],
  ['env', ['name']],
  ['volumes', ['name']],
  ['imagePullSecrets', ['name']],
  ['volumeMounts', ['mountPath']],
  ['volumeDevices', ['devicePath']],
  ['hostAliases', ['ip']],
  ['ownerReferences', ['uid']],
]);

/** Sets of strings that others may add to. */
const sets: ReadonlySet<string> = new Set(['finalizers']);

/** Maps whose values are quantities, which the API server writes in its own way. */
const quantities: ReadonlySet<string> = new Set([
  'limits',
  'requests',
  'hard',
  'max',
  'min',
  'default',
  'defaultRequest',
  'maxLimitRequestRatio',
  'capacity',
]);
const quantityFields: ReadonlySet<string> = new Set(['sizeLimit', 'divisor']);

/**
 * The first field of `desired` that `observed` does not have like that, as a path; undefined when there is none. What
 * `observed` has beyond it (defaults, status, other managers' fields) does not count.
 */
export function difference(desired: unknown, observed: unknown, path = ''): string | undefined {
  if (isEmpty(desired)) return isEmpty(observed) || typeof observed === typeof desired ? undefined : at(path);
  if (Array.isArray(desired)) return Array.isArray(observed) ? listDifference(desired, observed, path) : at(path);
  if (isRecord(desired)) return isRecord(observed) ? recordDifference(desired, observed, path) : at(path);
  return desired === observed ? undefined : at(path);
}

function recordDifference(
  desired: Readonly<Record<string, unknown>>,
  observed: Readonly<Record<string, unknown>>,
  path: string,
): string | undefined {
  const quantityMap = quantities.has(lastOf(path));
  for (const [name, value] of Object.entries(desired)) {
    const other = observed[name];
    if ((quantityMap || quantityFields.has(name)) && sameQuantity(value, other)) continue;
    const found = difference(value, other, `${path}.${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listDifference(desired: readonly unknown[], observed: readonly unknown[], path: string): string | undefined {
  const name = lastOf(path);
  if (sets.has(name)) {
    const missing = desired.find((item) => !observed.includes(item));
    return missing === undefined ? undefined : at(path);
  }
  const keys = listKeys.get(name);
  if (keys === undefined) {
    if (desired.length !== observed.length) return at(path);
    return firstOf(desired, (item, index) => difference(item, observed[index], `${path}[${index}]`));
  }
  return firstOf(desired, (item, index) => {
    const twin = observed.find((other) => keys.every((key) => fieldOf(other, key) === fieldOf(item, key)));
    return twin === undefined ? `${at(path)}[${index}]` : difference(item, twin, `${path}[${index}]`);
  });
}

function firstOf(
  items: readonly unknown[],
  look: (item: unknown, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

/** The API server leaves out what is empty, so that empty and absent are the same. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function at(path: string): string {
  return path.startsWith('.') ? path.slice(1) : path;
}
