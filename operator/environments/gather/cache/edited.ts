import { membersOf } from '../../../canonical/index.ts';
import { fieldManagers } from '../../../api/index.ts';
import type { KubeObject } from '../../../kube/index.ts';

/** Members of a spec that the binder of claims writes. */
export const BINDER_FIELDS: ReadonlySet<string> = new Set(['f:volumeName']);

const notContent: ReadonlySet<string> = new Set(['f:metadata', 'f:status']);

/**
 * Whether a field manager other than this process's owns content of an object: an edit takes a field over from who
 * applied it (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). Annotations, labels
 * and status do not count, since controllers write those. An edit under this process's own manager name is not seen.
 *
 * @param harmless members of the spec that a controller of Kubernetes fills in.
 */
export function editedByOthers({ metadata }: KubeObject, harmless: ReadonlySet<string> = new Set()): boolean {
  return (metadata.managedFields ?? []).some(({ manager, subresource, fieldsV1 }) => {
    if (manager === fieldManagers.environments || subresource === 'status') return false;
    return Object.entries(membersOf(fieldsV1)).some(
      ([field, owned]) =>
        !notContent.has(field) &&
        !(field === 'f:spec' && Object.keys(membersOf(owned)).every((member) => harmless.has(member))),
    );
  });
}
