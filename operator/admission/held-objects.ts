import { bookkeepingKeys } from '../api/index.ts';
import { all, any, field, not, sameExcept, text, texts } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { label } from './guard/labels.ts';
import { keepsOwners, makesNoFinalizers, makesNoOwners } from './lifecycle.ts';
import { MAY_GO, PLAN_MANAGER, UNREFERENCED_LABEL } from './names.ts';
import type { Validation, Variable } from './policy.ts';
import { clearsNamespace, fieldManager, isDryRun, may, type Who } from './who.ts';

/** The object of a request, what it was, and what an entry `a` of the lock holds. */
export const OBJECT = 'variables.object';
export const OLD = 'variables.old';
export const CONTENT = 'a.content';

const isBookkeeping = (key: string): string =>
  any(
    `${key} in ${texts(bookkeepingKeys.filter((known) => !known.endsWith('*')))}`,
    ...bookkeepingKeys
      .filter((known) => known.endsWith('*'))
      .map((known) => `${key}.startsWith(${text(known.slice(0, -1))})`),
  );

/** Labels or annotations are the same, beside those that only say who applies the object. */
export function sameKeys(left: string, right: string, name: string): string {
  const [found, approved] = [field(`${left}.?metadata`, name, '{}'), field(`${right}.?metadata`, name, '{}')];
  return all(
    `${found}.all(k, ${isBookkeeping('k')} || ${approved}[?k] == optional.of(${found}[k]))`,
    `${approved}.all(k, ${isBookkeeping('k')} || k in ${found})`,
  );
}

/** What an entry holds. */
export interface Held {
  /** CEL of the kind of the object, as entries have it. */
  readonly kind: string;
  /** CEL: the object is what the entry `a` holds, in all that users write. */
  readonly sameContent: string;
  /** What that needs. */
  readonly variables?: readonly Variable[];
}

/** What every rule about objects of the lock looks at. */
export function heldVariables(by: Who, { kind, sameContent, variables = [] }: Held): readonly Variable[] {
  return [
    { name: 'name', expression: "(object == null ? oldObject : object).metadata.?name.orValue('')" },
    {
      name: 'entries',
      expression: `params.spec.?objects.orValue([]).filter(a, a.kind == ${kind} && a.name == variables.name)`,
    },
    { name: 'object', expression: 'dyn(object)' },
    { name: 'old', expression: "request.operation == 'CREATE' ? dyn({}) : dyn(oldObject)" },
    ...variables,
    {
      name: 'unchanged',
      expression: all(
        "request.operation == 'UPDATE'",
        sameExcept(OBJECT, OLD, ['metadata', 'status']),
        sameKeys(OBJECT, OLD, 'labels'),
        sameKeys(OBJECT, OLD, 'annotations'),
      ),
    },
    {
      name: 'roles',
      expression: `variables.entries.filter(a, request.operation == 'DELETE' ? !has(a.content) : (
  ${sameContent.replaceAll('\n', '\n  ')}
)).map(a, has(a.closed) ? 'Closed' : a.role)`,
    },
    {
      name: 'rollsBack',
      expression: all(
        "'Fallback' in variables.roles",
        `variables.entries.exists(a, a.role == 'Fallback' && ${may('rollback', 'productiontargets', 'request.namespace', 'a.target')})`,
        any(
          "!request.userInfo.username.startsWith('system:serviceaccount:')",
          by.promotions,
          `variables.entries.exists(a, a.role == 'Fallback' && request.userInfo.username in ${field('a', 'rollbackUsers', '[]')})`,
        ),
      ),
    },
    { name: 'plan', expression: all(isDryRun, `${fieldManager} == ${text(PLAN_MANAGER)}`, by.promotions) },
  ];
}

/** What is listed is what an approval says, or as it was. */
export const isApproved: Validation = {
  expression: any(
    'variables.entries.size() == 0',
    all("request.operation == 'DELETE'", clearsNamespace),
    all("request.operation != 'DELETE'", 'variables.unchanged'),
    "'Current' in variables.roles",
    'variables.rollsBack',
    all("request.operation != 'DELETE'", 'variables.plan'),
  ),
  message: denial(`('Fallback' in variables.roles
  ? ' is what was approved before: rolling back needs the verb rollback on productiontargets, and a service account the name in rollback.serviceAccounts of the ProductionTarget'
  : 'Closed' in variables.roles
  ? ' was signed, and is closed: too late, or taken back'
  : request.operation == 'DELETE'
  ? ' is listed by a ProductionTarget and may not be deleted'
  : !variables.entries.exists(a, a.role == 'Current' && has(a.content))
  ? ' is listed by a ProductionTarget, and approved is that it is not there'
  : ' does not match the approved content')`),
};

/** Configuration that says so; what approved content refers to is held by `configuration-removal`, whoever deletes. */
const mayGo = all(
  "request.operation == 'DELETE'",
  "request.kind.group == '' && request.kind.kind == 'ConfigMap'",
  `${label('oldObject', UNREFERENCED_LABEL)}.orValue('') == ${text(MAY_GO)}`,
);

/** What holds of a listed object beside its content, and of what nobody lists. */
export function heldValidations(by: Who): readonly Validation[] {
  return [
    {
      // A stolen token of it would write everybody's Services else.
      expression: any('variables.entries.size() > 0', not(`(${by.namedPromotions})`), mayGo),
      message: refusal("' is listed by no ProductionTarget, and the promotions process writes nothing else'"),
    },
    {
      expression: any(
        'variables.entries.size() == 0',
        "request.operation == 'DELETE'",
        all(keepsOwners.expression, makesNoOwners.expression),
      ),
      message: refusal("' may not be given an owner: it would be deleted with it'"),
    },
    {
      ...makesNoFinalizers,
      expression: any('variables.entries.size() == 0', makesNoFinalizers.expression),
    },
  ];
}
