import { all, any, sameBeside, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import {
  CONFIGURATION_ROLE,
  GROUP,
  MAY_GO,
  PROMOTIONS,
  PROTECTED_LABEL,
  PROTECTIONS,
  RECORD_HEADS,
  UNPROTECT,
  UNREFERENCED_LABEL,
} from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { isDryRun, type Who } from '../who.ts';
import { label } from './labels.ts';

/**
 * The promotions process may delete pods and change workloads, which RBAC cannot bound to namespaces that carry a label:
 * a stolen token of it would be one for the whole cluster. Where the lock holds, content is compared whoever writes it;
 * elsewhere the process only asks what the API server would do.
 */
export function guardPromotions(by: Who, systemNamespace: string): PolicyRule {
  const inSystem = `(has(request.namespace) ? request.namespace : '') == ${text(systemNamespace)}`;
  return {
    name: 'guard-promotions',
    description:
      'The promotions process changes pods, workloads and what belongs to them in protected namespaces only.',
    match: [{ groups: ['*'], resources: ['*/*'], operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] }],
    conditions: [{ name: 'promotions-account', expression: by.namedPromotions }],
    validations: [
      {
        expression: any(
          isDryRun,
          `request.resource.group in ${texts([GROUP, 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io'])}`,
          // Namespaces have a guard of their own.
          "request.resource.group == '' && request.resource.resource == 'namespaces'",
          // What lets the process read is taken away with the label, or after it.
          `request.operation == 'DELETE' && request.resource.resource == 'rolebindings' && oldObject.metadata.name == ${text(CONFIGURATION_ROLE)}`,
          all(inSystem, OWN_OBJECTS),
          all(
            `!(${inSystem})`,
            `namespaceObject != null && ${label('namespaceObject', PROTECTED_LABEL)}.orValue('') in ${texts(Object.values(PROTECTIONS))}`,
          ),
        ),
        message: refusal(
          "' is in no protected namespace, and the promotions process changes nothing outside of those'",
        ),
      },
      {
        // Its right to patch namespaces is for one label.
        expression: any(
          "request.resource.group != '' || request.resource.resource != 'namespaces'",
          all(
            'object != null && oldObject != null',
            'object.spec == oldObject.spec',
            sameBesideProtection('labels'),
            sameBesideProtection('annotations'),
          ),
        ),
        message: refusal(
          "' keeps all that it says: the promotions process sets the label of protection and nothing else'",
        ),
      },
      {
        // Labelled by who has a token of it, the cluster's own workloads would be its to change.
        expression: any(
          "request.resource.group != '' || request.resource.resource != 'namespaces' || object == null",
          `!object.metadata.name.startsWith('kube-') && object.metadata.name != ${text(systemNamespace)}`,
          `!${label('object', PROTECTED_LABEL)}.hasValue()`,
        ),
        message: refusal(
          "' cannot be production: no ProductionTarget can be in the namespaces of Kubernetes and of Twinlock'",
        ),
      },
      {
        // What nothing approved refers to any more goes where whoever made it says so; the lock holds what is referred to.
        expression: any(
          "request.operation != 'DELETE' || request.resource.group != '' || request.resource.resource != 'secrets'",
          inSystem,
          `${label('oldObject', UNREFERENCED_LABEL)}.orValue('') == ${text(MAY_GO)}`,
        ),
        message: refusal(
          `' is not labelled ${UNREFERENCED_LABEL}=${MAY_GO}: the promotions process deletes no other Secret'`,
        ),
      },
      {
        // RBAC lets it bind every role whose rights it has, to whomever: its own, with the verb rollback, among them.
        expression: any(
          "request.resource.group != 'rbac.authorization.k8s.io' || request.operation == 'DELETE'",
          all(
            by.promotions,
            `object.roleRef.kind == 'ClusterRole' && object.roleRef.name == ${text(CONFIGURATION_ROLE)}`,
            'object.?subjects.orValue([]).size() == 1',
            `object.subjects.all(s, s.kind == 'ServiceAccount' && s.name == ${text(PROMOTIONS)} && s.?namespace.orValue('') == ${text(systemNamespace)})`,
          ),
        ),
        message: refusal("' would give rights away: the promotions process binds the one role to itself alone'"),
      },
    ],
  };
}

/** Its leases, its keys (RBAC names them) and the heads of the chains. */
const OWN_OBJECTS = any(
  "request.resource.resource in ['leases', 'secrets']",
  all(
    "request.resource.resource == 'configmaps'",
    `(object == null ? oldObject : object).metadata.name == ${text(RECORD_HEADS)}`,
  ),
);
const SETS = [PROTECTED_LABEL, UNPROTECT];

/** Beside the protection label, and beside the leave to take it off, which goes when it is set. */
function sameBesideProtection(field: 'labels' | 'annotations'): string {
  const of = (object: string): string => `${object}.metadata.?${field}.orValue({})`;
  return sameBeside(of('object'), of('oldObject'), (key) => `${key} in ${texts(SETS)}`, SETS);
}
