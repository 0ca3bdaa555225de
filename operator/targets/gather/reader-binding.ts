import { configurationRole, serviceAccounts } from '../../api/index.ts';
import { RoleBinding } from '../../kube/index.ts';

/**
 * What lets the promotions process read ConfigMaps and Secrets of one protected namespace, and nobody else.
 *
 * @param systemNamespace where its service account is
 */
export function readerBinding(namespace: string, systemNamespace: string): RoleBinding {
  return {
    apiVersion: RoleBinding.apiVersion,
    kind: RoleBinding.kind,
    metadata: { name: configurationRole, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: configurationRole },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccounts.promotions, namespace: systemNamespace }],
  };
}

/** Whether a binding is that one: with another subject, or another role, it is none. */
export function isReaderBinding(found: RoleBinding | undefined, systemNamespace: string): boolean {
  const { roleRef, subjects = [] } = found ?? {};
  const [subject, ...others] = subjects;
  return (
    roleRef?.kind === 'ClusterRole' &&
    roleRef.name === configurationRole &&
    others.length === 0 &&
    subject?.kind === 'ServiceAccount' &&
    subject.name === serviceAccounts.promotions &&
    subject.namespace === systemNamespace
  );
}
