import { controllersOf, inWords, JOB_LABELS, jobMaker, jobWorkloads } from '../workloads/index.ts';
import { all, any, field, sameExcept, sameField, texts } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { addsNoOrphans, COLLECTOR } from './lifecycle.ts';
import { RULES } from './names.ts';
import { protectedNamespaces, requestsOn, type PolicyRule } from './policy.ts';
import { clearsNamespace, controllers, may, type Who } from './who.ts';
import { plan } from './workloads.ts';

const SPEC = 'variables.spec';
const byMaker = controllers(controllersOf(jobWorkloads));
const labels = (of: string): string => field(`${of}.template.?metadata`, 'labels', '{}');

/** What the API server fills into a Job and not into the template of one. */
const DEFAULTS = `{'parallelism': dyn(1), 'backoffLimit': dyn(6), 'completionMode': dyn('NonIndexed'), 'suspend': dyn(false), 'manualSelector': dyn(false), 'podReplacementPolicy': dyn('TerminatingOrFailed')}`;
const isDefault = (approved: string): string =>
  any(
    `${DEFAULTS}[?k] == optional.of(${SPEC}[k])`,
    `k == 'completions' && ${SPEC}[k] == 1 && !('parallelism' in ${approved})`,
    `k == 'backoffLimit' && ${SPEC}[k] == 2147483647 && 'backoffLimitPerIndex' in ${approved}`,
    `k == 'podReplacementPolicy' && ${SPEC}[k] == 'Failed' && 'podFailurePolicy' in ${approved}`,
  ).replaceAll('\n', ' ');

/** The spec of a Job is that of the approved template; the API server has added by which label its pods are counted. */
const sameContent = (approved: string): string =>
  all(
    `${approved}.all(k, k == 'template' || ${SPEC}[?k] == optional.of(${approved}[k]))`,
    `${SPEC}.all(k, k in ${approved} || k == 'selector' || ${isDefault(approved)})`,
    sameExcept(`${SPEC}.template`, `${approved}.template`, ['metadata']),
    sameExcept(field(`${SPEC}.template`, 'metadata', '{}'), field(`${approved}.template`, 'metadata', '{}'), [
      'labels',
      'creationTimestamp',
    ]),
    `${labels(approved)}.all(k, ${labels(SPEC)}[?k] == optional.of(${labels(approved)}[k]))`,
    `${labels(SPEC)}.all(k, k in ${labels(approved)} || k in ${texts(JOB_LABELS)})`,
  ).replaceAll('\n', '\n  ');
const owners = 'object.metadata.?ownerReferences.orValue([])';

/**
 * A Job is made by the controller of what it belongs to; whoever may roll back runs it by hand, exactly as it is approved
 * now (`kubectl create job --from`): what runs then is what people signed, and that it runs is the on-call's.
 */
export function jobs(by: Who): PolicyRule {
  return {
    name: RULES.jobs,
    description: `Jobs of a protected namespace are made from its ${inWords(jobWorkloads, 'and', 's')} only.`,
    lock: true,
    namespaces: protectedNamespaces,
    match: requestsOn([jobMaker], ['CREATE']),
    variables: [
      { name: 'spec', expression: 'dyn(object.spec)' },
      {
        name: 'approved',
        expression: `params.spec.?approved.orValue([]).filter(a, a.role == 'Current'
  && ${owners}.exists(o, o.kind == a.kind && o.name == a.name && o.?controller.orValue(false)))`,
      },
      {
        name: 'same',
        expression: `variables.approved.filter(a, has(a.spec.jobTemplate)\n  && ${sameContent('a.spec.jobTemplate.spec')})`,
      },
      {
        name: 'byHand',
        expression: `variables.same.exists(a, ${may('rollback', 'productiontargets', 'request.namespace', 'a.target')}
  && (!request.userInfo.username.startsWith('system:serviceaccount:') || request.userInfo.username in ${field('a', 'rollbackUsers', '[]')}))`,
      },
    ],
    validations: [
      {
        expression: any(
          byMaker,
          all(`${owners}.size() == 1`, 'variables.byHand'),
          all(
            by.promotions,
            `${owners}.size() == 0`,
            `params.spec.?jobs.orValue([]).exists(a, a.name == object.metadata.name && ${sameContent('a.spec')})`,
          ),
          plan(by).expression,
        ),
        message: denial(`(variables.approved.size() == 0
  ? ' belongs to no ${inWords(jobWorkloads, 'or')} of a ProductionTarget, so its pods would be refused; what runs once with a promotion stands in spec.jobs of it'
  : variables.same.size() == 0
  ? ' does not match the approved template of Jobs'
  : ' is run by hand with the verb rollback on productiontargets: its ${inWords(jobWorkloads, 'or')} runs it at its times')`),
      },
      addsNoOrphans,
    ],
  };
}

/** A Job stays what it was made as; it may be stopped, and goes on by who may roll back. */
export function jobChanges(): PolicyRule {
  const [spec, before] = ['dyn(object.spec)', 'dyn(oldObject.spec)'];
  return {
    name: 'job-changes',
    description: 'Jobs of a protected namespace keep their spec, their labels and what they belong to.',
    namespaces: protectedNamespaces,
    match: requestsOn([jobMaker], ['UPDATE']),
    validations: [
      {
        expression: any(
          all(
            any(
              `${spec} == ${before}`,
              all(
                sameExcept(spec, before, ['suspend']),
                any(`${spec}.?suspend.orValue(false)`, may('rollback', 'productiontargets', 'request.namespace')),
              ),
            ),
            sameField('object.metadata', 'oldObject.metadata', 'labels'),
            sameField('object.metadata', 'oldObject.metadata', 'ownerReferences'),
          ),
          controllers([...controllersOf(jobWorkloads), COLLECTOR]),
        ),
        message: refusal(
          "' stays what it was made as: it may be suspended, or deleted, and resumed with the verb rollback on productiontargets'",
        ),
      },
      addsNoOrphans,
    ],
  };
}

/**
 * As long as a step of a promotion runs its Job stays, whoever would delete it: one that is not there was never made, so
 * that none is made twice. Its pods are deleted like others; to stop it, it is suspended.
 */
export function jobRuns(): PolicyRule {
  return {
    name: RULES.jobRuns,
    description: 'Jobs of a promotion stay while their step runs.',
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: requestsOn([jobMaker], ['DELETE']),
    validations: [
      {
        expression: any('!params.spec.?jobs.orValue([]).exists(a, a.name == oldObject.metadata.name)', clearsNamespace),
        message: refusal("' belongs to a promotion whose step it is: to stop it, suspend it, and the promotion fails'"),
      },
    ],
  };
}
