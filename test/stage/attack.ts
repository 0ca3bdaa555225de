import { dirname, join } from 'node:path';
import { waitFor, type Answer, type ApiCluster, type RequestOptions } from '../harness/index.ts';
import { readKubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { aggregated, attackerRoles } from './attackers.ts';
import { deployment, lock, messageOf, namespace, pod, promotionOf, replicaSet } from './objects.ts';
import { request } from './requester.ts';
import {
  account,
  bind,
  openStage,
  user,
  type Json,
  type ProcessName,
  type Stage as Base,
  type StageOptions,
} from './stage.ts';

export interface Live {
  readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string } & Json;
  readonly spec: Json;
  readonly status?: Json;
}
/** A change sent as one HTTP request. */
export type Send = (method: string, path: string, body?: unknown, options?: RequestOptions) => Promise<Answer>;

/** An API server with Twinlock's CRDs and policies, and real people and processes who act on it. */
export interface Stage extends Base<Name> {
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
  readonly files: Readonly<Record<Name, string>>;
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
}

/** The roles of the chart and of Kubernetes that each person has in every namespace. */
const people = {
  agent: ['edit'],
  oncall: ['view', 'twinlock-oncall'],
  approver: ['view', 'twinlock-approver', 'twinlock-reader'],
  platform: ['view', 'twinlock-admin'],
  wildcard: ['test-wildcard'],
  // Bound where it is let in.
  namespaced: [],
  ordinary: ['test-ordinary'],
  // The controller manager itself, as a cluster without an account per controller has it.
  'system:kube-controller-manager': ['test-wildcard'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Name = keyof typeof people;

export interface AttackOptions extends Pick<StageOptions<Name>, 'apiServerFlags' | 'kinds'> {
  /**
   * Accounts of the operator that an attacker who writes bindings has given the attackers' own rights. Whoever has such a
   * token, or only the name, then has the verbs, and admission alone is in the way. The others have the rendered roles.
   */
  readonly overgranted?: readonly ProcessName[];
}

/** Opens a stage for attacks; returns when the policies are in force. */
export async function openAttack({ overgranted = [], ...options }: AttackOptions = {}): Promise<Stage> {
  const given = overgranted.flatMap((process) =>
    ['test-wildcard', 'test-ordinary'].map((role) => bind(role, account(process))),
  );
  const base = await openStage<Name>({ ...options, people, before: [...attackerRoles, ...given] });
  try {
    const stage = withSenders(base);
    await Promise.all([inForce(stage), taken(stage)]);
    return stage;
  } catch (error) {
    await base.stop();
    throw error;
  }
}

function withSenders(base: Base<Name>): Stage {
  const { cluster, people: files, accounts } = base;
  return {
    ...base,
    files,
    admin: sender(cluster),
    agent: sender(cluster, files.agent),
    oncall: sender(cluster, files.oncall),
    approver: sender(cluster, files.approver),
    platform: sender(cluster, files.platform),
    wildcard: sender(cluster, files.wildcard),
    namespaced: sender(cluster, files.namespaced),
    ordinary: sender(cluster, files.ordinary),
    manager: sender(cluster, files['system:kube-controller-manager']),
    promotions: sender(cluster, accounts.promotions),
    environments: sender(cluster, accounts.environments),
    withToken: (namespaceName, account) => unboundToken(cluster, namespaceName, account),
    letIn: async (namespaceName) => {
      await cluster.apply([bind('test-namespaced', user('namespaced'), namespaceName)]);
    },
  };
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
  const path = join(dirname(cluster.kubeconfig), `unbound-${namespaceName}-${account}.kubeconfig`);
  return sender(cluster, await writeKubeconfig(path, endpoint, { token: stdout.trim() }));
}

function sender(cluster: ApiCluster, as?: string): Send {
  return (method, path, body, options = {}) =>
    request(cluster, method, path, {
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
  await refused('guard-promotions', () =>
    promotions('PATCH', '/api/v1/namespaces/default?dryRun=All', { metadata: { annotations: { a: 'b' } } }),
  );
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
