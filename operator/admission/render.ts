import type { DefinedKind } from '../api/index.ts';
import { appWorkloads } from '../workloads/index.ts';
import { bounds } from './bounds.ts';
import { boundary, boundarySlices } from './boundary.ts';
import { configuration, configurationRemoval } from './configuration.ts';
import {
  guardCluster,
  guardControllers,
  guardEnvironments,
  guardDefinitions,
  guardNamespaces,
  guardNodes,
  guardPromotions,
  guardRecords,
  guardSystem,
  guardTargets,
  guardWebhooks,
} from './guard/index.ts';
import { madeMakers, removal, routing, signedRemoval, workloadStatus } from './lifecycle.ts';
import { scale } from './scale.ts';
import { definedObjects } from './defined-objects.ts';
import { objects } from './objects.ts';
import { operatorOnly } from './operator-only.ts';
import { pods } from './pods.ts';
import { podDeletion, podEviction } from './pod-deletion.ts';
import { cronJobs } from './cron-jobs.ts';
import { jobChanges, jobRuns, jobs } from './jobs.ts';
import { podMakers } from './pod-makers.ts';
import { podResize } from './pod-resize.ts';
import { liveAccess, podWriters, podsLive } from './pods-live.ts';
import { recordRetention } from './record-retention.ts';
import { renderRule, requestsOn, type PolicyObject } from './policy.ts';
import { requestedBy, setRequestedBy, votes } from './votes.ts';
import { who } from './who.ts';
import { setWorkloadAnnotations } from './workload-annotations.ts';
import { workloads } from './workloads.ts';

export interface RenderOptions {
  /** Namespace of the operator and of its service accounts. */
  readonly systemNamespace: string;
  /**
   * Whether the API server has MutatingAdmissionPolicy v1 (Kubernetes 1.36), which writes who asked and who changed what.
   * Without it clients write the first themselves, and the second is in the audit log only.
   */
  readonly mutating: boolean;
  /** Kinds of objects that the installation names beside the known ones. Default none. */
  readonly kinds?: readonly DefinedKind[] | undefined;
}

/**
 * Every admission policy and binding of the lock, in the order in which they are installed. Pure: the chart's generator,
 * the tests and the canary (which compares with what is installed) get the same objects.
 *
 * Spec: security.md, "The lock".
 */
export function renderPolicies({ systemNamespace, mutating, kinds = [] }: RenderOptions): readonly PolicyObject[] {
  const by = who(systemNamespace);
  const rules = [
    workloads(by, mutating),
    pods(by),
    podsLive(),
    podWriters(),
    podResize(),
    podDeletion(),
    podEviction(),
    cronJobs(by, mutating),
    jobs(by),
    jobChanges(),
    jobRuns(),
    podMakers(),
    liveAccess(),
    removal(by),
    signedRemoval(by),
    ...madeMakers(),
    workloadStatus(),
    scale(),
    objects(by),
    ...(kinds.length === 0 ? [] : [definedObjects(by, kinds)]),
    routing(),
    configuration(),
    configurationRemoval(),
    boundary(by),
    boundarySlices(),
    bounds(),
    votes(),
    requestedBy(),
    operatorOnly(by, systemNamespace),
    ...recordRetention(by, systemNamespace),
    guardNamespaces(by, systemNamespace),
    guardDefinitions(),
    guardTargets(systemNamespace),
    guardNodes(),
    guardWebhooks(),
    guardSystem(by, systemNamespace),
    guardRecords(by, systemNamespace),
    guardControllers(systemNamespace),
    guardCluster(systemNamespace),
    guardEnvironments(by, systemNamespace),
    guardPromotions(by, systemNamespace),
  ];
  const writers = mutating
    ? [...setRequestedBy(), ...setWorkloadAnnotations(requestsOn(appWorkloads, ['CREATE', 'UPDATE']))]
    : [];
  return [...rules.flatMap(renderRule), ...writers];
}
