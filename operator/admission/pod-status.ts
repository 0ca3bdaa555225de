import { all, any, leavesOut, texts } from './cel.ts';
import { refusal } from './denial.ts';
import type { Validation, Variable } from './policy.ts';
import { controllers, kubeletOfPod, scheduler } from './who.ts';

/** What one of Kubernetes' own processes writes into the status of a pod that it does not run; from the sources of 1.36. */
export interface StatusWriter {
  /** CEL. */
  readonly who: string;
  readonly why: string;
  readonly fields?: readonly string[];
  /** Types of conditions; `Type=Status` when it sets that status only. */
  readonly conditions?: readonly string[];
}

/**
 * The account node-controller is trusted with nothing else than these two conditions: a cloud's controller manager runs
 * controllers with it, so its tokens are not guarded like the others'. Neither makes a pod take traffic.
 */
export const STATUS_WRITERS: readonly StatusWriter[] = [
  {
    who: scheduler,
    why: 'where a pod goes or why nowhere, whom it preempts, which devices it gets',
    fields: [
      'nominatedNodeName',
      'resourceClaimStatuses',
      'extendedResourceClaimStatus',
      'nodeAllocatableResourceClaimStatuses',
    ],
    conditions: ['PodScheduled', 'DisruptionTarget'],
  },
  {
    who: controllers(['node-controller']),
    why: 'node lifecycle (the node is lost) and taint eviction',
    conditions: ['Ready=False', 'DisruptionTarget'],
  },
  {
    who: controllers(['pod-garbage-collector']),
    why: 'ends pods of nodes that are gone: phase Failed',
    fields: ['phase', 'observedGeneration'],
    conditions: ['DisruptionTarget'],
  },
  {
    who: controllers(['disruption-controller', 'device-taint-eviction-controller']),
    why: 'a disruption that comes, or that did not come',
    conditions: ['DisruptionTarget'],
  },
  { who: controllers(['resource-claim-controller']), why: 'claims made for a pod', fields: ['resourceClaimStatuses'] },
];

/** Fields that traffic, rollouts and people act upon; what else a client does not know it may leave out. */
const NEVER_LEFT_OUT = ['phase', 'podIP', 'podIPs', 'hostIP', 'startTime', 'conditions', 'nominatedNodeName'];
const STATUSES = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'];
const NEVER_LEFT_OUT_OF_A_CONTAINER = [
  'name',
  'state',
  'lastState',
  'ready',
  'restartCount',
  'image',
  'imageID',
  'containerID',
  'started',
];

const conditions = (object: string): string => `dyn(${object}).?status.?conditions.orValue([])`;
const status = (object: string): string => `dyn(${object}).?status.orValue({})`;

/** The status did not change. */
export const sameStatus = `${status('object')} == ${status('oldObject')}`;

/** Conditions that differ are of types for which `allowed` holds; `c` is the condition. */
export function conditionsChange(allowed: string): string {
  return all(
    `${conditions('object')}.all(c, c in ${conditions('oldObject')} || ${allowed})`,
    `${conditions('oldObject')}.all(c, ${conditions('object')}.exists(n, n.type == c.type) || ${allowed})`,
  );
}

/** One of {@link STATUS_WRITERS} or the pod's kubelet. */
export const writesStatus = any(kubeletOfPod, ...STATUS_WRITERS.map(({ who }) => who));

/** The message of both rules that hold the status of pods. */
export const notItsStatus = refusal(
  "' has its status from its kubelet and from controllers of Kubernetes only; who else writes conditions of readiness gates is named in podWriters of the ProductionTarget or of the chart'",
);

/** Variables that {@link ownStatus} reads. */
export const statusVariables: readonly Variable[] = [
  { name: 'status', expression: status('object') },
  { name: 'statusBefore', expression: status('oldObject') },
  { name: 'statusFields', expression: granted(({ fields = [] }) => fields) },
  { name: 'statusApart', expression: `${texts(['conditions', ...STATUSES])} + variables.statusFields` },
  {
    name: 'statusConditions',
    expression: `${granted(({ conditions = [] }) => conditions)}
  + dyn(oldObject.spec).?readinessGates.orValue([]).map(g, g.conditionType)`,
  },
];

/**
 * Traffic follows `podIP` and `Ready`, and rollouts are judged by them, so status is the word of the kubelet that runs the
 * pod; what Kubernetes' other processes add is in {@link STATUS_WRITERS}. Conditions of readiness gates have writers of
 * their own, whom the rule pod-writers names. Absolute: needs no lock, so kubelets report while a namespace goes.
 */
export const ownStatus: Validation = {
  expression: any(
    "request.operation == 'CREATE'",
    kubeletOfPod,
    'variables.status == variables.statusBefore',
    all(
      leavesOut('variables.status', 'variables.statusBefore', NEVER_LEFT_OUT, 'variables.statusApart'),
      "!('phase' in variables.statusFields) || variables.status.?phase == variables.statusBefore.?phase || variables.status.?phase == optional.of('Failed')",
      `${texts(STATUSES)}.all(f, variables.status[?f].orValue([]).size() == variables.statusBefore[?f].orValue([]).size()
  && variables.status[?f].orValue([]).all(n, variables.statusBefore[?f].orValue([]).exists(b, ${leavesOut('n', 'b', NEVER_LEFT_OUT_OF_A_CONTAINER).replaceAll('\n', ' ')})))`,
      conditionsChange("c.type in variables.statusConditions || c.type + '=' + c.status in variables.statusConditions"),
    ),
  ),
  message: notItsStatus,
};

function granted(names: (writer: StatusWriter) => readonly string[]): string {
  const lists = STATUS_WRITERS.filter((writer) => names(writer).length > 0);
  return lists.map((writer) => `(${writer.who.replaceAll('\n', ' ')} ? ${texts(names(writer))} : [])`).join('\n  + ');
}
