import { inWords, jobWorkloads } from '../workloads/index.ts';
import { podBounds } from './bounds.ts';
import { all, any, field, sameExcept } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { addsNoOrphans, keepsOwners, makesNoOwners } from './lifecycle.ts';
import { RULES } from './names.ts';
import { protectedNamespaces, requestsOn, type PolicyRule } from './policy.ts';
import { may, type Who } from './who.ts';
import { keepsRemovedBy, keepsUnprotect, namesWhoChangedIt } from './workload-annotations.ts';
import { candidates, plan, roles, rollingBack } from './workloads.ts';

const SPEC = 'variables.spec';
const APPROVED = 'a.spec';
const TEMPLATE = 'jobTemplate.spec.template';

const metadata = (of: string): string => field(of, 'metadata', '{}');
const sameMetadata = (at: string): string =>
  sameExcept(metadata(`${SPEC}.${at}`), metadata(`${APPROVED}.${at}`), ['creationTimestamp']);
const sameParts = (at: string, parts: readonly string[]): string =>
  sameExcept(`${SPEC}.${at}`, `${APPROVED}.${at}`, parts);

/** All of the spec but whether it is suspended. */
const sameContent = all(
  sameExcept(SPEC, APPROVED, ['suspend', 'jobTemplate']),
  sameParts('jobTemplate', ['metadata', 'spec']),
  sameMetadata('jobTemplate'),
  sameParts('jobTemplate.spec', ['template']),
  sameParts(TEMPLATE, ['metadata']),
  sameMetadata(TEMPLATE),
);

const mayRollBack = may('rollback', 'productiontargets', 'request.namespace', 'a.target');
const suspended = (of: string): string => field(`dyn(${of}.spec)`, 'suspend', 'false');

/**
 * What makes Jobs has the old spec or an approved one, as other workloads have. Undo knows nothing of it, so the fallback
 * is put back whole. To suspend it takes something away from production, as scaling to nothing does, and to resume it may
 * undo what somebody did in an incident: both are for who may roll back.
 */
export function cronJobs(by: Who, mutating: boolean): PolicyRule {
  return {
    name: RULES.cronJobs,
    description: `${inWords(jobWorkloads, 'and', 's')} of a protected namespace have approved content only.`,
    lock: true,
    namespaces: protectedNamespaces,
    match: requestsOn(jobWorkloads, ['CREATE', 'UPDATE']),
    bounds: podBounds(metadata(`dyn(object.spec).${TEMPLATE}`)),
    variables: [
      { name: 'spec', expression: 'dyn(object.spec)' },
      ...candidates,
      { name: 'same', expression: roles(sameContent) },
      ...rollingBack(by),
      plan(by),
    ],
    validations: [
      {
        expression: any(
          'variables.takes.exists(r, r in variables.same)',
          all(
            "'Fallback' in variables.same",
            `variables.approved.exists(a, a.role == 'Fallback' && ${mayRollBack})`,
            'variables.rollsBack',
          ),
          'variables.plan',
        ),
        message: denial(`('Fallback' in variables.same && variables.rollsBack
  ? ' is the signed fallback, and rolling back needs the verb rollback on productiontargets'
  : 'Fallback' in variables.same
  ? ' would take back what was promoted: commit that to Git, or name ' + request.userInfo.username + ' in rollback.serviceAccounts of the ProductionTarget'
  : 'Current' in variables.same
  ? ' was signed, and is closed: too late, or taken back'
  : variables.approved.size() == 0
  ? ' is not a workload of a ProductionTarget, or one that does not exist yet: then its first promotion creates it'
  : ' does not match the approved content')`),
      },
      {
        expression: any(
          `${suspended('object')} == (request.operation == 'UPDATE' ? ${suspended('oldObject')} : false)`,
          `variables.approved.exists(a, ${mayRollBack}
  && (variables.person || ${by.promotions.replaceAll('\n', ' ')} || request.userInfo.username in ${field('a', 'rollbackUsers', '[]')}))`,
          'variables.plan',
        ),
        message: refusal(
          "' is suspended, and resumed, by people who have the verb rollback on productiontargets, and by service accounts that rollback.serviceAccounts of its ProductionTarget names'",
        ),
      },
      keepsOwners,
      makesNoOwners,
      addsNoOrphans,
      keepsUnprotect,
      keepsRemovedBy(by),
      namesWhoChangedIt(mutating),
    ],
  };
}
