import type { KubeObject } from './object.ts';

/**
 * Who wrote at this path last, as `metadata.managedFields` tells it: the newest manager that owns something there.
 * Undefined on objects out of a cache, which keeps no managed fields. What a client calls itself is its own choice.
 */
export function lastManagerOf({ metadata }: KubeObject, path: readonly string[]): string | undefined {
  const owners = (metadata.managedFields ?? []).filter(
    ({ subresource, fieldsV1 }) => (subresource ?? '') === '' && owns(fieldsV1, path),
  );
  const [newest] = owners.toSorted((a, b) => Date.parse(b.time ?? '') - Date.parse(a.time ?? ''));
  return newest?.manager;
}

function owns(fields: unknown, path: readonly string[]): boolean {
  let here = fields;
  for (const name of path) {
    if (typeof here !== 'object' || here === null) return false;
    // An object, by the line above; its members are looked at one by one.
    here = (here as Readonly<Record<string, unknown>>)[`f:${name}`];
  }
  return here !== undefined;
}
