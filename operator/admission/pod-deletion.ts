import { any, field } from './cel.ts';
import { refusal } from './denial.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { templates } from './templates.ts';
import { controllers, kubelet, may } from './who.ts';

/** What the API server takes for a pod that names none. */
const DEFAULT_GRACE = 30;
/** Length up to which the name of a pod begins with the name of its workload, whole: pods' names are cut to 63. */
const WHOLE_NAME = 40;

/** What somebody asks for who says a number. */
const asked = 'variables.asked.value()';
const asksNothing = '!variables.asked.hasValue()';
const mayRollBack = may('rollback', 'productiontargets', 'request.namespace');
const stillRuns = refusal(
  "' would be gone from the API while it still runs: leave out --force and --grace-period; without a grace it is deleted by who has the verb rollback on productiontargets'",
);

/**
 * A pod ends within its own grace and not at once: a longer one lets content run on whose approval ended, and none takes
 * the object away while the process still runs, unseen. Only kubelets, which have ended the process, and the controller
 * that clears up after lost nodes delete with 0. Needs no lock, so that a namespace can go.
 */
export function podDeletion(): PolicyRule {
  const runsNothing =
    "(oldObject.spec.?nodeName.orValue('') == '' || oldObject.?status.?phase.orValue('') in ['Succeeded', 'Failed'])";
  return {
    name: 'pod-deletion',
    description: 'Pods of a protected namespace are ended within their own grace period, and not without one.',
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods'], operations: ['DELETE'] }],
    variables: [
      {
        // The API server has filled in the pod's own grace, or 0 for a pod that runs nothing, where a DELETE of one pod
        // says nothing, and 1 where it says less than 0; a DELETE of a collection is seen as it was sent.
        name: 'asked',
        expression: `has(request.options) && has(request.options.gracePeriodSeconds) ? optional.of(dyn(request.options.gracePeriodSeconds)) : optional.none()`,
      },
      {
        name: 'own',
        expression: `oldObject.spec.?terminationGracePeriodSeconds.orValue(${DEFAULT_GRACE})`,
      },
    ],
    validations: [
      {
        expression: any(asksNothing, `${asked} <= variables.own`),
        message: refusal(
          "' ends within its own grace of ' + string(int(variables.own)) + ' seconds, not ' + string(int(variables.asked.value())) + ': what is no longer approved would run on; leave --grace-period out'",
        ),
      },
      {
        expression: any(
          asksNothing,
          `${asked} >= 1`,
          `${asked} == variables.own`,
          runsNothing,
          kubelet,
          controllers(['pod-garbage-collector']),
          mayRollBack,
        ),
        message: stillRuns,
      },
    ],
  };
}

/**
 * Admission of an Eviction sees no pod, so that the approved specs say how long it may take: those of the workload whose
 * name the pod's begins with (the longest such name), or all of them. A missing lock denies: Kubernetes evicts nothing in a
 * namespace that goes, and elsewhere no pod would come back without one.
 */
export function podEviction(): PolicyRule {
  const workloadsName = 'a.name.substring(0, a.name.size() < 40 ? a.name.size() : 40)'.replaceAll(
    '40',
    String(WHOLE_NAME),
  );
  const grace = field('a.spec.template.spec', 'terminationGracePeriodSeconds', String(DEFAULT_GRACE));
  return {
    name: 'pod-eviction',
    description:
      'Evictions in a protected namespace give a pod no more time than the approved content has, and not none.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods/eviction'], operations: ['CREATE'] }],
    conditions: [{ name: 'asks-for-time', expression: 'has(object.deleteOptions)' }],
    variables: [
      { name: 'asked', expression: 'dyn(object).?deleteOptions.?gracePeriodSeconds' },
      { name: 'approved', expression: templates },
      { name: 'named', expression: `variables.approved.filter(a, request.name.startsWith(${workloadsName}))` },
      {
        name: 'own',
        expression: `variables.named.size() == 0
  ? variables.approved
  : variables.named.filter(a, variables.named.all(b, b.name.size() <= a.name.size()))`,
      },
    ],
    validations: [
      {
        expression: any(
          asksNothing,
          `${asked} <= ${DEFAULT_GRACE} && variables.own.size() == 0`,
          `variables.own.size() > 0 && variables.own.all(a, ${asked} <= ${grace})`,
        ),
        message: refusal(
          "' ends within the terminationGracePeriodSeconds of its approved content, not ' + string(int(variables.asked.value())) + ' seconds; leave deleteOptions.gracePeriodSeconds out'",
        ),
      },
      {
        // Whoever drains a node names the pod's own grace, and some have none.
        expression: any(
          asksNothing,
          `${asked} >= 1`,
          `variables.own.size() > 0 && variables.own.all(a, ${asked} == ${grace})`,
          mayRollBack,
        ),
        message: stillRuns,
      },
    ],
  };
}
