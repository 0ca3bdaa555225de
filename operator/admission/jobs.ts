import { controllersOf, inWords, jobMaker, jobWorkloads } from '../workloads/index.ts';
import { all, any, field, sameExcept, sameField, texts } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { addsNoOrphans, COLLECTOR } from './lifecycle.ts';
import { JOB_LABELS } from './pod-fields.ts';
import { protectedNamespaces, requestsOn, type PolicyRule } from './policy.ts';
import { controllers, may } from './who.ts';

const SPEC = 'variables.spec';
const APPROVED = 'a.spec.jobTemplate.spec';
const byMaker = controllers(controllersOf(jobWorkloads));
const labels = (of: string): string => field(`${of}.template.?metadata`, 'labels', '{}');

/** What the API server fills into a Job and not into the template of one. */
const DEFAULTS = `{'parallelism': dyn(1), 'backoffLimit': dyn(6), 'completionMode': dyn('NonIndexed'), 'suspend': dyn(false), 'manualSelector': dyn(false), 'podReplacementPolicy': dyn('TerminatingOrFailed')}`;
const isDefault = any(
  `${DEFAULTS}[?k] == optional.of(${SPEC}[k])`,
  `k == 'completions' && ${SPEC}[k] == 1 && !('parallelism' in ${APPROVED})`,
  `k == 'backoffLimit' && ${SPEC}[k] == 2147483647 && 'backoffLimitPerIndex' in ${APPROVED}`,
  `k == 'podReplacementPolicy' && ${SPEC}[k] == 'Failed' && 'podFailurePolicy' in ${APPROVED}`,
).replaceAll('\n', ' ');

/** The spec of a Job is that of the approved template; the API server has added by which label its pods are counted. */
const sameContent = all(
  `${APPROVED}.all(k, k == 'template' || ${SPEC}[?k] == optional.of(${APPROVED}[k]))`,
  `${SPEC}.all(k, k in ${APPROVED} || k == 'selector' || ${isDefault})`,
  sameExcept(`${SPEC}.template`, `${APPROVED}.template`, ['metadata']),
  sameExcept(field(`${SPEC}.template`, 'metadata', '{}'), field(`${APPROVED}.template`, 'metadata', '{}'), [
    'labels',
    'creationTimestamp',
  ]),
  `${labels(APPROVED)}.all(k, ${labels(SPEC)}[?k] == optional.of(${labels(APPROVED)}[k]))`,
  `${labels(SPEC)}.all(k, k in ${labels(APPROVED)} || k in ${texts(JOB_LABELS)})`,
);
const owners = 'object.metadata.?ownerReferences.orValue([])';

/**
 * A Job is made by the controller of what it belongs to; whoever may roll back runs it by hand, exactly as it is approved
 * now (`kubectl create job --from`): what runs then is what people signed, and that it runs is the on-call's.
 */
export function jobs(): PolicyRule {
  return {
    name: 'jobs',
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
        expression: `variables.approved.filter(a, has(a.spec.jobTemplate)\n  && ${sameContent.replaceAll('\n', '\n  ')})`,
      },
      {
        name: 'byHand',
        expression: `variables.same.exists(a, ${may('rollback', 'productiontargets', 'request.namespace', 'a.target')}
  && (!request.userInfo.username.startsWith('system:serviceaccount:') || request.userInfo.username in ${field('a', 'rollbackUsers', '[]')}))`,
      },
    ],
    validations: [
      {
        expression: any(byMaker, all(`${owners}.size() == 1`, 'variables.byHand')),
        message: denial(`(variables.approved.size() == 0
  ? ' belongs to no ${inWords(jobWorkloads, 'or')} of a ProductionTarget, so its pods would be refused'
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
