import { all, any, not, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { keepsOwners } from '../lifecycle.ts';
import { GROUP } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { clearsNamespace, may, onSubResource } from '../who.ts';

/** Groups of Kubernetes that the lock reads or judges; another server behind one could make the policies go unseen. */
const JUDGED_GROUPS = [
  GROUP,
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'discovery.k8s.io',
  'rbac.authorization.k8s.io',
];

/**
 * The definitions of this group, and the servers that answer for it and for the groups that the lock stands on: without
 * them nothing can be compared. The core group's APIService has no `spec.group` at all.
 */
export function guardDefinitions(): PolicyRule {
  const group = `(object == null ? oldObject : object).spec.?group.orValue('') in ${texts(JUDGED_GROUPS)}`;
  return {
    name: 'guard-definitions',
    description:
      "The definitions of Twinlock's kinds, and the API services that the lock stands on, are changed with the verb upgrade only.",
    match: [
      {
        groups: ['apiextensions.k8s.io'],
        resources: ['customresourcedefinitions', 'customresourcedefinitions/status'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      {
        groups: ['apiregistration.k8s.io'],
        resources: ['apiservices', 'apiservices/status'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    conditions: [{ name: 'this-group', expression: group }],
    validations: [
      {
        expression: any(
          all(
            "request.userInfo.username == 'system:apiserver'",
            `(request.resource.resource == 'apiservices' || ${onSubResource('status')})`,
          ),
          may('upgrade', 'productiontargets'),
        ),
        message: refusal("' is what the lock stands on: changing it needs the verb upgrade on productiontargets'"),
      },
    ],
  };
}

/**
 * Targets, policies and keyrings: taking one away or weakening it is taking the lock off; a new one stops a namespace,
 * makes approvals ambiguous, or is trusted by a target that names it before it is there. All of it needs `unprotect`.
 */
export function guardTargets(systemNamespace: string): PolicyRule {
  const unprotect = may('unprotect', 'productiontargets', "(has(request.namespace) ? request.namespace : '')");
  return {
    name: 'guard-targets',
    description:
      'ProductionTargets, ApprovalPolicies and ApproverKeyrings are made and changed with the verb unprotect only.',
    match: [
      {
        groups: [GROUP],
        resources: ['productiontargets', 'approvalpolicies', 'approverkeyrings'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    validations: [
      {
        expression: any(
          "request.operation == 'UPDATE' && dyn(object).?spec == dyn(oldObject).?spec",
          all("request.operation == 'DELETE'", clearsNamespace),
          unprotect,
        ),
        message: refusal("' guards production: making or changing it needs the verb unprotect on productiontargets'"),
      },
      {
        expression: any(
          "request.operation != 'CREATE'",
          "request.resource.resource != 'productiontargets'",
          not(`request.namespace.startsWith('kube-') || request.namespace == ${text(systemNamespace)}`),
        ),
        message: refusal(
          "' would lock the cluster itself: the namespaces of Kubernetes and of Twinlock cannot be production'",
        ),
      },
      keepsOwners,
    ],
  };
}
