import { peopleRoles } from '../../operator/install/people.ts';

const rbac = 'rbac.authorization.k8s.io';
/** A rule of RBAC. */
export interface Grant {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Verbs that need no thought: none of impersonate, bind, escalate, approve, sign, or of Twinlock's own. */
const ordinary = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
const kubernetesGroups = [
  '',
  'apps',
  'autoscaling',
  'batch',
  'discovery.k8s.io',
  'events.k8s.io',
  'networking.k8s.io',
  'policy',
  'storage.k8s.io',
];
const ofTheCluster = [
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'node.k8s.io',
  rbac,
  'resource.k8s.io',
  'scheduling.k8s.io',
  'twinlock.dev',
];

/**
 * What attackers hold, beside the chart's roles: rights that a careless platform gives an agent or a pipeline, so that only
 * admission is left in the way.
 */
export const attackers: Readonly<Record<'wildcard' | 'namespaced' | 'ordinary', readonly Grant[]>> = {
  /** Every verb, impersonation and bindings of pods too, on Kubernetes' groups in the whole cluster. */
  wildcard: [
    {
      apiGroups: [
        '',
        'apps',
        'batch',
        'discovery.k8s.io',
        'apiextensions.k8s.io',
        'apiregistration.k8s.io',
        'autoscaling',
        'policy',
      ],
      resources: ['*'],
      verbs: ['*'],
    },
    { apiGroups: ['twinlock.dev', 'coordination.k8s.io'], resources: ['*'], verbs: ordinary },
  ],
  /** Every verb on Kubernetes' groups, bound in one namespace; Twinlock's kinds with the ordinary verbs. */
  namespaced: [
    { apiGroups: kubernetesGroups, resources: ['*'], verbs: ['*'] },
    { apiGroups: ['twinlock.dev', 'coordination.k8s.io'], resources: ['*'], verbs: ordinary },
  ],
  /** The ordinary verbs on everything in the cluster without nodes, certificates and admission. */
  ordinary: [
    ...kubernetesGroups
      .filter((group) => group !== '')
      .map((group) => ({ apiGroups: [group], resources: ['*'], verbs: ordinary })),
    { apiGroups: ofTheCluster, resources: ['*'], verbs: ordinary },
    {
      apiGroups: [''],
      resources: [
        'bindings',
        'configmaps',
        'endpoints',
        'events',
        'limitranges',
        'namespaces',
        'namespaces/finalize',
        'namespaces/status',
        'persistentvolumeclaims',
        'persistentvolumes',
        'pods',
        'pods/attach',
        'pods/binding',
        'pods/ephemeralcontainers',
        'pods/eviction',
        'pods/exec',
        'pods/portforward',
        'pods/proxy',
        'pods/resize',
        'pods/status',
        'podtemplates',
        'replicationcontrollers',
        'resourcequotas',
        'secrets',
        'serviceaccounts',
        'serviceaccounts/token',
        'services',
        'services/proxy',
      ],
      verbs: ordinary,
    },
  ],
};

/** The attackers' roles, `test-` and their name. */
export const attackerRoles: readonly object[] = Object.entries(attackers).map(([name, rules]) => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name: `test-${name}` },
  rules,
}));

/** Kubernetes' own roles that take up rules of the chart. */
export const aggregated = peopleRoles.flatMap(({ aggregateTo }) =>
  aggregateTo === undefined ? [] : [{ into: aggregateTo }],
);
