import { all, any, concat, not, text } from '../cel.ts';
import { refusal } from '../denial.ts';
import { ENVIRONMENT_LABEL, PROTECTED_LABEL, PROTECTIONS } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { may, type Who } from '../who.ts';
import { label } from './labels.ts';
import { asksToUnprotect, unprotectHint } from './unprotect.ts';

/** How much a namespace is protected: 2 is enforced, 1 is told only, 0 is neither. */
const protection = (object: string): string => `${object} == null ? 0
  : ${label(object, PROTECTED_LABEL)} == optional.of(${text(PROTECTIONS.enforce)}) ? 2
  : ${label(object, PROTECTED_LABEL)} == optional.of(${text(PROTECTIONS.warn)}) ? 1 : 0`;

/**
 * A namespace keeps its protection, through all three of its endpoints, and is not deleted while it is enforced. Decided on
 * the old object: a label that is taken off protects until then. The operator's own namespace is not deleted either.
 * The namespace controller deletes none, it finalizes those that somebody deleted.
 */
export function guardNamespaces(by: Who, systemNamespace: string): PolicyRule {
  const isSystem = `oldObject != null && oldObject.metadata.name == ${text(systemNamespace)}`;
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
      { name: 'before', expression: protection('oldObject') },
      { name: 'now', expression: protection('object') },
      {
        // Where changes are told only, deletion is not refused either.
        name: 'same',
        expression: any(
          'variables.before == variables.now',
          all("request.operation == 'DELETE'", 'variables.before < 2'),
        ),
      },
      { name: 'byOperator', expression: all("request.operation != 'DELETE'", by.promotions) },
    ],
    validations: [
      {
        expression: any(
          'variables.same',
          'variables.byOperator',
          may('unprotect', 'productiontargets', 'request.name'),
        ),
        message: refusal(
          `(variables.before > 0 ? ' is protected' : ' is not protected') + ': changing that needs the verb unprotect on productiontargets'`,
        ),
      },
      {
        expression: any(
          'variables.same',
          'variables.byOperator',
          'variables.now > variables.before',
          asksToUnprotect('oldObject'),
        ),
        message: refusal(concat("' is protected'", unprotectHint)),
      },
      {
        expression: any(
          `request.operation != 'DELETE' || !(${isSystem})`,
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal("' is the operator itself: deleting it needs the verb upgrade on productiontargets'"),
      },
      {
        expression: any(`request.operation != 'DELETE' || !(${isSystem})`, asksToUnprotect('oldObject')),
        message: refusal(concat("' is the operator itself'", unprotectHint)),
      },
      {
        expression: any('object == null', not(`variables.now > 0 && ${label('object', ENVIRONMENT_LABEL)}.hasValue()`)),
        message: refusal("' cannot be production and an environment at once'"),
      },
    ],
  };
}
