import type {
  Ingress,
  KubeObject,
  LimitRange,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  ResourceQuota,
  RoleBinding,
  Service,
} from '../../../kube/index.ts';
import type { EnvironmentSpec, PodTemplate } from '../../../workloads/index.ts';
import type { RouteManifest } from './routes.ts';
import type { PodTemplate as ReadTemplate } from '../resolve/index.ts';

export type PodSpec = NonNullable<PodTemplate['spec']>;
export type Container = PodSpec['containers'][number];

/** What somebody wrote, with Twinlock's labels. */
export interface WrittenTemplate {
  readonly metadata: Pick<NonNullable<PodTemplate['metadata']>, 'labels' | 'annotations'>;
  readonly spec: ReadTemplate['spec'];
}

/**
 * What runs a component. Its template is Twinlock's own and has the client's types, or it is what somebody wrote: then the
 * API server alone knows whether each of its fields exists.
 */
export interface ComponentManifest<Template extends PodTemplate | WrittenTemplate> extends KubeObject {
  readonly spec: EnvironmentSpec & { readonly template: Template };
}

/** An object of an environment as it is to be: everything that is sent to the API server. */
export type Manifest =
  | Namespace
  | RoleBinding
  | ResourceQuota
  | LimitRange
  | NetworkPolicy
  | Ingress
  | RouteManifest
  | PersistentVolumeClaim
  | Service
  | ComponentManifest<PodTemplate>
  | ComponentManifest<WrittenTemplate>;
