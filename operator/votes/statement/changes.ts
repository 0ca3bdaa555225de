import {
  canonicalJSON,
  digestOf,
  digestOfBytes,
  isList,
  isMembers,
  sortedBy,
  type JSONValue,
} from '../../canonical/index.ts';
import type { Change, Changed } from './types.ts';

/** Longer strings are shown by both ends, length and digest. */
export const MAX_SHOWN = 256;
const HIDDEN = '(secret value, not shown)';
/** In the place of a path: the whole object goes, which is told by the digest of its content. */
const REMOVED = '(removed)';

/** Whether something of the object is there after the change. */
export function isNoRemoval({ path }: Change): boolean {
  return !path.endsWith(` ${REMOVED}`);
}

/** Fields that name an element of a Kubernetes list; the first that fits is used. */
const LIST_KEYS = ['name', 'mountPath'] as const;

type Members = { readonly [key: string]: JSONValue };

/**
 * Every difference between what is and what shall be, in words, sorted by path:
 * `Deployment/web spec.template.spec.containers[name=web].image`. It is complete: two different desired contents give
 * different lists. Of a workload the caller gives what its digest covers. Nothing of a Secret is shown but the
 * names of what changes.
 *
 * @throws CanonicalError when a content has no canonical form.
 */
export function changesOf(things: readonly Changed[]): readonly Change[] {
  return sortedBy(things.flatMap(changesOfOne), ({ path }) => path);
}

function changesOfOne({ kind, name, part, current, desired }: Changed): readonly Change[] {
  // What goes goes whole: a line for each of its fields would hide that.
  if (part !== undefined && desired === undefined && current !== undefined)
    return [{ path: `${kind}/${name} ${REMOVED}`, from: digestOf(asDigested(current)) }];
  const changes: Change[] = [];
  compare(`${kind}/${name} ${part ?? ''}`, asDigested(current), asDigested(desired), changes);
  return changes.map(({ path, from, to }) => ({ path, ...shown('from', from, kind), ...shown('to', to, kind) }));
}

function asDigested(content: unknown): JSONValue | undefined {
  if (content === undefined || content === null) return undefined;
  // Through text: drops undefined members, so that what is compared is what is digested.
  return JSON.parse(canonicalJSON(content));
}

function compare(path: string, from: JSONValue | undefined, to: JSONValue | undefined, changes: Change[]): void {
  if (from !== undefined && to !== undefined && canonicalJSON(from) === canonicalJSON(to)) return;
  if (isList(from) && isList(to)) return compareLists(path, from, to, changes);
  if (isMembers(from) && isMembers(to)) return compareMembers(path, from, to, changes);
  if (from !== undefined && to !== undefined && isLeaf(from) && isLeaf(to)) {
    changes.push({ path, from, to });
    return;
  }
  if (from !== undefined) everyLeaf(path, from, (leaf, value) => changes.push({ path: leaf, from: value }));
  if (to !== undefined) everyLeaf(path, to, (leaf, value) => changes.push({ path: leaf, to: value }));
}

function compareMembers(path: string, from: Members, to: Members, changes: Change[]): void {
  // Empty differs from absent (emptyDir: {}), so becoming or having been empty is a change of its own.
  if (Object.keys(from).length === 0) changes.push({ path, from });
  if (Object.keys(to).length === 0) changes.push({ path, to });
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)]))
    compare(`${path}${member(key)}`, own(from, key), own(to, key), changes);
}

function compareLists(path: string, from: readonly JSONValue[], to: readonly JSONValue[], changes: Change[]): void {
  if (from.length === 0) changes.push({ path, from });
  if (to.length === 0) changes.push({ path, to });
  const key = LIST_KEYS.find((candidate) => namedBy(from, candidate) && namedBy(to, candidate));
  if (key === undefined) {
    for (let index = 0; index < Math.max(from.length, to.length); index++)
      compare(`${path}[${index}]`, from[index], to[index], changes);
    return;
  }
  const before = new Map(from.map((item) => [nameOf(item, key), item]));
  const after = new Map(to.map((item) => [nameOf(item, key), item]));
  for (const name of new Set([...before.keys(), ...after.keys()]))
    compare(`${path}[${key}=${simple(name)}]`, before.get(name), after.get(name), changes);
  // Order has a meaning (init containers, env): say so unless it is the old one with additions sorted at the end.
  const kept = [...before.keys()].filter((name) => after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name)).toSorted();
  const order = [...after.keys()];
  if (!sameOrder([...kept, ...added], order))
    changes.push({ path: `${path} (order)`, from: [...before.keys()], to: order });
}

type Visit = (path: string, leaf: JSONValue) => void;
/** `Always`: the order of a list by names is told even where it is that of its names. */
type Orders = 'Always' | undefined;

/** Every leaf below a path, called as {@link changesOf} calls it, with the value as it is shown. */
export function leavesOf(path: string, value: JSONValue): ReadonlyMap<string, JSONValue> {
  const leaves = new Map<string, JSONValue>();
  everyLeaf(path, value, (leaf, found) => leaves.set(leaf, bounded(found)), 'Always');
  return leaves;
}

function everyLeaf(path: string, value: JSONValue, visit: Visit, orders?: Orders): void {
  if (isLeaf(value)) return visit(path, value);
  if (isMembers(value))
    for (const [key, child] of Object.entries(value)) everyLeaf(`${path}${member(key)}`, child, visit, orders);
  if (isList(value)) everyElement(path, value, visit, orders);
}

function everyElement(path: string, items: readonly JSONValue[], visit: Visit, orders: Orders): void {
  const key = LIST_KEYS.find((candidate) => namedBy(items, candidate));
  if (key === undefined) {
    for (const [index, child] of items.entries()) everyLeaf(`${path}[${index}]`, child, visit, orders);
    return;
  }
  const names = items.map((item) => nameOf(item, key));
  for (const child of items) everyLeaf(`${path}[${key}=${simple(nameOf(child, key))}]`, child, visit, orders);
  // The list of changes is sorted by path, which would hide any other order.
  if (orders === 'Always' || !sameOrder(names.toSorted(), names)) visit(`${path} (order)`, names);
}

/** Of two lists of the same names. */
function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.every((name, index) => name === b[index]);
}

function shown(side: 'from' | 'to', value: JSONValue | undefined, kind: string): Partial<Change> {
  if (value === undefined) return {};
  return { [side]: kind === 'Secret' ? HIDDEN : bounded(value) };
}

/** A value as it is shown: of a long string both ends, length and digest. */
export function bounded(value: JSONValue): JSONValue {
  if (typeof value !== 'string' || value.length <= MAX_SHOWN) return value;
  // Cut by code point: half of a surrogate pair has no canonical form.
  const points = Array.from(value);
  const head = points.slice(0, 160).join('');
  const tail = points.slice(-60).join('');
  return `${head} ... ${tail} (${value.length} characters, ${digestOfBytes(value)})`;
}

/** A member of an object in a path. */
export function member(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function simple(name: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(name) ? name : JSON.stringify(name);
}

function own(members: Members, key: string): JSONValue | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

function namedBy(items: readonly JSONValue[], key: string): boolean {
  const names = items.map((item) => (isMembers(item) ? own(item, key) : undefined));
  return names.every((name) => typeof name === 'string') && new Set(names).size === items.length;
}

function nameOf(item: JSONValue, key: string): string {
  return isMembers(item) ? String(own(item, key)) : '';
}

function isLeaf(value: JSONValue): boolean {
  return value === null || typeof value !== 'object' || Object.keys(value).length === 0;
}
