import type { Frozen, TwinClassSpec } from '../../../api/index.ts';
import { serviceAccounts } from '../../../api/index.ts';
import type { LimitRange, Namespace, ResourceQuota, RoleBinding } from '../../../kube/index.ts';
import { DEBUGGER_ROLE, MANAGER_ROLE, ownerLabels, VIEWER_ROLE } from '../../naming/index.ts';
import { childMetadata, type Home } from './metadata.ts';

/** The namespace of an environment; its pods are held to the class's Pod Security Standard by the API server itself. */
export function namespaceManifest(home: Home, podSecurity: TwinClassSpec['podSecurity']): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: home.namespace,
      labels: {
        ...ownerLabels(home.owner),
        'pod-security.kubernetes.io/enforce': podSecurity,
        'pod-security.kubernetes.io/enforce-version': 'latest',
        'pod-security.kubernetes.io/warn': podSecurity,
      },
    },
  };
}

/** Gives the environments process its rights in this one namespace; nowhere else may it write a workload. */
export function managerBinding(home: Home, systemNamespace: string): RoleBinding {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: childMetadata(home, serviceAccounts.environments),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: MANAGER_ROLE },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccounts.environments, namespace: systemNamespace }],
  };
}

/** Lets people in, as the class says: one binding for each role that somebody has. */
export function accessBindings(home: Home, access: Frozen<TwinClassSpec['access']> = []): readonly RoleBinding[] {
  return PEOPLE.flatMap(([role, name]) => {
    const groups = access.filter((entry) => entry.role === role).map(({ group }) => group);
    if (groups.length === 0) return [];
    return [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: childMetadata(home, name),
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
        subjects: groups.map((group) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group })),
      },
    ];
  });
}

const PEOPLE = [
  ['Viewer', VIEWER_ROLE],
  ['Debugger', DEBUGGER_ROLE],
] as const;

/** Bounds of the whole environment. */
export function quotaManifest(home: Home, quota: Frozen<TwinClassSpec['quota']>): ResourceQuota {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: childMetadata(home, 'twinlock'),
    spec: {
      hard: {
        ...amounts(quota),
        // The boundary is the only way in.
        'services.nodeports': '0',
        'services.loadbalancers': '0',
      },
    },
  };
}

/** Defaults for containers that say nothing: with a quota on cpu and memory, such a pod would be refused. */
export function limitRangeManifest(home: Home, range: Frozen<TwinClassSpec['limitRange']>): LimitRange {
  return {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: childMetadata(home, 'twinlock'),
    spec: {
      limits: [
        {
          type: 'Container',
          default: amounts(range.default),
          defaultRequest: amounts(range.defaultRequest),
          max: amounts(range.max),
        },
      ],
    },
  };
}

/** Bare numbers are quantities too; the API server stores them as text. */
function amounts(each: Readonly<Record<string, number | string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(each).map(([resource, amount]) => [resource, String(amount)]));
}
