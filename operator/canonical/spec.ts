import { digestOf, type Digest } from './digest.ts';
import { CanonicalError } from './errors.ts';

/** The one annotation that `kubectl rollout restart` writes; a restart is no change of content. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

type Members = Readonly<Record<string, unknown>>;

/**
 * What an approval covers of a workload's spec: all but `replicas` (scaling) and the restart annotation of the pod
 * template. An annotations map without entries counts as absent, as the API server stores it. The input is not changed.
 */
export function approvedSpec(spec: Members): Members {
  const { replicas: _scaling, ...rest } = spec;
  const template = rest['template'];
  if (!isMembers(template) || !isMembers(template['metadata'])) return rest;
  const { annotations, ...metadata } = template['metadata'];
  const kept = withoutRestart(annotations);
  return {
    ...rest,
    template: { ...template, metadata: kept === undefined ? metadata : { ...metadata, annotations: kept } },
  };
}

/**
 * Digest of {@link approvedSpec}; equal digests mean equal pods and equal rollout behaviour.
 *
 * @throws CanonicalError when the spec has no canonical form.
 */
export function specDigest(spec: Members): Digest {
  return digestOf(approvedSpec(spec));
}

/** {@link specDigest}, or why there is none: what a cluster holds may have no canonical form (integers past 2^53). */
export function specDigestOrFault(spec: Members): { readonly digest: Digest } | { readonly fault: CanonicalError } {
  try {
    return { digest: specDigest(spec) };
  } catch (error) {
    if (error instanceof CanonicalError) return { fault: error };
    throw error;
  }
}

function withoutRestart(annotations: unknown): unknown {
  if (!isMembers(annotations)) return annotations;
  const { [RESTARTED_AT]: _restart, ...kept } = annotations;
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
