import { STEERING } from '../workloads/index.ts';
import { all, any, text } from './cel.ts';
import { refusal } from './denial.ts';
import { CHANGED_BY, policyName, REMOVED_BY, UNPROTECT } from './names.ts';
import {
  describe,
  matchConstraints,
  protectedNamespaces,
  type PolicyObject,
  type ResourceRule,
  type Validation,
} from './policy.ts';
import { controllers, may, type Who } from './who.ts';

const {
  controller: CONTROLLER,
  of: OF,
  prefix: CONTROLLERS_PREFIX,
  revision: REVISION,
  rollbackTo: ROLLBACK_TO,
} = STEERING;

const now = 'object.metadata.?annotations.orValue({})';
const before = "(request.operation == 'UPDATE' ? oldObject.metadata.?annotations.orValue({}) : {})";
const keeps = (name: string): string => `${now}[?${text(name)}] == ${before}[?${text(name)}]`;
const absent = (name: string): string => `!(${text(name)} in ${now})`;

/**
 * Annotations that steer the deployment controller are its own. They may be taken away, since `kubectl replace` of a
 * manifest does, and the controller writes them again; the revision stays, see {@link setWorkloadAnnotations}. What is made again
 * from an export brings one.
 */
export const keepsSteering: Validation = {
  expression: any(
    controllers([CONTROLLER]),
    all(
      any(absent(ROLLBACK_TO), keeps(ROLLBACK_TO)),
      `${now}.all(k, !k.startsWith(${text(CONTROLLERS_PREFIX)}) || ${before}[?k] == optional.of(${now}[k])
  || (request.operation == 'CREATE' && k == ${text(REVISION)}))`,
    ),
  ),
  message: refusal(
    `' has annotations of the ${OF.toLowerCase()} controller (${CONTROLLERS_PREFIX}*, ${ROLLBACK_TO}): leave them out; kubectl rollout undo goes back'`,
  ),
};

/** The same on what makes its pods, where nothing writes again what is taken away. */
export const sameSteering = all(
  `${now}.all(k, !k.startsWith(${text(CONTROLLERS_PREFIX)}) || ${before}[?k] == optional.of(${now}[k]))`,
  `${before}.all(k, !k.startsWith(${text(CONTROLLERS_PREFIX)}) || k in ${now})`,
);

/** The act of a person who is about to delete it; a tool that merely may must not find it there. */
export const keepsUnprotect: Validation = {
  expression: any(
    absent(UNPROTECT),
    keeps(UNPROTECT),
    controllers([CONTROLLER]),
    may('unprotect', 'productiontargets', 'request.namespace'),
  ),
  message: refusal(`' is annotated ${UNPROTECT} with the verb unprotect on productiontargets only'`),
};

const labelled = (of: string): string => `${of}.metadata.?labels[?${text(REMOVED_BY)}]`;

/**
 * It lets whoever deletes what people signed away do so. A label, since `kubectl rollout undo` brings annotations back that
 * a workload had once.
 */
export const keepsRemovedBy = (by: Who): Validation => ({
  expression: any(
    `!${labelled('object')}.hasValue()`,
    all("request.operation == 'UPDATE'", `${labelled('object')} == ${labelled('oldObject')}`),
    by.promotions,
  ),
  message: refusal(`' is labelled ${REMOVED_BY} by the promotions process only: leave it out'`),
});

/** What is deleted carries it. */
export const isRemovedBy = `${labelled('oldObject')}.hasValue()`;

/** Of a workload that makes Jobs, their template. */
const newTemplate = `request.operation == 'CREATE' || ${['template', 'jobTemplate']
  .map((member) => `dyn(object.spec).?${member} != dyn(oldObject.spec).?${member}`)
  .join(' || ')}`;

/**
 * Checked after every mutation, so that nobody else's name stands there.
 *
 * @param written whether the API server writes it; without, a name is right or absent
 */
export const namesWhoChangedIt = (written: boolean): Validation => ({
  expression: `(${newTemplate})
? ${written ? '' : `${absent(CHANGED_BY)} || `}${now}[?${text(CHANGED_BY)}] == optional.of(request.userInfo.username)
: (${any(keeps(CHANGED_BY), absent(CHANGED_BY), `${now}[?${text(CHANGED_BY)}] == optional.of(request.userInfo.username)`).replaceAll('\n', ' ')})`,
  message: refusal(
    `' names who changed its content in the annotation ${CHANGED_BY}: ${written ? 'leave it to the API server' : 'take it away'}'`,
  ),
});

const add = (name: string, value: string): string =>
  `[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey(${text(name)}), value: ${value}}]`;

/**
 * Writes into annotations of a workload, never of its template (pods do not change by it):
 *
 * - who changes its content: the one who sees a rollback there is another process, and managed fields name programs;
 * - the revision that it had, by which a rollback is told from content that was never applied: `kubectl replace`
 *   would drop it, and `kubectl rollout undo` writes back the one that it read a moment before.
 *
 * One policy for both, and never invoked again: changing an object on its way is what costs most at admission. What comes
 * after it may spoil what it wrote, and is refused by {@link namesWhoChangedIt} and {@link keepsSteering}.
 */
export function setWorkloadAnnotations(workloads: readonly ResourceRule[]): readonly PolicyObject[] {
  const metadata = describe(
    'workload-annotations',
    `Writes who changes the content of a workload into an annotation, and keeps the revision of a ${OF}.`,
  );
  const losesRevision = all(
    "request.operation == 'UPDATE'",
    `${text(REVISION)} in oldObject.metadata.?annotations.orValue({})`,
    `!(${keeps(REVISION)})`,
    `!(${controllers([CONTROLLER])})`,
  ).replaceAll('\n', ' ');
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: matchConstraints(workloads, protectedNamespaces),
        matchConditions: [{ name: 'something-to-write', expression: any(newTemplate, losesRevision) }],
        mutations: [
          {
            patchType: 'JSONPatch',
            jsonPatch: {
              expression: `(has(object.metadata.annotations) ? [] : [JSONPatch{op: 'add', path: '/metadata/annotations', value: {}}])
+ (${newTemplate} ? ${add(CHANGED_BY, 'request.userInfo.username')} : [])
+ (${losesRevision} ? ${add(REVISION, `oldObject.metadata.annotations[${text(REVISION)}]`)} : [])`,
            },
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: policyName('workload-annotations') },
    },
  ];
}
