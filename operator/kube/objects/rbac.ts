import type { V1ClusterRole, V1ClusterRoleBinding, V1Role, V1RoleBinding } from '@kubernetes/client-node';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type Role = ObjectFrom<V1Role>;
export const Role = resourceType<Role>({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
});

export type RoleBinding = ObjectFrom<V1RoleBinding>;
export const RoleBinding = resourceType<RoleBinding>({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
});

export type ClusterRole = ObjectFrom<V1ClusterRole>;
export const ClusterRole = resourceType<ClusterRole>({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
});

export type ClusterRoleBinding = ObjectFrom<V1ClusterRoleBinding>;
export const ClusterRoleBinding = resourceType<ClusterRoleBinding>({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
});

/** A rule of RBAC, without wildcards. */
export interface Right {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}
