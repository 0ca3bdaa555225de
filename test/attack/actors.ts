/**
 * What acts on pods in real clusters, each under its own account and with the rights that its own manifests give it:
 * vertical-pod-autoscaler 1.5, KEDA 2.18, descheduler 0.34, cluster-autoscaler 1.34, cert-manager 1.19, Istio 1.29,
 * Reloader 1.4.
 */
import { waitFor } from '../harness/index.ts';
import type { Send, Stage } from '../stage/attack.ts';
import type { Grant } from '../stage/attackers.ts';
import { namespace } from '../stage/objects.ts';

interface Actor {
  readonly namespace: string;
  readonly account: string;
  readonly rules: readonly Grant[];
}

const grant = (apiGroup: string, resources: readonly string[], verbs: readonly string[]): Grant => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});

export const ACTORS = {
  vpa: {
    namespace: 'kube-system',
    account: 'vpa-updater',
    rules: [
      grant('', ['pods'], ['get', 'list', 'watch', 'patch']),
      grant('', ['pods/resize'], ['patch']),
      grant('', ['pods/eviction'], ['create']),
    ],
  },
  keda: {
    namespace: 'keda',
    account: 'keda-operator',
    rules: [grant('*', ['*/scale'], ['get', 'list', 'patch', 'update', 'watch'])],
  },
  descheduler: {
    namespace: 'kube-system',
    account: 'descheduler',
    rules: [grant('', ['pods'], ['get', 'list', 'watch', 'delete']), grant('', ['pods/eviction'], ['create'])],
  },
  'cluster-autoscaler': {
    namespace: 'kube-system',
    account: 'cluster-autoscaler',
    rules: [grant('', ['pods'], ['get', 'list', 'watch']), grant('', ['pods/eviction'], ['create'])],
  },
  'cert-manager': {
    namespace: 'cert-manager',
    account: 'cert-manager',
    rules: [
      grant('', ['secrets'], ['get', 'list', 'watch', 'create', 'update', 'delete', 'patch']),
      grant('', ['pods', 'services'], ['get', 'list', 'watch', 'create', 'delete']),
    ],
  },
  'istio-cni': {
    namespace: 'istio-system',
    account: 'istio-cni',
    rules: [grant('', ['pods/status'], ['patch', 'update']), grant('', ['pods'], ['get', 'list', 'watch'])],
  },
  reloader: {
    namespace: 'reloader',
    account: 'reloader-reloader',
    rules: [grant('apps', ['deployments', 'daemonsets', 'statefulsets'], ['list', 'get', 'update', 'patch'])],
  },
} as const satisfies Readonly<Record<string, Actor>>;

/** The user that it is to the API server. */
export function userOf(name: keyof typeof ACTORS): string {
  const { namespace: of, account } = ACTORS[name];
  return `system:serviceaccount:${of}:${account}`;
}

const made = new WeakMap<Stage, Map<keyof typeof ACTORS, Promise<Send>>>();

/** The account with its rights in every namespace, made once: tests of a file that run side by side share it. */
export function actor(stage: Stage, name: keyof typeof ACTORS): Promise<Send> {
  const here = made.get(stage) ?? new Map<keyof typeof ACTORS, Promise<Send>>();
  made.set(stage, here);
  const acting = here.get(name) ?? make(stage, name);
  here.set(name, acting);
  return acting;
}

async function make(stage: Stage, name: keyof typeof ACTORS): Promise<Send> {
  const { namespace: of, account, rules } = ACTORS[name];
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { name: `test-${account}` };
  await stage.cluster.apply([
    namespace(of),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace: of } },
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: of }],
    },
  ]);
  const send = await stage.withToken(of, account);
  const [{ apiGroups, resources, verbs }] = rules;
  const attributes = { group: apiGroups[0], resource: resources[0]?.split('/')[0], verb: verbs[0] };
  await waitFor(`${account} has its rights`, async (seen) => {
    const review = { spec: { resourceAttributes: { ...attributes, subresource: resources[0]?.split('/')[1] } } };
    const { body } = await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    seen(body);
    return (body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
  });
  return send;
}
