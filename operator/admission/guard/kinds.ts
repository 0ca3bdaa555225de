import { all, any, text } from '../cel.ts';
import { refusal } from '../denial.ts';
import { GROUP } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { controllers, may, onSubResource } from '../who.ts';

/** The definitions of this group, and the server that answers for it: without them nothing can be compared. */
export function guardDefinitions(): PolicyRule {
  const group = `(object == null ? oldObject : object).spec.group == ${text(GROUP)}`;
  return {
    name: 'guard-definitions',
    description: "The definitions of Twinlock's kinds are changed with the verb upgrade only.",
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

/** Targets, policies and keyrings in force: taking one away or weakening it is taking the lock off. */
export function guardTargets(): PolicyRule {
  const unprotect = may('unprotect', 'productiontargets', "(has(request.namespace) ? request.namespace : '')");
  return {
    name: 'guard-targets',
    description: 'ProductionTargets, ApprovalPolicies and ApproverKeyrings are changed with the verb unprotect only.',
    match: [
      {
        groups: [GROUP],
        resources: ['productiontargets', 'approvalpolicies', 'approverkeyrings'],
        operations: ['UPDATE', 'DELETE'],
      },
    ],
    validations: [
      {
        expression: any(
          "request.operation == 'UPDATE' && dyn(object).?spec == dyn(oldObject).?spec",
          all("request.operation == 'DELETE'", controllers(['namespace-controller'])),
          unprotect,
        ),
        message: refusal("' guards production: changing it needs the verb unprotect on productiontargets'"),
      },
    ],
  };
}
