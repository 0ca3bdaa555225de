import { COMPONENT_LABEL } from '../naming/index.ts';
import type { PodChild, WorkloadChild } from './live.ts';
import type { Plan } from './plan/index.ts';
import type { AppReport, LivePod } from './wiring/index.ts';

/** What the caches know of an environment's parts. */
export interface ObservedParts {
  readonly workloads: ReadonlyMap<string, WorkloadChild>;
  /** By component. */
  readonly pods: ReadonlyMap<string, readonly PodChild[]>;
}

/** How a part is doing. */
export type PartState =
  | { readonly ready: true }
  /** `failed`: it will not get on by itself. */
  | { readonly ready: false; readonly failed: boolean; readonly reason: string };

/** Sorts what the caches hold of one namespace. */
export function observedParts(workloads: readonly WorkloadChild[], pods: readonly PodChild[]): ObservedParts {
  const byComponent = new Map<string, PodChild[]>();
  for (const pod of pods) {
    const component = pod.metadata.labels?.[COMPONENT_LABEL] ?? '';
    const known = byComponent.get(component);
    if (known === undefined) byComponent.set(component, [pod]);
    else known.push(pod);
  }
  return {
    workloads: new Map(workloads.map((workload) => [workload.metadata.name, workload])),
    pods: byComponent,
  };
}

/** Pods of a part in the form in which wiring looks at them. */
export function livePods(parts: ObservedParts, component: string): readonly LivePod[] {
  return (parts.pods.get(component) ?? []).map(({ metadata, ready, containers }) => ({
    name: metadata.name,
    uid: metadata.uid ?? '',
    ready,
    containers,
  }));
}

/** What is known of the reports of those workloads that report how they are wired. */
export function reporting({ workloads }: Plan, reports: ReadonlyMap<string, AppReport>): readonly AppReport[] {
  return workloads.flatMap(({ name, reportPath }) => (reportPath === undefined ? [] : (reports.get(name) ?? [])));
}

/** Whether a part has all its pods, of today's spec, available (kubectl rollout status). */
export function partState(parts: ObservedParts, component: string): PartState {
  const workload = parts.workloads.get(component);
  if (workload === undefined) return waiting('is being created');
  const { status, replicas, failure, metadata } = workload;
  if (status.observedGeneration < (metadata.generation ?? 0)) return waiting('has a new spec that is not taken up yet');
  const trouble = troubleOf(parts.pods.get(component) ?? [], status);
  const behind = (reason: string, failed = trouble?.final === true): PartState => ({
    ready: false,
    failed,
    reason: trouble === undefined ? reason : `${reason} (${trouble.words})`,
  });
  if (failure !== undefined) return behind(`${failure.reason}: ${failure.message}`, true);
  if (status.updatedReplicas < replicas) return behind(`has ${status.updatedReplicas} of ${replicas} new pods`);
  if (status.replicas > status.updatedReplicas) return waiting('still has pods of the former spec');
  if (status.availableReplicas < replicas) {
    return behind(`has ${status.availableReplicas} of ${replicas} pods available`);
  }
  return { ready: true };
}

/** The worst that is said of a part's pods. While pods of the former spec are there, theirs alone decides nothing. */
function troubleOf(
  pods: readonly PodChild[],
  { replicas, updatedReplicas }: WorkloadChild['status'],
): PodChild['trouble'] {
  const troubles = pods.flatMap(({ trouble }) => trouble ?? []);
  const worst = troubles.find(({ final }) => final) ?? troubles[0];
  if (worst === undefined) return undefined;
  const mixed = replicas > updatedReplicas;
  const ofToday = updatedReplicas > 0 && (!mixed || pods.every(({ trouble }) => trouble?.final === true));
  return { ...worst, final: worst.final && ofToday };
}

function waiting(reason: string): PartState {
  return { ready: false, failed: false, reason };
}
