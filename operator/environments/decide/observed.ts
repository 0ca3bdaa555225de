import { environmentRow, JOB_NAME } from '../../workloads/index.ts';
import { COMPONENT_LABEL } from '../naming/index.ts';
import type { Manifest } from './children/index.ts';
import type { PodChild, WorkloadChild } from './live.ts';
import type { Plan } from './plan/index.ts';
import type { AppReport, LivePod } from './wiring/index.ts';

/** What the caches know of an environment's parts. */
export interface ObservedParts {
  /** What runs something, by kind and name. */
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
    workloads: new Map(workloads.map((workload) => [idOf(workload), workload])),
    pods: byComponent,
  };
}

/** Pods of a part in the form in which wiring looks at them: of what runs to its end, those that did count as Ready. */
export function livePods(parts: ObservedParts, runner: Runner | undefined): readonly LivePod[] {
  if (runner === undefined) return [];
  const ends = environmentRow(runner.kind)?.ends === true;
  return podsOf(parts, runner).map(({ metadata, ready, done, containers }) => ({
    name: metadata.name,
    uid: metadata.uid ?? '',
    ready: ends ? done : ready,
    containers,
  }));
}

/** What runs a part, by the plan. */
export type Runner = Pick<Manifest, 'kind' | 'metadata'>;

/** What is there of it; undefined before it was made, and of a run that is on its way out. */
export function liveRunner(parts: ObservedParts, runner: Runner): WorkloadChild | undefined {
  const found = parts.workloads.get(idOf(runner));
  return found?.run !== undefined && found.metadata.deletionTimestamp !== undefined ? undefined : found;
}

/** Runs of other content of the same part that are still there: two at once could meet in one database. */
export function formerRuns(parts: ObservedParts, runner: Runner): readonly WorkloadChild[] {
  const today = liveRunner(parts, runner);
  const component = componentOf(runner);
  return [...parts.workloads.values()].filter(
    (each) => each.run !== undefined && each !== today && componentOf(each) === component,
  );
}

function componentOf({ metadata }: Pick<WorkloadChild, 'metadata'>): string {
  return metadata.labels?.[COMPONENT_LABEL] ?? '';
}

function idOf({ kind, metadata }: Runner): string {
  return `${kind}/${metadata.name}`;
}

/** Those of a part; of what runs to its end, those of this very run. */
function podsOf({ pods }: ObservedParts, runner: Runner): readonly PodChild[] {
  const all = pods.get(componentOf(runner)) ?? [];
  if (environmentRow(runner.kind)?.ends !== true) return all;
  return all.filter(({ metadata }) => metadata.labels?.[JOB_NAME] === runner.metadata.name);
}

/** What is known of the reports of those workloads that report how they are wired. */
export function reporting({ workloads }: Plan, reports: ReadonlyMap<string, AppReport>): readonly AppReport[] {
  return workloads.flatMap(({ name, reportPath }) => (reportPath === undefined ? [] : (reports.get(name) ?? [])));
}

/** Whether a part has all its pods, of today's spec, available (kubectl rollout status), or ran to its end. */
export function partState(parts: ObservedParts, runner: Runner): PartState {
  const workload = liveRunner(parts, runner);
  if (workload === undefined) return waiting('is being created');
  const { status, replicas, failure, metadata, run } = workload;
  if (run?.state === 'Succeeded') return { ready: true };
  if (run === undefined && status.observedGeneration < (metadata.generation ?? 0))
    return waiting('has a new spec that is not taken up yet');
  const trouble = troubleOf(podsOf(parts, runner), workload);
  const behind = (reason: string, failed = trouble?.final === true): PartState => ({
    ready: false,
    failed,
    reason: trouble === undefined ? reason : `${reason} (${trouble.words})`,
  });
  if (run?.state === 'Failed') return behind(`failed, ${run.message}`, true);
  if (failure !== undefined) return behind(failure, true);
  if (run !== undefined) return behind('has not run to its end yet');
  if (status.updatedReplicas < replicas) return behind(`has ${status.updatedReplicas} of ${replicas} new pods`);
  if (status.replicas > status.updatedReplicas) return waiting('still has pods of the former spec');
  if (status.availableReplicas < replicas) {
    return behind(`has ${status.availableReplicas} of ${replicas} pods available`);
  }
  return { ready: true };
}

/** The worst that is said of a part's pods. While pods of the former spec are there, theirs alone decides nothing. */
function troubleOf(pods: readonly PodChild[], { status, run }: WorkloadChild): PodChild['trouble'] {
  const troubles = pods.flatMap(({ trouble }) => trouble ?? []);
  const worst = troubles.find(({ final }) => final) ?? troubles[0];
  if (worst === undefined || run !== undefined) return worst;
  const { replicas, updatedReplicas } = status;
  const mixed = replicas > updatedReplicas;
  const ofToday = updatedReplicas > 0 && (!mixed || pods.every(({ trouble }) => trouble?.final === true));
  return { ...worst, final: worst.final && ofToday };
}

/** It is on its way, or is to be. */
export function waiting(reason: string): PartState {
  return { ready: false, failed: false, reason };
}
