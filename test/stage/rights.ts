/** The rights of both processes, one by one, as the roles are rendered, and roles without one of them. */
import type { DefinedKind } from '../../operator/api/index.ts';
import { renderRbac } from '../../operator/install/rbac.ts';

/** `promotions: patch twinlock.dev/promotions/status`. */
export type Right = string;

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
}

/** By the names of their accounts and of the roles that are bound to these. */
const processes: Readonly<Record<string, string>> = {
  'twinlock-promotions': 'promotions',
  // Bound by the promotions process to itself in each protected namespace.
  'twinlock-configuration': 'promotions',
  'twinlock-environments': 'environments',
  // Bound by the environments process to itself in each environment's namespace.
  'twinlock-environment-manager': 'environments',
  // Bound by the platform where environments have copies from.
  'twinlock-environment-source': 'environments',
};

const rendered = (kinds: readonly DefinedKind[] = []): readonly Role[] =>
  renderRbac('twinlock-system', kinds) as readonly Role[];

/** The process whose account this is. */
export const processOfAccount = (user: string): string | undefined => processes[user.split(':').at(-1) ?? ''];

function processOf({ kind, metadata }: Role): string | undefined {
  return kind === 'Role' || kind === 'ClusterRole' ? processes[metadata.name] : undefined;
}

export const right = (process: string, verb: string, group: string, resource: string): Right =>
  `${process}: ${verb} ${group === '' ? '' : `${group}/`}${resource}`;

/** A rule as rules of one right each. */
function single({ apiGroups = [], resources = [], verbs, ...rest }: Rule): readonly Rule[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => ({ ...rest, apiGroups: [group], resources: [resource], verbs: [verb] })),
    ),
  );
}

function rightsOf(process: string, rule: Rule): readonly Right[] {
  return single(rule).map(({ apiGroups: [group = ''] = [], resources: [resource = ''] = [], verbs: [verb = ''] }) =>
    right(process, verb, group, resource),
  );
}

/** Every right of both processes, as the roles are rendered. */
export function renderedRights(): ReadonlySet<Right> {
  const rights = rendered().flatMap((role) => {
    const process = processOf(role);
    return process === undefined ? [] : (role.rules ?? []).flatMap((rule) => rightsOf(process, rule));
  });
  return new Set(rights);
}

/** The right that `make rights` takes away from whatever a test starts. */
export const removedRight = (): Right | undefined => process.env['TWINLOCK_WITHOUT'];

/**
 * The roles, accounts and bindings as they are rendered.
 *
 * @param without but for this right
 * @param kinds with the rights on these kinds of objects
 */
export function renderedRoles(without?: Right, kinds: readonly DefinedKind[] = []): readonly object[] {
  return [without, removedRight()].reduce(
    (roles: readonly Role[], each) => (each === undefined ? roles : roles.map((role) => withoutRight(role, each))),
    rendered(kinds),
  );
}

function withoutRight(role: Role, without: Right): Role {
  if (!renderedRights().has(without)) throw new Error(`no rendered role gives "${without}"`);
  const process = processOf(role);
  if (process === undefined) return role;
  const rules = (role.rules ?? []).flatMap((rule) =>
    rightsOf(process, rule).includes(without)
      ? single(rule).filter((each) => !rightsOf(process, each).includes(without))
      : [rule],
  );
  return { ...role, rules };
}
