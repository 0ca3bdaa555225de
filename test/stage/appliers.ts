/** Those who apply production in the place of the controller: each as its own account, with the requests that it sends. */
import type { CommandResult } from '../harness/index.ts';
import type { Stage } from './promotions.ts';
import type { Json } from './stage.ts';

export interface Applier {
  readonly name: string;
  /** Applies manifests to a namespace, as it does whenever it looks at Git. */
  apply(namespace: string, manifests: readonly Json[]): Promise<CommandResult>;
  /** Deletes what it does not find in Git any more. */
  prune(namespace: string, what: string): Promise<CommandResult>;
}

type Metadata = (manifest: Json, namespace: string) => Json;

interface Tool {
  readonly name: string;
  /** Namespace and name of its service account; undefined: a person. */
  readonly account?: readonly [string, string];
  readonly apply: readonly string[];
  /** It asks for a dry run of everything before it applies anything. */
  readonly dryRun?: boolean;
  /** Labels and annotations that it puts on what it applies. */
  readonly metadata?: Metadata;
  readonly cascade: 'background' | 'foreground';
}

const ssa = (manager: string): readonly string[] => [
  'apply',
  '--server-side',
  '--force-conflicts',
  `--field-manager=${manager}`,
];
const argo: Metadata = (manifest, namespace) => ({
  annotations: {
    'argocd.argoproj.io/tracking-id': `shop:${String(manifest['kind'])}:${namespace}/${nameOf(manifest)}`,
  },
});

const tools: readonly Tool[] = [
  {
    name: 'Flux',
    account: ['flux-system', 'kustomize-controller'],
    apply: ssa('kustomize-controller'),
    dryRun: true,
    metadata: () => ({
      labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
    }),
    cascade: 'background',
  },
  {
    name: 'Argo CD',
    account: ['argocd', 'argocd-application-controller'],
    apply: ['apply'],
    metadata: argo,
    cascade: 'foreground',
  },
  {
    name: 'Argo CD with ServerSideApply',
    account: ['argocd', 'argocd-application-controller'],
    apply: ssa('argocd-controller'),
    metadata: argo,
    cascade: 'foreground',
  },
  { name: 'a person with kubectl apply', apply: ['apply'], cascade: 'background' },
];

/** Makes their accounts, with every right in Kubernetes as their installations have it. */
export async function appliers(stage: Stage): Promise<readonly Applier[]> {
  const { cluster } = stage;
  const accounts = [
    ...new Map(tools.flatMap(({ account }) => (account === undefined ? [] : [[account.join('/'), account]]))),
  ];
  for (const [, [namespace, name]] of accounts)
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `test-${name}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    ]);
  return Promise.all(
    tools.map(async ({ name, account, apply, dryRun = false, metadata, cascade }): Promise<Applier> => {
      const as =
        account === undefined ? stage.people.alice.kubeconfig : (await cluster.boundToken(...account)).kubeconfig;
      const send = (
        namespace: string,
        manifests: readonly Json[],
        ...more: readonly string[]
      ): Promise<CommandResult> =>
        cluster.kubectl([...apply, '-n', namespace, '-f', '-', ...more], {
          as,
          check: false,
          input: JSON.stringify({
            apiVersion: 'v1',
            kind: 'List',
            items: manifests.map((manifest) => withMetadata(manifest, metadata?.(manifest, namespace) ?? {})),
          }),
        });
      return {
        name,
        async apply(namespace, manifests) {
          const tried = dryRun ? await send(namespace, manifests, '--dry-run=server') : undefined;
          return tried !== undefined && tried.code !== 0 ? tried : send(namespace, manifests);
        },
        prune: (namespace, what) =>
          cluster.kubectl(['delete', what, '-n', namespace, `--cascade=${cascade}`, '--wait=false'], {
            as,
            check: false,
          }),
      };
    }),
  );
}

function nameOf({ metadata }: Json): string {
  return String((metadata as Json)['name']);
}

function withMetadata(manifest: Json, added: Json): Json {
  const own = manifest['metadata'] as Json;
  return {
    ...manifest,
    metadata: {
      ...own,
      ...Object.fromEntries(
        Object.entries(added).map(([key, value]) => [key, { ...(own[key] as Json), ...(value as Json) }]),
      ),
    },
  };
}
