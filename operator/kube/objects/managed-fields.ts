import { isMembers, membersOf, parseTime, type Members } from '../../canonical/index.ts';
import type { KubeObject } from './object.ts';

/**
 * Who wrote at this path last, as `metadata.managedFields` tells it: the newest manager that owns something there.
 * Undefined on objects out of a cache, which keeps no managed fields. What a client calls itself is its own choice.
 */
export function lastManagerOf({ metadata }: KubeObject, path: readonly string[]): string | undefined {
  const owners = (metadata.managedFields ?? []).filter(
    ({ subresource, fieldsV1 }) => (subresource ?? '') === '' && owns(fieldsV1, path),
  );
  const [newest] = owners.toSorted((a, b) => parseTime(b.time ?? '') - parseTime(a.time ?? ''));
  return newest?.manager;
}

/**
 * The managed fields of an object with what `from` set by updates given to who applied it last. A server-side apply removes
 * only what its own manager set: without this, what `from` wrote once stays for ever.
 *
 * @returns undefined where there is nothing to give, or nobody who applies
 */
export function handedOver({ metadata }: KubeObject, from: string): KubeObject['metadata']['managedFields'] {
  const entries = (metadata.managedFields ?? []).filter(({ subresource }) => (subresource ?? '') === '');
  const given = entries.find(({ manager, operation }) => manager === from && operation === 'Update');
  const [applier] = entries
    .filter(({ operation, apiVersion }) => operation === 'Apply' && apiVersion === given?.apiVersion)
    .toSorted((a, b) => parseTime(b.time ?? '') - parseTime(a.time ?? ''));
  if (given === undefined || applier === undefined) return undefined;
  const fieldsV1 = united(membersOf(applier.fieldsV1), membersOf(given.fieldsV1));
  return metadata.managedFields?.flatMap((entry) =>
    entry === given ? [] : [entry === applier ? { ...entry, fieldsV1 } : entry],
  );
}

/** Both sets of fields, each a tree of names. */
function united(a: Members, b: Members): Members {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((name) => [name, united(membersOf(a[name]), membersOf(b[name]))]));
}

function owns(fields: unknown, path: readonly string[]): boolean {
  let here: unknown = fields;
  for (const name of path) {
    if (!isMembers(here)) return false;
    here = here[`f:${name}`];
  }
  return here !== undefined;
}
