import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderPolicies } from '../../operator/admission/index.ts';
import { approvedSpec, specDigest } from '../../operator/canonical/index.ts';
import { startApi, waitFor, type Answer, type ApiCluster, type RequestOptions } from '../harness/index.ts';
import { readKubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { aggregated, bindIn, overgrant, roles } from './attackers.ts';

export type Json = Readonly<Record<string, unknown>>;
export interface Live {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string } & Json;
  readonly spec: Json;
}
/** A change sent as one HTTP request. */
export type Send = (method: string, path: string, body?: unknown, options?: RequestOptions) => Promise<Answer>;

const systemNamespace = 'twinlock-system';
const crds = join(import.meta.dirname, '../../crds');

/** An API server with Twinlock's CRDs and policies, and real people and processes who act on it. */
export interface Stage {
  readonly cluster: ApiCluster;
  /** system:masters. */
  readonly admin: Send;
  /** Kubernetes' own `edit` in every namespace, with what the chart adds to it. */
  readonly agent: Send;
  /** The chart's role of that name. */
  readonly oncall: Send;
  /** The chart's role of that name. */
  readonly approver: Send;
  /** The platform engineer, with the chart's role twinlock-admin. */
  readonly platform: Send;
  /** An attacker: every verb on everything of Kubernetes' own groups (RBAC aside), in every namespace. */
  readonly wildcard: Send;
  /** An attacker: the same in the namespaces of {@link Stage.letIn} alone. */
  readonly namespaced: Send;
  /** An attacker: the ordinary verbs in the whole cluster, without nodes, certificates and admission. */
  readonly ordinary: Send;
  /** Kubeconfigs of the same people, for stock kubectl. */
  readonly files: Readonly<Record<(typeof people)[number], string>>;
  /** The controller manager itself, as a cluster without an account per controller has it. */
  readonly manager: Send;
  /** The promotions process: a token bound to its pod. */
  readonly promotions: Send;
  /** The environments process. */
  readonly environments: Send;
  /** An account's token without a pod, as `kubectl create token` mints it (by the admin: the guard refuses others). */
  withToken(namespaceName: string, account: string): Promise<Send>;
  /** Binds the namespaced attacker in a namespace. */
  letIn(namespaceName: string): Promise<void>;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Processes of the operator with every right, so that only admission holds them; else as the chart has them. */
  readonly overgranted?: readonly ('promotions' | 'environments')[];
  /** Flags of the API server. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
}

const people = ['agent', 'oncall', 'approver', 'platform', 'wildcard', 'namespaced', 'ordinary'] as const;

/** Starts an API server of its own and installs everything; returns when the policies are in force. */
export async function openStage({ overgranted = [], apiServerFlags = {} }: StageOptions = {}): Promise<Stage> {
  const cluster = await startApi({ apiServerFlags });
  try {
    const stage = await furnish(cluster);
    if (overgranted.length > 0)
      await cluster.apply(overgranted.map((process) => overgrant(systemNamespace, `twinlock-${process}`)));
    return stage;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function furnish(cluster: ApiCluster): Promise<Stage> {
  const definitions = await Promise.all((await readdir(crds)).map((name) => readFile(join(crds, name), 'utf8')));
  await cluster.apply(definitions.map(everyKind).join('\n---\n'));
  await cluster.apply(roles(systemNamespace));
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  // Before the guard stands: it lets nobody mint the operator's tokens.
  const promotions = await cluster.boundToken(systemNamespace, 'twinlock-promotions');
  const environments = await cluster.boundToken(systemNamespace, 'twinlock-environments');
  await cluster.apply(renderPolicies({ systemNamespace }));
  const named = await Promise.all(people.map(async (name) => [name, await cluster.persona(name)] as const));
  const files = Object.fromEntries(named) as Record<(typeof people)[number], string>;
  const stage: Stage = {
    cluster,
    admin: sender(cluster),
    agent: sender(cluster, files.agent),
    oncall: sender(cluster, files.oncall),
    approver: sender(cluster, files.approver),
    platform: sender(cluster, files.platform),
    wildcard: sender(cluster, files.wildcard),
    namespaced: sender(cluster, files.namespaced),
    ordinary: sender(cluster, files.ordinary),
    files,
    manager: sender(cluster, await cluster.persona('system:kube-controller-manager')),
    promotions: sender(cluster, promotions.kubeconfig),
    environments: sender(cluster, environments.kubeconfig),
    withToken: (namespaceName, account) => unboundToken(cluster, namespaceName, account),
    letIn: async (namespaceName) => {
      await cluster.apply([bindIn(namespaceName, 'test-namespaced', 'namespaced')]);
    },
    stop: () => cluster.stop(),
  };
  await Promise.all([inForce(stage), taken(stage)]);
  return stage;
}

/** Kubernetes' controller has added the chart's rules to `edit` and `view`. */
async function taken({ admin }: Stage): Promise<void> {
  await waitFor('edit and view have the rules of the chart', async (seen) => {
    const roles = await Promise.all(
      aggregated.map(({ into }) => admin('GET', `/apis/rbac.authorization.k8s.io/v1/clusterroles/${into}`)),
    );
    seen(roles.map(({ body }) => (body as Json)['rules']));
    return roles.every(({ body }) => JSON.stringify((body as Json)['rules']).includes('twinlock.dev'));
  });
}

async function unboundToken(cluster: ApiCluster, namespaceName: string, account: string): Promise<Send> {
  const { stdout } = await cluster.kubectl(['-n', namespaceName, 'create', 'token', account]);
  const { endpoint } = await readKubeconfig(cluster.kubeconfig);
  const path = join(dirname(cluster.kubeconfig), `unbound-${account}.kubeconfig`);
  return sender(cluster, await writeKubeconfig(path, endpoint, { token: stdout.trim() }));
}

/** The lock holds StatefulSets and DaemonSets too, whichever kinds a ProductionTarget takes so far. */
function everyKind(crd: string): string {
  const all = ['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => `- ${kind}\n`);
  return crd.replace(/^( *)- Deployment\n(?! *- )/gm, (_, indent: string) => all.map((line) => indent + line).join(''));
}

function sender(cluster: ApiCluster, as?: string): Send {
  return (method, path, body, options = {}) =>
    cluster.request(method, path, {
      contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      ...options,
      ...(body !== undefined && { body }),
      ...(as !== undefined && { as }),
    });
}

/** Policies are compiled a moment after they are written: each one must have refused something. */
async function inForce({ admin, environments, promotions }: Stage): Promise<void> {
  const probe = 'twinlock-probe';
  await admin('POST', '/api/v1/namespaces', namespace(probe));
  const of = (resource: string): string => `/api/v1/namespaces/${probe}/${resource}`;
  const apps = (resource: string): string => `/apis/apps/v1/namespaces/${probe}/${resource}?dryRun=All`;
  const own = (resource: string): string => `/apis/twinlock.dev/v1alpha1/namespaces/${probe}/${resource}`;
  await promotions('POST', own('workloadlocks'), lock(probe, []));
  await admin('PATCH', `/api/v1/namespaces/${probe}`, { metadata: { labels: { 'twinlock.dev/protected': 'true' } } });
  await refused('workloads', () => admin('POST', apps('deployments'), deployment('probe')));
  await refused('replicasets', () => admin('POST', apps('replicasets'), replicaSet('probe')));
  await refused('pods', () => admin('POST', `${of('pods')}?dryRun=All`, pod('probe')));
  await refused('operator-only', () => admin('POST', `${own('workloadlocks')}?dryRun=All`, lock(probe, [])));
  await refused('routing', () => admin('POST', `${of('endpoints')}?dryRun=All`, { metadata: { name: 'probe' } }));
  await refused('guard-environments', () => environments('POST', '/api/v1/namespaces?dryRun=All', namespace('loose')));
  const promotion = {
    ...promotionOf('probe'),
    metadata: { name: 'probe', annotations: { 'vote.twinlock.dev/a': 'x' } },
  };
  await refused('votes', () => admin('POST', `${own('promotions')}?dryRun=All`, promotion));
}

async function refused(policy: string, act: () => Promise<Answer>): Promise<void> {
  await waitFor(`the policy ${policy} is in force`, async (seen) => {
    const answer = await act();
    seen(answer.body);
    return answer.status === 403 && messageOf(answer).includes(`'twinlock-${policy}'`);
  });
}

/** The denial of a Status answer. */
export function messageOf({ body }: Answer): string {
  const { message } = (body ?? {}) as { readonly message?: string };
  return message ?? JSON.stringify(body);
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;
export const images = { first: image('a'), second: image('b'), third: image('c'), evil: image('e') };

/** A pod template of the app `name`. */
export function template(name: string, changes: Json = {}): Json {
  const container = {
    name,
    image: images.first,
    env: [{ name: 'MODE', value: 'live' }],
    ports: [{ containerPort: 8080 }],
    resources: { limits: { cpu: '100m', memory: '64Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
  };
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [container], volumes: [{ name: 'config', emptyDir: {} }], ...changes },
  };
}

export function deployment(name: string, spec: Json = {}): Json {
  return workload('Deployment', name, spec);
}

export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'ReplicaSet',
  name: string,
  spec: Json = {},
): Json {
  const selector = { matchLabels: { app: name } };
  const own = kind === 'StatefulSet' ? { serviceName: name } : {};
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector, template: template(name), ...own, ...spec },
  };
}

export function replicaSet(name: string): Json {
  return workload('ReplicaSet', name);
}

export function pod(name: string, changes: Json = {}): Json {
  const { metadata, spec } = template('web', changes) as { readonly metadata: Json; readonly spec: Json };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec };
}

export function promotionOf(name: string): Json {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name },
    spec: { environmentRef: { namespace: 'shop-dev', name: 'pr-42' }, targetRef: { name: 'web' } },
  };
}

export interface Approved {
  readonly kind: string;
  readonly name: string;
  readonly role: 'Current' | 'Fallback';
  readonly spec: Json;
  readonly minReplicas?: number;
  readonly injected?: readonly { readonly container: string; readonly imagePrefix: string }[];
  readonly mutations?: readonly Json[];
  readonly rollbackUsers?: readonly string[];
}

/** Who writes into running pods, beside kubelets and Kubernetes' controllers. */
export interface PodWriter {
  readonly user: string;
  readonly annotations?: readonly string[];
  readonly conditions?: readonly string[];
}

export function lock(
  namespaceName: string,
  approved: readonly Approved[],
  liveAccess: 'Deny' | 'Allow' = 'Deny',
  podWriters: readonly PodWriter[] = [],
): Json {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'WorkloadLock',
    metadata: { name: 'lock', namespace: namespaceName },
    spec: {
      liveAccess,
      podWriters,
      approved: approved.map((entry) => ({
        minReplicas: 1,
        target: 'web',
        record: 'web-000001',
        ...entry,
        spec: approvedSpec(entry.spec),
        digest: specDigest(entry.spec),
      })),
    },
  };
}
