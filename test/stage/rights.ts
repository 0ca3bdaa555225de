/**
 * Which of the processes' rights the tests use, as the API server's own audit log has it. A stage that ends writes down what
 * was used on it, and fails when a process asked for what no rendered role gives it: a right that is taken out of a role then
 * fails each test file that uses it, and one that no file uses fails `test/rights`.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { renderRbac } from '../../operator/install/rbac.ts';
import { runFolder } from '../harness/index.ts';
import type { AuditedRequest } from './audit.ts';

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

const rendered = (): readonly Role[] => renderRbac('twinlock-system') as readonly Role[];

function processOf({ kind, metadata }: Role): string | undefined {
  return kind === 'Role' || kind === 'ClusterRole' ? processes[metadata.name] : undefined;
}

const right = (process: string, verb: string, group: string, resource: string): Right =>
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

/**
 * The roles, accounts and bindings as they are rendered.
 *
 * @param without but for this right
 */
export function renderedRoles(without?: Right): readonly object[] {
  if (without === undefined) return rendered();
  if (!renderedRights().has(without)) throw new Error(`no rendered role gives "${without}"`);
  return rendered().map((role) => {
    const process = processOf(role);
    if (process === undefined) return role;
    const rules = (role.rules ?? []).flatMap((rule) =>
      rightsOf(process, rule).includes(without)
        ? single(rule).filter((each) => !rightsOf(process, each).includes(without))
        : [rule],
    );
    return { ...role, rules };
  });
}

export interface Uses {
  readonly used: ReadonlySet<Right>;
  /** What RBAC refused, and no rendered role gives. */
  readonly refused: ReadonlySet<Right>;
}

/**
 * What the processes used of their rights.
 *
 * A refusal of what a role has is none: a role takes effect a moment after it is bound, and ends with its namespace.
 */
export function usesOf(requests: readonly AuditedRequest[]): Uses {
  const given = renderedRights();
  const used = new Set<Right>();
  const refused = new Set<Right>();
  for (const { user, objectRef, verb, userAgent = '', annotations = {}, responseStatus } of requests) {
    const process = processes[user.username.split(':').at(-1) ?? ''];
    // Tests lend themselves a process' token; only the processes name themselves so.
    if (process === undefined || objectRef?.resource === undefined || !userAgent.startsWith('twinlock')) continue;
    const { apiGroup = '', resource, subresource } = objectRef;
    const of = (verb: string): Right =>
      right(process, verb, apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
    const use = of(verb);
    if (annotations['authorization.k8s.io/decision'] !== 'forbid') used.add(use);
    else if (!given.has(use)) refused.add(use);
    // What an apply makes anew takes the right to create it as well.
    if (verb === 'patch' && responseStatus?.code === 201) used.add(of('create'));
  }
  return { used, refused };
}

const folder = (): string => join(runFolder(), 'rights');

async function write(name: string, rights: Iterable<Right>): Promise<void> {
  await mkdir(folder(), { recursive: true });
  await writeFile(join(folder(), `${name}.${randomUUID()}.json`), JSON.stringify([...rights].toSorted()));
}

/**
 * Writes down what a test file used.
 *
 * @throws when a process asked for what no rendered role gives it
 */
export async function recordRights(testFile: string, requests: readonly AuditedRequest[]): Promise<void> {
  const { used, refused } = usesOf(requests);
  const name = basename(testFile, '.test.ts');
  await write(name, used);
  if (refused.size > 0)
    throw new Error(
      `${name}: a process asked for what no rendered role gives it: ${[...refused].toSorted().join('; ')}. ` +
        'Give it the right in operator/*/rights.ts, or do not ask.',
    );
}

/** Writes down that a test shows what becomes of a process without this right: of a verb that no request has. */
export async function recordRemoval(testFile: string, removed: Right): Promise<void> {
  await write(basename(testFile, '.test.ts'), [removed]);
}

/** For each right, the test files that used it in this run. */
export async function recordedRights(): Promise<ReadonlyMap<Right, readonly string[]>> {
  const found = new Map<Right, Set<string>>();
  for (const file of await readdir(folder()).catch(() => [])) {
    const rights: readonly Right[] = JSON.parse(await readFile(join(folder(), file), 'utf8'));
    const name = file.slice(0, file.indexOf('.'));
    for (const each of rights) found.set(each, (found.get(each) ?? new Set()).add(name));
  }
  return new Map([...found].map(([each, names]) => [each, [...names].toSorted()]));
}

/** A run starts with none. */
export async function forgetRights(): Promise<void> {
  await rm(folder(), { recursive: true, force: true });
}
