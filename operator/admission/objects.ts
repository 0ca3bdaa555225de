import { objectKinds, type ObjectKind } from '../api/index.ts';
import { ALLOCATED_BY_SERVICE, HEADLESS, objectType } from '../objects/index.ts';
import { all, any, field, group, sameExcept, text, texts } from './cel.ts';
import { denial } from './denial.ts';
import { CONTENT, heldValidations, heldVariables, isApproved, OBJECT, OLD, sameKeys } from './held-objects.ts';
import { keepsOwners } from './lifecycle.ts';
import { RULES } from './names.ts';
import { protectedNamespaces, type PolicyRule, type ResourceRule } from './policy.ts';
import { clearsNamespace, type Who } from './who.ts';

/** Each in the version in which the lock holds it: what is sent in another one is converted for the policy. */
const MATCH: readonly ResourceRule[] = objectKinds.map((kind) => {
  const { group: apiGroup, version, plural } = objectType(kind);
  return { groups: [apiGroup], versions: [version], resources: [plural], operations: ['CREATE', 'UPDATE', 'DELETE'] };
});

/** What sends traffic somewhere. */
const ROUTING: readonly ObjectKind[] = ['Service', 'Ingress', 'HTTPRoute'];

/** Kinds that somebody defined in the cluster: whether their status is apart, their definition says. */
const DEFINED: readonly ObjectKind[] = ['HTTPRoute'];

/** What is compared apart, or is no content. */
const APART = ['apiVersion', 'kind', 'metadata', 'status', 'spec', 'secrets'];
/**
 * Nobody chose it: who writes a field has it in the managed fields, which the API server works out before it allocates.
 * Where it keeps none, nobody can tell.
 *
 * @param by CEL: whether the fields `f` of a manager have it
 */
const isAllocated = (by: string): string => all('variables.managed.size() > 0', `!variables.managed.exists(f, ${by})`);

/** What the API server allocates is what it was, or is allocated now. */
const keepsAllocated = (member: string): string =>
  any(
    `!(${text(member)} in ${OBJECT}.spec)`,
    `${OLD}.?spec[?${text(member)}] == ${OBJECT}.spec[?${text(member)}]`,
    all(`!(${text(member)} in ${OLD}.?spec.orValue({}))`, isAllocated(`${text(`f:${member}`)} in f`)),
  );

const portKey = `'k:{"port":' + string(p.port) + ',"protocol":"' + p.?protocol.orValue('TCP') + '"}'`;
const oldPort = 'o.port == p.port && o.?protocol == p.?protocol';
const oldPorts = field(`${OLD}.?spec`, 'ports', '[]');
/** A port without its number on the nodes, which counts where the approved one has it; else it stays what it is. */
const samePort = all(
  sameExcept('p', 'q', ['nodePort']),
  any(
    'p.?nodePort == q.?nodePort',
    all(
      "!('nodePort' in q)",
      any(
        `${oldPorts}.exists(o, ${oldPort} && 'nodePort' in o && o.?nodePort == p.?nodePort)`,
        all(
          `!${oldPorts}.exists(o, ${oldPort} && 'nodePort' in o)`,
          isAllocated(`f[?'f:ports'][?${portKey}][?'f:nodePort'].hasValue()`),
        ),
      ),
    ),
  ),
);
const ports = (of: string): string => field(of, 'ports', '[]');
const sameService = all(
  sameExcept(`${OBJECT}.spec`, `${CONTENT}.spec`, [...ALLOCATED_BY_SERVICE, 'ports']),
  ...ALLOCATED_BY_SERVICE.map((member) =>
    any(
      `${OBJECT}.spec[?${text(member)}] == ${CONTENT}.spec[?${text(member)}]`,
      all(`!(${text(member)} in ${CONTENT}.spec)`, keepsAllocated(member)),
    ),
  ),
  // To have no address is content.
  `(${OBJECT}.spec.?clusterIP == optional.of(${text(HEADLESS)})) == (${CONTENT}.spec.?clusterIP == optional.of(${text(HEADLESS)}))`,
  `${ports(`${OBJECT}.spec`)}.size() == ${ports(`${CONTENT}.spec`)}.size()`,
  // In their order: each with each would cost too much.
  `${ports(`${OBJECT}.spec`)}.all(i, p, [${ports(`${CONTENT}.spec`)}[i]].all(q, ${samePort.replaceAll('\n', ' ')}))`,
);

/** The object is what an entry holds, in all that users write. */
const sameContent = all(
  'has(a.content)',
  sameExcept(OBJECT, CONTENT, APART),
  sameKeys(OBJECT, CONTENT, 'labels'),
  sameKeys(OBJECT, CONTENT, 'annotations'),
  // Tokens that a controller adds to a ServiceAccount count where people approved them; it has none when it is made.
  any(
    all("request.operation != 'CREATE'", `!('secrets' in ${CONTENT})`),
    `${OBJECT}[?'secrets'] == ${CONTENT}[?'secrets']`,
  ),
  // The API server drops what a new object of its own kinds says there.
  any("request.operation != 'CREATE'", `!(request.kind.kind in ${texts(DEFINED)})`, `!('status' in ${OBJECT})`),
  any(
    `${OBJECT}[?'spec'] == ${CONTENT}[?'spec']`,
    all("request.kind.kind == 'Service'", `'spec' in ${OBJECT}`, `'spec' in ${CONTENT}`, sameService),
  ),
);

/**
 * An object that a target lists is what an approval says, or as it was: made, changed and deleted by promotion only, whoever
 * sends it. What controllers write passes: status is a subresource, finalizers are no content, and what the API server
 * allocates counts only where people wrote it. The garbage collector is no exception: whoever made an owner would delete.
 */
export function objects(by: Who): PolicyRule {
  return {
    name: RULES.objects,
    description: 'Objects that a ProductionTarget lists are made, changed and deleted by promotion only.',
    // A namespace whose lock is gone must be able to go: its load balancers take their finalizers off.
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: MATCH,
    variables: heldVariables(by, {
      kind: 'request.kind.kind',
      sameContent,
      variables: [
        {
          name: 'managed',
          expression: `${field(`${OBJECT}.metadata`, 'managedFields', '[]')}.map(m, m.?fieldsV1[?'f:spec'].orValue({}))`,
        },
      ],
    }),
    validations: [
      isApproved,
      {
        expression: any(
          'variables.entries.size() > 0',
          "params.spec.?routing.orValue('Free') != 'Listed'",
          `!(request.kind.kind in ${texts(ROUTING)})`,
          all("request.operation == 'DELETE'", clearsNamespace),
          all("request.operation == 'UPDATE'", 'variables.unchanged', group(keepsOwners.expression)),
        ),
        message: denial(
          "' routes traffic, and no ProductionTarget lists it: a platform engineer adds it to spec.objects of one'",
        ),
      },
      ...heldValidations(by),
    ],
  };
}
