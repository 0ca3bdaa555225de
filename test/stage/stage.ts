/**
 * What every test on a real API server stands on: the CRDs, the roles as they are rendered, the policies in force, the two
 * processes' accounts, and the people that the test names. What a kind of test has beside it is in the other files here.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DefinedKind } from '../../operator/api/index.ts';
import { renderPolicies } from '../../operator/admission/index.ts';
import { hasMutatingPolicies, isNewest, preparedApi, startApi, type ApiCluster } from '../harness/index.ts';
import { watchStatuses } from '../statuses/watch.ts';
import { AuditLog, auditFlags, endOfLog } from './audit.ts';
import { crdTexts, installCRDs } from './crds.ts';
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
  /** An API server that nobody has used before. */
  readonly fresh?: boolean;
}

/** What is known of a control plane on which everything is installed. */
interface Installed {
  readonly accounts: Readonly<Record<ProcessName, string>>;
  readonly people: Readonly<Record<string, string>>;
}

/**
 * An API server with everything installed on it: one of its own where it starts with other flags or is asked for, else one
 * that a test with the same installation has given back as it was.
 */
export async function openStage<Name extends string = never>(options: StageOptions<Name> = {}): Promise<Stage<Name>> {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-stage-'));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const end of ends.splice(0).toReversed()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    const { cluster, installed, logs } = await installedApi(options, folder);
    ends.push(() => cluster.stop());
    const since = await endOfLog(logs);
    const { testFile } = options;
    if (testFile !== undefined) ends.push(async () => recordRights(testFile, await new AuditLog(logs, since).next()));
    // Every status that goes by is held against the rules of its kind.
    const statuses = await watchStatuses(cluster);
    ends.push(() => statuses.stop());
    return {
      cluster,
      accounts: installed.accounts,
      // Those that were asked for.
      people: installed.people as Record<Name, string>,
      audit: new AuditLog(logs, since),
      folder,
      endsWith: (end) => void ends.push(end),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param folder for files of an API server of its own */
async function installedApi(
  options: StageOptions<string>,
  folder: string,
): Promise<{ readonly cluster: ApiCluster; readonly installed: Installed; readonly logs: string }> {
  const { people = {}, before = [], after = [], apiServerFlags, without, kinds = [], fresh = false } = options;
  const crds = await crdTexts();
  const roles = [...renderedRoles(without, kinds), ...before];
  const policies = renderPolicies({ systemNamespace, mutating: hasMutatingPolicies, kinds });
  const prepare = async (cluster: ApiCluster): Promise<Installed> => {
    await installCRDs(cluster, crds);
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } }, ...roles]);
    // Before the guard stands: it lets nobody mint the operator's tokens.
    const promotions = await cluster.boundToken(systemNamespace, 'twinlock-promotions');
    const environments = await cluster.boundToken(systemNamespace, 'twinlock-environments');
    await cluster.apply(policies);
    const named = await admit(cluster, people);
    if (after.length > 0) await cluster.apply(after);
    return {
      accounts: { promotions: promotions.kubeconfig, environments: environments.kubeconfig },
      people: named,
    };
  };
  if (fresh || apiServerFlags !== undefined) {
    const cluster = await startApi({ apiServerFlags: { ...(await auditFlags(folder)), ...apiServerFlags } });
    const installed = await prepare(cluster).catch(async (error: unknown) => {
      await cluster.stop();
      throw error;
    });
    return { cluster, installed, logs: folder };
  }
  const key = createHash('sha256')
    .update(JSON.stringify([isNewest, crds, roles, policies, people, after]))
    .digest('hex');
  const lent = await preparedApi({ key, flags: auditFlags, prepare });
  return { cluster: lent.cluster, installed: lent.prepared, logs: lent.folder };
}

/** Gives each of these people a certificate and binds their roles in every namespace. */
async function admit(
  cluster: ApiCluster,
  people: Readonly<Record<string, readonly string[]>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(people);
  const bindings = entries.flatMap(([name, roles]) => roles.map((role) => bind(role, user(name))));
  if (bindings.length > 0) await cluster.apply(bindings);
  const files = await Promise.all(entries.map(async ([name]) => [name, await cluster.persona(name)] as const));
  return Object.fromEntries(files);
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
