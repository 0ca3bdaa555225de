/** An API server with Twinlock's CRDs, policies, roles and promotions process, and people who work with it. */
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderPolicies } from '../../operator/admission/index.ts';
import { renderRbac } from '../../operator/install/rbac.ts';
import type { ProcessOptions, RunningProcess } from '../../operator/process-options.ts';
import { startPromotions } from '../../operator/promotions/process.ts';
import { run, startApi, tools, waitFor, type Answer, type ApiCluster } from '../harness/index.ts';
import { startPods, type Pods } from './pods.ts';

export const systemNamespace = 'twinlock-system';
export type Json = Readonly<Record<string, unknown>>;
const crds = join(import.meta.dirname, '../../../crds');
const own = '/apis/twinlock.dev/v1alpha1';

/** One person: a client certificate and an SSH key. */
export interface Person {
  readonly name: string;
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Path of a private key; the public one is beside it. */
  readonly key: string;
  /** The line of the .pub file. */
  readonly publicKey: string;
}

export interface Stage {
  readonly cluster: ApiCluster;
  readonly pods: Pods;
  /** Kubeconfigs of the processes, with tokens bound to pods. */
  readonly processes: { readonly promotions: string; readonly environments: string };
  readonly people: Readonly<Record<'alice' | 'bob' | 'mallory' | 'dev', Person>>;
  /** A folder for files, with `kubectl` of the cluster's version in `bin`. */
  readonly folder: string;
  /** Requests as admin; throws unless the answer is 2xx. */
  send(method: string, path: string, body?: unknown, as?: string): Promise<Json>;
  /** @param options what differs from one process alone, straight to the API server */
  startProcess(options?: Partial<ProcessOptions>): Promise<RunningProcess>;
  close(): Promise<void>;
}

/** Starts everything but the process itself. */
export async function openStage(): Promise<Stage> {
  const cluster = await startApi();
  const folder = await mkdtemp(join(tmpdir(), 'promotions-'));
  try {
    return await furnish(cluster, folder);
  } catch (error) {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function furnish(cluster: ApiCluster, folder: string): Promise<Stage> {
  await cluster.kubectl(['apply', '--server-side', '-f', crds]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } }]);
  await cluster.apply(renderRbac(systemNamespace));
  // Before the guard stands: it lets nobody mint the operator's tokens.
  const promotions = await cluster.boundToken(systemNamespace, 'twinlock-promotions');
  const environments = await cluster.boundToken(systemNamespace, 'twinlock-environments');
  await cluster.apply(renderPolicies({ systemNamespace }));
  const names = ['alice', 'bob', 'mallory', 'dev'] as const;
  const [alice, bob, mallory, dev] = await Promise.all(names.map((name) => person(cluster, folder, name)));
  if (!alice || !bob || !mallory || !dev) throw new Error('somebody is missing');
  await cluster.apply([
    ...['alice', 'bob', 'mallory'].flatMap((user) => [
      binding('twinlock-approver', user),
      binding('twinlock-reader', user),
    ]),
    binding('edit', 'dev'),
    binding('edit', 'alice'),
    binding('twinlock-oncall', 'bob'),
    { apiVersion: 'twinlock.dev/v1alpha1', kind: 'TwinClass', metadata: { name: 'default' }, spec: { default: true } },
    {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ApprovalPolicy',
      metadata: { name: 'default' },
      spec: { default: true },
    },
    keyring([alice, bob]),
  ]);
  await mkdir(join(folder, 'bin'));
  await symlink(await tools.kubectl(), join(folder, 'bin', 'kubectl'));
  // A pager asks for keys that nobody presses here.
  await symlink('/bin/cat', join(folder, 'bin', 'less'));
  const pods = startPods(cluster);
  const send: Stage['send'] = async (method, path, body, as) => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await cluster.request(method, path, {
      contentType,
      ...(body !== undefined && { body }),
      ...(as !== undefined && { as }),
    });
    return must(answer, `${method} ${path}`);
  };
  return {
    cluster,
    pods,
    folder,
    people: { alice, bob, mallory, dev },
    processes: { promotions: promotions.kubeconfig, environments: environments.kubeconfig },
    send,
    startProcess: (options) =>
      startPromotions({
        kubeconfig: promotions.kubeconfig,
        namespace: systemNamespace,
        clusterName: 'test',
        http: { host: '127.0.0.1', port: 0 },
        health: { host: '127.0.0.1', port: 0 },
        logLevel: logLevel(),
        leaderElect: false,
        networkPoliciesEnforced: false,
        ...options,
      }),
    close: async () => {
      await pods.stop();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `fatal` unless somebody looks for a defect: then the process says what it does. */
function logLevel(): 'fatal' | 'debug' {
  return process.env['TWINLOCK_TEST_LOG'] === undefined ? 'fatal' : 'debug';
}

/** The parsed body of an answer that must be 2xx. */
export function must({ status, body }: Answer, what: string): Json {
  if (status < 200 || status > 299) throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
  return body as Json;
}

export function keyring(people: readonly Person[], name = 'default'): object {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApproverKeyring',
    metadata: { name },
    spec: {
      principals: people.map(({ name: user, publicKey }) => ({
        name: user,
        kubernetesUsers: [user],
        keys: [{ publicKey }],
      })),
    },
  };
}

async function person(cluster: ApiCluster, folder: string, name: string): Promise<Person> {
  const key = join(folder, `id_${name}`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@example`, '-f', key], { timeout: 20_000 });
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  return { name, key, publicKey, kubeconfig: await cluster.persona(name) };
}

function binding(role: string, user: string): object {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `test-${role}-${user}` },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  };
}

/** Path of a kind of Twinlock's in a namespace. */
export function path(namespace: string, plural: string, name = ''): string {
  return `${own}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;
}

export function deploymentPath(namespace: string, name = ''): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments${name === '' ? '' : `/${name}`}`;
}

export { waitFor };
