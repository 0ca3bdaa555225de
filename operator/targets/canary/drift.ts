import type { PolicyObject } from '../../admission/index.ts';
import { canonicalJSON } from '../../canonical/index.ts';
import type { KubeObject } from '../../kube/index.ts';

/** A policy or binding as it is installed. */
export type Installed = KubeObject & { readonly spec?: unknown };

/**
 * What is missing or differs between the policies that this program renders and those in the cluster, one line each.
 * Only `spec` counts: a chart may add labels.
 *
 * @param find the installed object of that kind and name
 */
export function policyDrift(
  rendered: readonly PolicyObject[],
  find: (kind: string, name: string) => Installed | undefined,
): readonly string[] {
  return rendered.flatMap(({ kind, metadata: { name }, spec }) => {
    const installed = find(kind, name);
    if (installed === undefined || installed.metadata.deletionTimestamp !== undefined)
      return [`${kind} ${name} is missing`];
    return canonicalJSON(installed.spec ?? null) === canonicalJSON(spec) ? [] : [`${kind} ${name} was changed`];
  });
}
