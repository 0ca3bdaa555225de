import { all, any, named, sameExcept, sameField, text } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { addsNoFinalizer, bindsWithoutAnnotations, keepsReadAnnotations, sameAnnotations } from './pod-annotations.ts';
import { ADDED_LABELS, ADDED_LABEL_PREFIX } from './pod-fields.ts';
import { conditionsChange, notItsStatus, ownStatus, sameStatus, statusVariables, writesStatus } from './pod-status.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { WORKLOAD_CONTROLLERS, controllers, kubelet, onSubResource } from './who.ts';

const annotations = (object: string): string => `${object}.metadata.?annotations.orValue({})`;
const labels = (object: string): string => `${object}.metadata.?labels.orValue({})`;

/**
 * A running pod stays what it was at its creation: no other image, no ephemeral container, no label that takes it out of
 * its workload or into a Service, no other owner, no annotation that it reads, no status but its kubelet's. Needs no lock:
 * kubelets report the status of pods while a namespace (and its lock) goes. Who else may write what is {@link podWriters}.
 */
export function podsLive(): PolicyRule {
  const byController = controllers([...WORKLOAD_CONTROLLERS, 'generic-garbage-collector']);
  return {
    name: 'pods-live',
    description:
      'Running pods of a protected namespace keep their spec, labels, owner, status and what they read of themselves.',
    namespaces: protectedNamespaces,
    match: [
      { groups: [''], resources: ['pods', 'pods/*'], operations: ['UPDATE'] },
      { groups: [''], resources: ['bindings', 'pods/binding'], operations: ['CREATE'] },
    ],
    variables: statusVariables,
    validations: [
      {
        expression: any(
          "request.operation == 'CREATE'",
          'dyn(object.spec) == dyn(oldObject.spec)',
          // Which spec that may be, the rule pod-resize says.
          onSubResource('resize'),
          `(${onSubResource('ephemeralcontainers')} && ${sameExcept('dyn(object.spec)', 'dyn(oldObject.spec)', ['ephemeralContainers'])})`,
        ),
        message: denial("' would run with another spec than the approved one'"),
      },
      {
        expression: any(
          "request.operation == 'CREATE'",
          `${labels('object')} == ${labels('oldObject')}`,
          `(${controllers(WORKLOAD_CONTROLLERS)} && ${sameExcept(labels('object'), labels('oldObject'), ADDED_LABELS)})`,
        ),
        message: denial("' would join or leave a workload or a Service by its labels'"),
      },
      {
        expression: any(
          "request.operation == 'CREATE'",
          sameField('object.metadata', 'oldObject.metadata', 'ownerReferences'),
          byController,
        ),
        message: denial("' would get another owner'"),
      },
      {
        expression: any(
          "request.operation == 'UPDATE'",
          `${labels('object')}.all(k, k.startsWith(${text(ADDED_LABEL_PREFIX)}))`,
        ),
        message: denial("' would get labels with its node'"),
      },
      bindsWithoutAnnotations,
      addsNoFinalizer,
      keepsReadAnnotations,
      ownStatus,
    ],
  };
}

const mayWrite = (list: string, name: string): string =>
  `variables.writers.exists(w, ${named(`w.?${list}.orValue([])`, name)})`;

/**
 * Annotations and conditions of readiness gates have writers that the lock names, beside kubelets and Kubernetes' own
 * controllers: network plugins write what they gave a pod, load balancers whether they reach it. `IfPresent`: a missing
 * parameter would refuse before any condition is looked at, kubelets of a namespace whose lock is gone included; what
 * must hold then too is in {@link podsLive}, and a pod without a lock is followed by no other.
 */
export function podWriters(): PolicyRule {
  return {
    name: 'pod-writers',
    description: 'Annotations and readiness gates of running pods are written by named writers only.',
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods', 'pods/*'], operations: ['UPDATE'] }],
    conditions: [{ name: 'no-kubelet', expression: `!(${kubelet.replaceAll('\n', ' ')})` }],
    variables: [
      {
        name: 'writers',
        expression: `params.spec.?podWriters.orValue([]).filter(w, ${named('[w.user]', 'request.userInfo.username')})`,
      },
    ],
    validations: [
      {
        expression: any(
          sameAnnotations,
          controllers(WORKLOAD_CONTROLLERS),
          all(
            `${annotations('object')}.all(k, ${annotations('oldObject')}[?k] == optional.of(${annotations('object')}[k]) || ${mayWrite('annotations', 'k')})`,
            `${annotations('oldObject')}.all(k, k in ${annotations('object')} || ${mayWrite('annotations', 'k')})`,
          ),
        ),
        message: refusal(
          "' has annotations that ' + request.userInfo.username + ' may not write: name the writer in podWriters of the ProductionTarget or of the chart'",
        ),
      },
      {
        expression: any(
          sameStatus,
          writesStatus,
          all('variables.writers.size() > 0', conditionsChange(mayWrite('conditions', 'c.type'))),
        ),
        message: notItsStatus,
      },
    ],
  };
}

/** Commands and further containers in running pods, and their ports, where the target's `liveAccess` allows them. */
export function liveAccess(): PolicyRule {
  return {
    name: 'live-access',
    description:
      'exec, attach, port-forward, proxy and ephemeral containers in a protected namespace, only where its target allows them.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [
      {
        groups: [''],
        resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy', 'services/proxy'],
        operations: ['CONNECT'],
      },
      { groups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] },
    ],
    validations: [
      {
        expression: "params.spec.?liveAccess.orValue('Deny') == 'Allow'",
        message: denial(
          `' runs approved content only, and ' + request.subResource + ' could change that; a ProductionTarget allows it by liveAccess: Allow'`,
        ),
      },
    ],
  };
}
