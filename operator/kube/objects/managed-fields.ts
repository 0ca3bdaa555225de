import { isMembers, parseTime } from '../../canonical/index.ts';
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

function owns(fields: unknown, path: readonly string[]): boolean {
  let here: unknown = fields;
  for (const name of path) {
    if (!isMembers(here)) return false;
    here = here[`f:${name}`];
  }
  return here !== undefined;
}
