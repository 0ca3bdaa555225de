import type { WorkloadKind } from '../api/workload-kinds.ts';
import {
  CanonicalError,
  type Digest,
  digestOf,
  holdsNull,
  isMembers,
  membersOf,
  withoutNull,
} from '../canonical/index.ts';
import { workloadOf } from './table.ts';
import type { PodTemplate, Spec, WorkloadObject } from './object.ts';

/** The one annotation that `kubectl rollout restart` writes; a restart is no change of content. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/**
 * What an approval covers of a workload's spec: all but scaling and the restart annotation of the pod template. An
 * annotations map without entries counts as absent, as the API server stores it. The input is not changed.
 */
export function approvedSpec(kind: WorkloadKind, spec: Spec): Spec {
  const { uncovered } = workloadOf(kind);
  const covered = Object.fromEntries(Object.entries(spec).filter(([member]) => !uncovered.includes(member)));
  const template = templateIn(kind, covered);
  if (!isMembers(template) || !isMembers(template['metadata'])) return covered;
  const { annotations, ...metadata } = template['metadata'];
  const kept = withoutRestart(annotations);
  return withTemplate(kind, covered, {
    ...template,
    metadata: kept === undefined ? metadata : { ...metadata, annotations: kept },
  });
}

/**
 * Digest of {@link approvedSpec}; equal digests mean equal pods and equal rollout behaviour. What is null counts as
 * absent, which is the same in every type of Kubernetes: up to 1.33 it writes `creationTimestamp: null` into each template
 * of something, and since 1.34 nothing. A time there is nobody's: no pod has it, and admission lets anybody write one.
 *
 * @throws CanonicalError when the spec has no canonical form.
 */
export function specDigest(kind: WorkloadKind, spec: Spec): Digest {
  const [, ...path] = workloadOf(kind).templatePath;
  return digestOf(withoutNull(withoutTimes(approvedSpec(kind, spec), path)));
}

/** {@link specDigest}, or why there is none: what a cluster holds may have no canonical form (integers past 2^53). */
export function specDigestOrFault(
  kind: WorkloadKind,
  spec: Spec,
): { readonly digest: Digest } | { readonly fault: CanonicalError } {
  try {
    return { digest: specDigest(kind, spec) };
  } catch (error) {
    if (error instanceof CanonicalError) return { fault: error };
    throw error;
  }
}

/**
 * What `kubectl rollout undo` makes of two contents: it restores the template only.
 *
 * @returns undefined for a kind that cannot be undone
 */
export function undoneSpec(kind: WorkloadKind, current: Spec, fallback: Spec): Spec | undefined {
  if (workloadOf(kind).undo === 'Nothing') return undefined;
  return withTemplate(kind, approvedSpec(kind, current), templateIn(kind, approvedSpec(kind, fallback)));
}

/** The live spec with new content: what no approval covers stays as it is. */
export function withContent(kind: WorkloadKind, live: Spec, content: Spec): Spec {
  return { ...content, ...Object.fromEntries(workloadOf(kind).uncovered.map((member) => [member, live[member]])) };
}

/** Whether its controller would do nothing about this spec. */
export function isPaused(kind: WorkloadKind, spec: Spec): boolean {
  const { pause } = workloadOf(kind);
  return pause !== undefined && spec[pause] === true;
}

/** The pod template of a spec, which may be anybody's; undefined where there is none. */
export function templateIn(kind: WorkloadKind, spec: Spec): unknown {
  const [, ...path] = workloadOf(kind).templatePath;
  return path.reduce<unknown>((at, member) => (isMembers(at) ? at[member] : undefined), spec);
}

/** The pod template of content that was approved. */
export function approvedTemplate(kind: WorkloadKind, content: Spec): Partial<PodTemplate> | undefined {
  // Approved content was a spec of the API server when it was approved, and what is there has this form.
  return templateIn(kind, content) as Partial<PodTemplate> | undefined;
}

/** The pod template of a live workload: what the API server serves at that path has this form. */
export function podTemplateOf(kind: WorkloadKind, live: WorkloadObject | undefined): PodTemplate | undefined {
  return live === undefined ? undefined : workloadOf(kind).template(live);
}

/** The spec with another pod template. */
export function withTemplate(kind: WorkloadKind, spec: Spec, template: unknown): Spec {
  const [, ...path] = workloadOf(kind).templatePath;
  return setAt(spec, path, template);
}

function withoutTimes(at: Spec, [member, ...rest]: readonly string[]): Spec {
  const { metadata } = at;
  const { creationTimestamp: _, ...kept } = membersOf(metadata);
  const timeless = isMembers(metadata) ? { ...at, metadata: kept } : at;
  const below = member === undefined ? undefined : at[member];
  return member !== undefined && isMembers(below) ? { ...timeless, [member]: withoutTimes(below, rest) } : timeless;
}

function setAt(at: Spec, [member, ...rest]: readonly string[], value: unknown): Spec {
  if (member === undefined) return at;
  const below = at[member];
  return { ...at, [member]: rest.length === 0 ? value : setAt(isMembers(below) ? below : {}, rest, value) };
}

/**
 * Content as the API server that serves `live` writes it: a newer one than the content was approved on leaves out what is
 * null (see {@link specDigest}), and the policies compare member by member.
 */
export function servedLike(live: Spec, content: Spec): Spec {
  return holdsNull(content) && !holdsNull(live) ? { ...membersOf(withoutNull(content)) } : content;
}

function withoutRestart(annotations: unknown): unknown {
  if (!isMembers(annotations)) return annotations;
  const { [RESTARTED_AT]: _restart, ...kept } = annotations;
  return Object.keys(kept).length === 0 ? undefined : kept;
}
