import { k8s } from 'cdk8s-plus-33';
import type { Construct } from 'constructs';
import { clusterRole, role, roleLabels } from './roles.ts';
import type { Rule } from './roles.ts';

/** What one process may do. */
export interface ProcessRights {
  /** In the whole cluster. */
  readonly cluster: readonly Rule[];
  /** In Twinlock's own namespace only: leases, above all. */
  readonly system: readonly Rule[];
}

/** The account of a process with exactly its rights. */
export function processAccount(scope: Construct, namespace: string, name: string, rights: ProcessRights): void {
  const account = new k8s.KubeServiceAccount(scope, `account-${name}`, {
    metadata: { name, namespace, labels: roleLabels },
  });
  const subjects = [{ kind: 'ServiceAccount', name: account.name, namespace }];
  const apiGroup = 'rbac.authorization.k8s.io';
  clusterRole(scope, { name, rules: rights.cluster });
  const everywhere = new k8s.KubeClusterRoleBinding(scope, `cluster-binding-${name}`, {
    metadata: { name, labels: roleLabels },
    roleRef: { apiGroup, kind: 'ClusterRole', name },
    subjects,
  });
  role(scope, namespace, name, rights.system);
  const here = new k8s.KubeRoleBinding(scope, `binding-${name}`, {
    metadata: { name, namespace, labels: roleLabels },
    roleRef: { apiGroup, kind: 'Role', name },
    subjects,
  });
  here.addDependency(everywhere);
}
