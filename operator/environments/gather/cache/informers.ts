import { labels, TwinClass, TwinEnvironment, VendorTwin } from '../../../api/index.ts';
import {
  HTTPRoute,
  resourceType,
  type Cache,
  type Informer,
  type KubeObject,
  type Lister,
  type ResourceType,
} from '../../../kube/index.ts';
import { environmentTypes } from '../../../workloads/index.ts';
import {
  slimCertificate,
  slimChild,
  slimClaim,
  slimEnvironment,
  slimNamespace,
  slimPod,
  slimRoute,
  slimWorkload,
} from './slim.ts';
import type {
  CertificateChild,
  Child,
  ClaimChild,
  NamespaceChild,
  PodChild,
  RouteChild,
  WorkloadChild,
} from '../../decide/live.ts';

function describe<T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
  namespaced = true,
): ResourceType<T> {
  return resourceType<T>({ apiVersion, kind, plural, namespaced });
}

/** The kinds that environments are made of, in the slim form in which the caches keep them. */
export const childTypes = {
  Namespace: describe<NamespaceChild>('v1', 'Namespace', 'namespaces', false),
  RoleBinding: describe<Child>('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  ResourceQuota: describe<Child>('v1', 'ResourceQuota', 'resourcequotas'),
  LimitRange: describe<Child>('v1', 'LimitRange', 'limitranges'),
  NetworkPolicy: describe<Child>('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  Ingress: describe<Child>('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  HTTPRoute: describe<RouteChild>(HTTPRoute.apiVersion, HTTPRoute.kind, HTTPRoute.plural),
  PersistentVolumeClaim: describe<ClaimChild>('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  Service: describe<Child>('v1', 'Service', 'services'),
} as const;
/** cert-manager makes it for an Ingress, whose labels it has. */
const certificateType = describe<CertificateChild>('cert-manager.io/v1', 'Certificate', 'certificates');
const podType = describe<PodChild>('v1', 'Pod', 'pods');

/** Those that run something. */
const runnerTypes = environmentTypes.map(({ apiVersion, kind, plural }) =>
  describe<WorkloadChild>(apiVersion, kind, plural),
);

/** The type of a child by its kind; undefined where environments are not made of it. */
export function childType(kind: string): ResourceType | undefined {
  return [...Object.values(childTypes), ...runnerTypes].find((type) => type.kind === kind);
}

/** What pruning asks of an informer: which children of its kind are there. */
interface Pruned {
  readonly type: Pick<ResourceType, 'kind'>;
  readonly lister: Pick<Lister<Child>, 'list'>;
}

/** Everything that the controller follows. */
export interface Informers {
  readonly environments: Informer<TwinEnvironment>;
  readonly classes: Informer<TwinClass>;
  readonly catalogue: Informer<VendorTwin>;
  /** All namespaces: those of environments, and those that TwinEnvironments are in, for their labels. */
  readonly namespaces: Informer<NamespaceChild>;
  /** What runs the parts, by kind. */
  readonly workloads: readonly Informer<WorkloadChild>[];
  readonly claims: Informer<ClaimChild>;
  readonly pods: Informer<PodChild>;
  /** None where the cluster has no cert-manager. */
  readonly certificates: Informer<CertificateChild>;
  /** None where the cluster has no Gateway API. */
  readonly routes: Informer<RouteChild>;
  /** The kinds of which only existence and content matter. */
  readonly others: readonly Informer<Child>[];
  /** Of the kinds that come and go with the spec, hence are pruned. */
  readonly pruned: readonly Pruned[];
}

/** The TwinEnvironments, for the controller and for the page alike. */
export const followedEnvironments = (cache: Cache): Informer<TwinEnvironment> =>
  cache.informer(TwinEnvironment, { transform: slimEnvironment });

/** Starts following; children by label, so that only those of environments are kept. */
export function environmentInformers(cache: Cache): Informers {
  const labelSelector = labels.environment;
  const child = (type: ResourceType<Child>): Informer<Child> =>
    cache.informer(type, { labelSelector, transform: slimChild });
  const workloads = runnerTypes.map((type) => cache.informer(type, { labelSelector, transform: slimWorkload }));
  const claims = cache.informer(childTypes.PersistentVolumeClaim, { labelSelector, transform: slimClaim });
  const services = child(childTypes.Service);
  const policies = child(childTypes.NetworkPolicy);
  const bindings = child(childTypes.RoleBinding);
  const ingresses = child(childTypes.Ingress);
  const routes = cache.informer(childTypes.HTTPRoute, { labelSelector, transform: slimRoute, optional: true });
  return {
    environments: followedEnvironments(cache),
    classes: cache.informer(TwinClass),
    catalogue: cache.informer(VendorTwin),
    namespaces: cache.informer(childTypes.Namespace, { transform: slimNamespace }),
    workloads,
    claims,
    pods: cache.informer(podType, { labelSelector, transform: slimPod }),
    certificates: cache.informer(certificateType, { labelSelector, transform: slimCertificate, optional: true }),
    routes,
    others: [services, policies, bindings, ingresses, child(childTypes.ResourceQuota), child(childTypes.LimitRange)],
    pruned: [...workloads, claims, services, policies, bindings, ingresses, routes],
  };
}
