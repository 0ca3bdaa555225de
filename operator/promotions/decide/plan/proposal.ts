import type { Promotion } from '../../../api/index.ts';
import { printable } from '../../../canonical/index.ts';
import type { Artifact } from '../../../gates/index.ts';
import { contentOf, contentsOf, type LockSpec, type WorkloadKey } from '../../../lock/index.ts';
import type { WorkloadObject } from '../../../workloads/index.ts';
import { withImages } from './images.ts';
import { manifestOf, newObject, removedWorkloads, withManifest, type Manifest } from './manifests.ts';

/** A workload of the target as it is live; undefined when it does not exist. */
interface Live extends WorkloadKey {
  readonly live: WorkloadObject | undefined;
}

/** Why nothing comes of a workload. */
export interface PlanRefusal {
  readonly reason: 'NoSuchContainer' | 'NoSuchWorkload' | 'PlanRefused';
  readonly message: string;
}

/** What a workload would become: all of its spec, replicas included. */
export type Planned = { readonly spec: Readonly<Record<string, unknown>> } | PlanRefusal;

/** What a promotion brings to one workload; a manifest says more than images do. */
export interface Wanted {
  readonly manifest: Manifest | undefined;
  readonly images: readonly Artifact[];
}

/** @returns undefined for a workload that the promotion does not touch */
export function wantedFor(
  spec: Promotion['spec'],
  artifacts: readonly Artifact[],
  { kind, name }: WorkloadKey,
): Wanted | undefined {
  if (isRemoved(spec, { kind, name })) return undefined;
  const manifest = manifestOf(spec, { kind, name });
  const images = artifacts.filter((artifact) => artifact.kind === kind && artifact.name === name);
  return manifest === undefined && images.length === 0 ? undefined : { manifest, images };
}

/** A plan starts from what is approved: a reloader's mark would be signed with it and never change again. */
export function asApproved<T extends Live>(workload: T, lock: LockSpec | undefined): T {
  const { live } = workload;
  if (live?.spec === undefined || lock === undefined) return workload;
  const spec = contentOf({ ...live.spec }, contentsOf(lock, workload).current);
  return { ...workload, live: { ...live, spec } };
}

/** Whether the promotion takes the workload away. */
export function isRemoved(spec: Pick<Promotion['spec'], 'removes'>, { kind, name }: WorkloadKey): boolean {
  return removedWorkloads(spec).some((each) => each.kind === kind && each.name === name);
}

/**
 * What is put before the API server in a dry run, or why there is nothing to put before it.
 *
 * @param namespace of production: for what does not exist there yet
 */
export function proposalFor(
  { kind, name, live }: Live,
  { manifest, images }: Wanted,
  namespace: string,
): { readonly object: WorkloadObject } | PlanRefusal {
  if (live?.spec === undefined) {
    if (manifest !== undefined) return { object: newObject({ kind, name }, namespace, manifest.spec, manifest) };
    return {
      reason: 'NoSuchWorkload',
      message: `${kind}/${printable(name)} does not exist in production, and images alone do not make it: put its whole manifest into spec.objects of a new Promotion, or name in spec.workloads what is promoted without it`,
    };
  }
  const { resourceVersion: _any, managedFields: _owners, ...metadata } = live.metadata;
  const from = { ...live, metadata };
  if (manifest !== undefined) return { object: withManifest(from, manifest) };
  const { object, unmatched } = withImages(kind, from, images);
  if (unmatched.length === 0) return { object };
  return {
    reason: 'NoSuchContainer',
    message: `${kind}/${printable(name)} has no container ${unmatched.map((container) => printable(container)).join(', ')}: name the containers alike in environment and production`,
  };
}

/** A proposal that the API server does not take, in its words. */
export function proposalRefused({ kind, name }: WorkloadKey, { manifest }: Wanted, words: string): PlanRefusal {
  const what = manifest === undefined ? 'with these images' : 'as spec.objects has it';
  return {
    reason: 'PlanRefused',
    message: `the API server refuses ${kind}/${printable(name)} ${what}: ${printable(words, 500)}`,
  };
}
