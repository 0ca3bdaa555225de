import { kubernetesGroups } from '../../api/index.ts';
import { all, any, concat, not, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { keepsOwners } from '../lifecycle.ts';
import { GROUP } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { clearsNamespace, may, onSubResource } from '../who.ts';
import { asksToUnprotect, unprotectHint } from './unprotect.ts';

/**
 * The definitions of this group, and the servers that answer for it and for the groups of Kubernetes: without them nothing
 * can be compared. The core group's APIService has no `spec.group` at all.
 */
export function guardDefinitions(): PolicyRule {
  const group = `(object == null ? oldObject : object).spec.?group.orValue('') in ${texts([GROUP, ...kubernetesGroups])}`;
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
      {
        expression: any(
          "request.operation != 'DELETE'",
          "request.resource.resource != 'customresourcedefinitions'",
          asksToUnprotect('oldObject'),
        ),
        message: refusal(
          concat("' defines what protects production, and goes with every object of its kind'", unprotectHint),
        ),
      },
    ],
  };
}

/** What says which environments count, and what they ran with: one of one's own admits one's own evidence. */
const EVIDENCE_KINDS = ['twinclasses', 'vendortwins'];

/**
 * Targets, policies and keyrings: taking one away or weakening it is taking the lock off; a new one stops a namespace,
 * makes approvals ambiguous, or is trusted by a target that names it before it is there. The guard rails and the catalogue
 * decide what an environment proves. All of it needs `unprotect`; a target goes only when a person said so.
 */
export function guardTargets(systemNamespace: string): PolicyRule {
  const unprotect = may('unprotect', 'productiontargets', "(has(request.namespace) ? request.namespace : '')");
  return {
    name: 'guard-targets',
    description:
      'ProductionTargets, ApprovalPolicies, ApproverKeyrings, TwinClasses and VendorTwins are made and changed with the verb unprotect only.',
    match: [
      {
        groups: [GROUP],
        resources: ['productiontargets', 'approvalpolicies', 'approverkeyrings', ...EVIDENCE_KINDS],
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
          "request.operation != 'DELETE'",
          "request.resource.resource != 'productiontargets'",
          clearsNamespace,
          asksToUnprotect('oldObject'),
        ),
        message: refusal(concat("' locks production'", unprotectHint)),
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
