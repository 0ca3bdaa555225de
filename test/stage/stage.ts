/**
 * What every test on a real API server stands on: the CRDs, the roles as they are rendered, the policies in force, the two
 * processes' accounts, and the people that the test names. What a kind of test has beside it is in the other files here.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DefinedKind } from '../../operator/api/index.ts';
import { renderPolicies } from '../../operator/admission/index.ts';
import { hasMutatingPolicies, startApi, type ApiCluster } from '../harness/index.ts';
import { watchStatuses } from '../statuses/watch.ts';
import { AuditLog, auditFlags } from './audit.ts';
import { installCRDs } from './crds.ts';
import { renderedRoles, type Right } from './rights.ts';
import { recordRights } from './uses.ts';

export const systemNamespace = 'twinlock-system';
export type Json = Readonly<Record<string, unknown>>;
export type ProcessName = 'promotions' | 'environments';

export interface Stage<Name extends string = string> {
  readonly cluster: ApiCluster;
  /** Kubeconfigs of the processes: tokens bound to pods of accounts that have the rendered roles and nothing else. */
  readonly accounts: Readonly<Record<ProcessName, string>>;
  /** Kubeconfigs of people: client certificates. */
  readonly people: Readonly<Record<Name, string>>;
  /** Every request that the processes' accounts sent, as the API server saw it. */
  readonly audit: AuditLog;
  /** A folder for files; removed with the stage. */
  readonly folder: string;
  /** Ends with the stage, the last one first. */
  readonly endsWith: (end: () => Promise<unknown>) => void;
  readonly stop: () => Promise<void>;
}

export interface StageOptions<Name extends string> {
  /** By name, the roles of the chart and of Kubernetes that somebody is bound to in every namespace. */
  readonly people?: Readonly<Record<Name, readonly string[]>>;
  /** Objects that are there before the guard stands. */
  readonly before?: readonly object[];
  /** Objects that are made once everything stands. */
  readonly after?: readonly object[];
  /** Flags of the API server. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
  /** The test file, which is then on record as one that uses the processes' rights (see `uses.ts`). */
  readonly testFile?: string;
  /** A right that is taken out of the rendered roles. */
  readonly without?: Right;
  /** Kinds of objects that the installation names beside the known ones. */
  readonly kinds?: readonly DefinedKind[];
}

/** Starts an API server of its own and installs everything on it. */
export async function openStage<Name extends string = never>({
  people,
  before = [],
  after = [],
  apiServerFlags = {},
  testFile,
  without,
  kinds = [],
}: StageOptions<Name> = {}): Promise<Stage<Name>> {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-stage-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of ends.splice(0).toReversed()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    const cluster = await startApi({ apiServerFlags: { ...(await auditFlags(folder)), ...apiServerFlags } });
    if (testFile !== undefined) ends.push(async () => recordRights(testFile, await new AuditLog(folder).next()));
    ends.push(() => cluster.stop());
    await installCRDs(cluster);
    // Every status that goes by is held against the rules of its kind.
    const statuses = await watchStatuses(cluster);
    ends.push(() => statuses.stop());
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } },
      ...renderedRoles(without, kinds),
      ...before,
    ]);
    // Before the guard stands: it lets nobody mint the operator's tokens.
    const promotions = await cluster.boundToken(systemNamespace, 'twinlock-promotions');
    const environments = await cluster.boundToken(systemNamespace, 'twinlock-environments');
    await cluster.apply(renderPolicies({ systemNamespace, mutating: hasMutatingPolicies, kinds }));
    const named = await admit(cluster, people ?? ({} as Readonly<Record<Name, readonly string[]>>));
    if (after.length > 0) await cluster.apply(after);
    return {
      cluster,
      accounts: { promotions: promotions.kubeconfig, environments: environments.kubeconfig },
      people: named,
      audit: new AuditLog(folder),
      folder,
      endsWith: (end) => void ends.push(end),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Gives each of these people a certificate and binds their roles in every namespace. */
async function admit<Name extends string>(
  cluster: ApiCluster,
  people: Readonly<Record<Name, readonly string[]>>,
): Promise<Readonly<Record<Name, string>>> {
  const entries: readonly (readonly [string, readonly string[]])[] = Object.entries(people);
  const bindings = entries.flatMap(([name, roles]) => roles.map((role) => bind(role, user(name))));
  if (bindings.length > 0) await cluster.apply(bindings);
  const files = await Promise.all(entries.map(async ([name]) => [name, await cluster.persona(name)] as const));
  return Object.fromEntries(files) as Record<Name, string>;
}

const rbac = 'rbac.authorization.k8s.io';
type Subject = Readonly<Record<string, string>> & { readonly name: string };

export const user = (name: string): Subject => ({ apiGroup: rbac, kind: 'User', name });

export const account = (process: ProcessName): Subject => ({
  kind: 'ServiceAccount',
  name: `twinlock-${process}`,
  namespace: systemNamespace,
});

/** Binds a ClusterRole: in one namespace, or in all. */
export function bind(role: string, subject: Subject, namespace?: string): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name: `test-${role}-${subject.name}`, ...(namespace !== undefined && { namespace }) },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects: [subject],
  };
}
