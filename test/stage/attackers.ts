import { peopleRoles } from '../../operator/install/people.ts';
import { renderRbac } from '../../operator/install/rbac.ts';

const rbac = 'rbac.authorization.k8s.io';
type Subject = Readonly<Record<string, string>> & { readonly name: string };
/** A rule of RBAC. */
export interface Grant {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const user = (name: string): Subject => ({ apiGroup: rbac, kind: 'User', name });
const role = (name: string, rules: readonly Grant[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
});
const bind = (roleName: string, subject: Subject): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `${roleName}-${subject.name}` },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
  subjects: [subject],
});

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
 * What attackers hold, beside {@link people}: rights that a careless platform gives an agent or a pipeline, so that only
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

/** The roles of the chart and of Kubernetes that each person is bound to, in every namespace. */
const people: Readonly<Record<'agent' | 'oncall' | 'approver' | 'platform', readonly string[]>> = {
  agent: ['edit'],
  oncall: ['view', 'twinlock-oncall'],
  approver: ['view', 'twinlock-approver', 'twinlock-reader'],
  platform: ['view', 'twinlock-admin'],
};

/** The accounts of the attack suite: the chart's roles as they are rendered, and the attackers'. */
export function roles(systemNamespace: string): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } },
    ...renderRbac(systemNamespace),
    ...Object.entries(people).flatMap(([name, bound]) => bound.map((roleName) => bind(roleName, user(name)))),
    ...Object.entries(attackers).map(([name, rules]) => role(`test-${name}`, rules)),
    ...(['wildcard', 'ordinary'] as const).map((name) => bind(`test-${name}`, user(name))),
    // The controller manager itself, as a cluster without an account per controller has it.
    bind('test-wildcard', user('system:kube-controller-manager')),
  ];
}

/** Kubernetes' own roles that take up rules of the chart. */
export const aggregated = peopleRoles.flatMap(({ aggregateTo }) =>
  aggregateTo === undefined ? [] : [{ into: aggregateTo }],
);

/** The rights of an attacker in one namespace. */
export function bindIn(namespace: string, roleName: string, subject: string): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name: `${roleName}-${subject}`, namespace },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
    subjects: [user(subject)],
  };
}

/** More than the chart gives a process of the operator: what only admission then holds it to. */
export function overgrant(systemNamespace: string, account: string): object {
  return bind('cluster-admin', { kind: 'ServiceAccount', name: account, namespace: systemNamespace });
}
