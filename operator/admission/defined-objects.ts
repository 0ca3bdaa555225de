import type { DefinedKind } from '../api/index.ts';
import { all, any, sameExcept, text } from './cel.ts';
import { CONTENT, heldValidations, heldVariables, isApproved, OBJECT, sameKeys } from './held-objects.ts';
import { RULES } from './names.ts';
import { protectedNamespaces, type PolicyRule, type ResourceRule } from './policy.ts';
import type { Who } from './who.ts';

/**
 * In every version, each as it was sent: a definition may stop serving the version that the lock has, and what is then
 * sent in another one is converted for no policy. The version is content. By `scale` somebody writes the spec; nobody but
 * the controller of the kind writes its status.
 */
function matchOf({ group, plural }: DefinedKind): ResourceRule {
  return {
    groups: [group],
    resources: [plural, `${plural}/scale`],
    operations: ['CREATE', 'UPDATE', 'DELETE'],
  };
}

/**
 * CEL: the kind by which the lock has what is sent: that of a request for \`scale\` is another one, and one that is named
 * for the plural of another is held all the same. A line for each, which the chart repeats.
 */
function kindOf(kinds: readonly DefinedKind[]): string {
  const lines = kinds.map(({ group, plural, kind }) => `  ${text(`${plural}.${group}`)}: ${text(kind)},\n`);
  return `{\n${lines.join('')}}[request.resource.resource + '.' + request.resource.group]`;
}

const sameContent = all(
  'has(a.content)',
  sameExcept(OBJECT, CONTENT, ['kind', 'metadata', 'status']),
  sameKeys(OBJECT, CONTENT, 'labels'),
  sameKeys(OBJECT, CONTENT, 'annotations'),
  // Whether its status is apart, its definition says.
  any("request.operation != 'CREATE'", `!('status' in ${OBJECT})`),
);

/**
 * The same as for the objects that every installation knows, for those of the kinds that this one names: nothing is
 * allocated in them that this product knows of, so all but status is content, the version too.
 */
export function definedObjects(by: Who, kinds: readonly DefinedKind[]): PolicyRule {
  return {
    name: RULES.definedObjects,
    description:
      'Objects of the kinds that the installation names are made, changed and deleted by promotion only, where a ProductionTarget lists them.',
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: kinds.map(matchOf),
    variables: [
      { name: 'kind', expression: kindOf(kinds) },
      ...heldVariables(by, { kind: 'variables.kind', sameContent }),
    ],
    validations: [isApproved, ...heldValidations(by)],
  };
}
