import { all, any, not, text } from '../cel.ts';
import { refusal } from '../denial.ts';
import { ENVIRONMENT_LABEL, PROTECTED_LABEL } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { may, type Who } from '../who.ts';
import { label } from './labels.ts';

const isProtected = (object: string): string =>
  `${object} != null && ${label(object, PROTECTED_LABEL)} == optional.of('true')`;

/**
 * A namespace keeps its protection, through all three of its endpoints, and is not deleted while it has it. Decided on
 * the old object: a label that is taken off protects until then. The operator's own namespace is not deleted either.
 * The namespace controller deletes none, it finalizes those that somebody deleted.
 */
export function guardNamespaces(by: Who, systemNamespace: string): PolicyRule {
  return {
    name: 'guard-namespaces',
    description: 'The label of a protected namespace is set and removed by the operator, or with the verb unprotect.',
    match: [
      {
        groups: [''],
        resources: ['namespaces', 'namespaces/status', 'namespaces/finalize'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
    ],
    variables: [
      { name: 'before', expression: isProtected('oldObject') },
      { name: 'now', expression: isProtected('object') },
      {
        name: 'allowed',
        expression: any(
          all("request.operation != 'DELETE'", by.promotions),
          may('unprotect', 'productiontargets', 'request.name'),
        ),
      },
    ],
    validations: [
      {
        expression: any('variables.before == variables.now', 'variables.allowed'),
        message: refusal(
          `(variables.before ? ' is protected' : ' is not protected') + ': changing that needs the verb unprotect on productiontargets'`,
        ),
      },
      {
        expression: any(
          `request.operation != 'DELETE' || request.name != ${text(systemNamespace)}`,
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal("' is the operator itself: deleting it needs the verb upgrade on productiontargets'"),
      },
      {
        expression: any('object == null', not(`variables.now && ${label('object', ENVIRONMENT_LABEL)}.hasValue()`)),
        message: refusal("' cannot be production and an environment at once'"),
      },
    ],
  };
}
