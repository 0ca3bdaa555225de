import { boundaryName, labels, serviceAccounts, type TwinEnvironment } from '../../api/index.ts';

/** On pods and what belongs to them: the service or workload of the environment, or the boundary. Selectors use it. */
export const COMPONENT_LABEL = 'twinlock.dev/component';
/** What a component is for; NetworkPolicies use it. */
export const ROLE_LABEL = 'twinlock.dev/role';
export type ComponentRole = 'twin' | 'workload' | 'boundary';

/** Annotation with the digest of what was applied last. */
export const HASH_ANNOTATION = 'twinlock.dev/applied-hash';

export const FINALIZER = 'twinlock.dev/environment';

/** Name of the proxy's objects; services and workloads cannot have it, since the prefix is reserved. */
export const BOUNDARY_NAME = boundaryName;
export const BOUNDARY_PORT = 8080;

/** Secret with the certificate of an environment's Ingress, in its namespace; no workload of it may read it. */
export const TLS_SECRET = 'twinlock-tls';

/** The Service of the environments process, in the system namespace: named as its account. */
export const PAGE_SERVICE = serviceAccounts.environments;
export const PAGE_PORT = 8080;
/** ClusterRole that this process gives itself in every namespace that it made, and nowhere else. */
export const MANAGER_ROLE = 'twinlock-environment-manager';
/** ClusterRoles that it gives to the groups that a class names, in those namespaces: who reads, and who also gets into pods. */
export const VIEWER_ROLE = 'twinlock-environment-viewer';
export const DEBUGGER_ROLE = 'twinlock-environment-debugger';

/** ClusterRole that the platform binds to this process where environments may have copies from: it reads by name. */
export const SOURCE_ROLE = 'twinlock-environment-source';
/** On copies of Secrets and ConfigMaps. */
export const COPIED_LABEL = 'twinlock.dev/copied';

/** Who a child belongs to. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An environment as its children name it: the uid tells it from one that had the name before. */
export function ownerOf({ metadata: { namespace = '', name, uid = '' } }: TwinEnvironment): Owner {
  return { namespace, name, uid };
}

/** Labels of every child and of the namespace itself. */
export function ownerLabels(owner: Owner): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/managed-by': 'twinlock',
    [labels.environment]: owner.name,
    [labels.environmentNamespace]: owner.namespace,
    [labels.environmentUid]: owner.uid,
  };
}

/** Whether an object carries the labels of that very owner. */
export function belongsTo(found: Readonly<Record<string, string>> | undefined, owner: Owner): boolean {
  return (
    found?.[labels.environment] === owner.name &&
    found[labels.environmentNamespace] === owner.namespace &&
    found[labels.environmentUid] === owner.uid
  );
}

/** The owner that labels name; undefined when they name none. */
export function labelledOwner(found: Readonly<Record<string, string>> | undefined): Owner | undefined {
  const name = found?.[labels.environment];
  const namespace = found?.[labels.environmentNamespace];
  const uid = found?.[labels.environmentUid];
  return name === undefined || namespace === undefined || uid === undefined ? undefined : { namespace, name, uid };
}
