import { any, sameExcept, sameField, text } from './cel.ts';
import { denial } from './denial.ts';
import { ADDED_LABELS, ADDED_LABEL_PREFIX } from './pod-fields.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { WORKLOAD_CONTROLLERS, controllers, onSubResource } from './who.ts';

const labels = (object: string): string => `${object}.metadata.?labels.orValue({})`;

/**
 * A running pod stays what it was at its creation: no other image, no ephemeral container, no label that takes it out of
 * its workload or into a Service, no other owner. Needs no lock: kubelets report the status of pods while a namespace
 * (and its lock) goes.
 */
export function podsLive(): PolicyRule {
  const byController = controllers([...WORKLOAD_CONTROLLERS, 'generic-garbage-collector']);
  return {
    name: 'pods-live',
    description: 'Running pods of a protected namespace keep their spec, labels and owner.',
    namespaces: protectedNamespaces,
    match: [
      { groups: [''], resources: ['pods', 'pods/*'], operations: ['UPDATE'] },
      { groups: [''], resources: ['bindings', 'pods/binding'], operations: ['CREATE'] },
    ],
    validations: [
      {
        expression: any(
          "request.operation == 'CREATE'",
          'dyn(object.spec) == dyn(oldObject.spec)',
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
