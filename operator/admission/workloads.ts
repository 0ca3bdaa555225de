import { inWords, lastingWorkloads } from '../workloads/index.ts';
import { podBounds } from './bounds.ts';
import { all, any, field, sameBeside, sameExcept, text } from './cel.ts';
import { sameEnv } from './container-fields.ts';
import { denial } from './denial.ts';
import { addsNoOrphans, keepsOwners, makesNoFinalizers, makesNoOwners } from './lifecycle.ts';
import { mutates, mutatesNamed } from './mutations.ts';
import { PLAN_MANAGER, RESTARTED_AT, RULES } from './names.ts';
import { protectedNamespaces, requestsOn, type PolicyRule, type Variable } from './policy.ts';
import { keepsReplicas } from './scale.ts';
import { fieldManager, isDryRun, may, type Who } from './who.ts';
import { keepsRemovedBy, keepsSteering, keepsUnprotect, namesWhoChangedIt } from './workload-annotations.ts';

/** Replicas have a rule of their own; the template is compared part by part. */
const BESIDE_FIELDS = ['replicas', 'template'];
const BESIDE_METADATA = ['annotations', 'creationTimestamp'];

const template = 'variables.spec.template';
const unscaled = lastingWorkloads
  .filter(({ scales }) => !scales)
  .map(({ type }) => `request.kind.kind == ${text(type.kind)}`);
const replicas = keepsReplicas('variables.approved');
const annotations = (of: string): string => field(`${of}.metadata`, 'annotations', '{}');

/**
 * The new spec of a workload is the old one or an approved one. `rollout undo` puts back the
 * template alone, so Fallback's template is accepted with Current's other fields too, from those who may roll back.
 */
export function workloads(by: Who, mutating: boolean): PolicyRule {
  return {
    name: RULES.workloads,
    description: `${inWords(lastingWorkloads, 'and', 's')} of a protected namespace have approved content only.`,
    lock: true,
    namespaces: protectedNamespaces,
    match: requestsOn(lastingWorkloads, ['CREATE', 'UPDATE']),
    bounds: podBounds('object.spec.template.metadata'),
    variables: [
      { name: 'spec', expression: 'dyn(object.spec)' },
      { name: 'annotations', expression: annotations(template) },
      ...candidates,
      { name: 'sameFields', expression: roles(sameExcept('variables.spec', 'a.spec', BESIDE_FIELDS)) },
      {
        name: 'sameTemplate',
        expression: roles(
          all(
            any(
              `${template}.spec == a.spec.template.spec`,
              all(mutates('Env'), sameBesideEnv(`${template}.spec`, 'a.spec.template.spec')),
            ),
            sameExcept(`${template}.metadata`, 'a.spec.template.metadata', BESIDE_METADATA),
            sameBeside(
              'variables.annotations',
              annotations('a.spec.template'),
              (key) => any(`${key} == ${text(RESTARTED_AT)}`, mutatesNamed('Annotations', key)),
              [RESTARTED_AT],
            ),
          ),
        ),
      },
      {
        name: 'fallback',
        expression: all(
          "'Fallback' in variables.sameTemplate",
          "['Current', 'Fallback'].exists(r, r in variables.sameFields)",
        ),
      },
      ...rollingBack(by),
      {
        name: 'promoted',
        expression: `variables.approved.filter(a, a.role == 'Current').map(a, a.spec.template.spec.containers.map(c, c.image).join(', ')).join(', ')`,
      },
      plan(by),
    ],
    validations: [
      {
        expression: any(
          'variables.takes.exists(r, r in variables.sameFields && r in variables.sameTemplate)',
          all(
            'variables.fallback',
            `variables.approved.exists(a, a.role == 'Fallback' && ${may('rollback', 'productiontargets', 'request.namespace', 'a.target')})`,
            'variables.rollsBack',
          ),
          'variables.plan',
        ),
        message: denial(`(variables.fallback && variables.rollsBack
  ? ' is the signed fallback, and rolling back needs the verb rollback on productiontargets'
  : variables.fallback
  ? ' would take back what was promoted: commit that to Git (' + variables.promoted + '), or name ' + request.userInfo.username + ' in rollback.serviceAccounts of the ProductionTarget'
  : 'Current' in variables.sameFields && 'Current' in variables.sameTemplate
  ? ' was signed, and is closed: too late, or taken back'
  : variables.approved.size() == 0
  ? ' is not a workload of a ProductionTarget, or one that does not exist yet: then its first promotion creates it'
  : ' does not match the approved content (' + (variables.sameTemplate.size() > 0 ? 'spec' : 'pod template') + ' differs)')`),
      },
      // Here, not in policies of their own: what a policy costs is converting the object for it.
      { ...replicas, expression: any(...unscaled, replicas.expression) },
      keepsOwners,
      makesNoOwners,
      makesNoFinalizers,
      addsNoOrphans,
      keepsSteering,
      keepsUnprotect,
      keepsRemovedBy(by),
      namesWhoChangedIt(mutating),
    ],
  };
}

/**
 * A reloader sets a variable in the template, where a webhook sets it in the pod: the same mutation lets both through.
 * What this accepts, `withoutMutations` takes away (operator/lock).
 */
function sameBesideEnv(p: string, t: string): string {
  const lists = ['containers', 'initContainers'].map((list) => {
    const [found, approved] = [field(p, list, '[]'), field(t, list, '[]')];
    const same = all(sameExcept('c', 'd', ['env']), sameEnv('c', 'd')).replaceAll('\n', '\n  ');
    return all(
      `${found}.map(c, c.name) == ${approved}.map(d, d.name)`,
      `${approved}.all(d, ${found}.exists(c, c.name == d.name\n  && ${same}))`,
    );
  });
  return all(sameExcept(p, t, ['containers', 'initContainers']), ...lists);
}

/** Variables: what a workload may be, what it was before among it. */
export const candidates: readonly Variable[] = [
  {
    name: 'approved',
    expression:
      'params.spec.?approved.orValue([]).filter(a, a.kind == request.kind.kind && a.name == object.metadata.name)',
  },
  {
    // There is at most one of each role, so the roles that agree in a part say which candidates agree in it.
    name: 'candidates',
    expression: `(request.operation == 'UPDATE'
  ? [dyn({'role': dyn('Before'), 'spec': dyn(oldObject.spec)})]
  : [dyn({})].filter(a, false)) + variables.approved`,
  },
  {
    // What came too late, or failed, stays where it is and comes nowhere else.
    name: 'takes',
    expression: `variables.approved.exists(a, a.role == 'Current' && has(a.closed)) ? ['Before'] : ['Before', 'Current']`,
  },
];

/**
 * Variables: who may go back, the verb aside. A tool that applies what it finds in Git cannot tell a rollback from what it
 * did not hear of: it takes back what people signed a moment ago. So an account rolls back only where the target says that
 * it does so on purpose.
 */
export function rollingBack(by: Who): readonly Variable[] {
  return [
    { name: 'person', expression: "!request.userInfo.username.startsWith('system:serviceaccount:')" },
    {
      name: 'namedAccount',
      expression: `variables.approved.exists(a, a.role == 'Fallback' && request.userInfo.username in ${field('a', 'rollbackUsers', '[]')})`,
    },
    { name: 'rollsBack', expression: any('variables.person', by.promotions, 'variables.namedAccount') },
  ];
}

/** Variable: the dry run that tells what people are asked about. */
export function plan(by: Who): Variable {
  return { name: 'plan', expression: all(isDryRun, `${fieldManager} == ${text(PLAN_MANAGER)}`, by.promotions) };
}

/** CEL: the roles of the candidates for which an expression of `a` holds. */
export function roles(agrees: string): string {
  return `variables.candidates.filter(a, ${agrees.replaceAll('\n', '\n  ')}).map(a, a.role)`;
}
