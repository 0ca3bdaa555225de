import type { Condition, KubeObject } from '../../kube/index.ts';
import type { JobProgress, Trouble } from '../../workloads/index.ts';
import type { LiveContainer } from './wiring/index.ts';

/** What is kept of a child: enough to know that it is there, whose it is, and whether somebody changed it. */
export interface Child extends KubeObject {
  /** Digest of its content as the API server has it, defaults included. */
  readonly digest: string;
  /** Somebody else than this process owns a part of its content, which they changed or added. */
  readonly edited: boolean;
}

export interface NamespaceChild extends Child {
  readonly conditions: readonly Pick<Condition, 'type' | 'status' | 'message'>[];
}

export interface ClaimChild extends Child {
  /** The PersistentVolume that it is bound to. */
  readonly volume: string | undefined;
}

export interface WorkloadChild extends Child {
  readonly replicas: number;
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly updatedReplicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
  };
  /** Why it does not get on, in words of its controller. */
  readonly failure: string | undefined;
  /** When it was made, milliseconds since the epoch, of one whose pods are not made and whose status does not say why. */
  readonly quiet: number | undefined;
  /** How far it is, of what runs to its end. */
  readonly run: JobProgress | undefined;
}

/** A Certificate of cert-manager's, which made it for an Ingress. */
export interface CertificateChild extends Child {
  /** What it is for. */
  readonly dnsNames: readonly string[];
  /** `ofToday`: said of the spec that it has now. */
  readonly ready: { readonly status: Condition['status']; readonly message: string; readonly ofToday: boolean };
}

/** What the controller of a Gateway says of a route that is attached to it. */
export interface RouteParent {
  readonly ref: {
    readonly namespace: string;
    readonly name: string;
    readonly sectionName: string | undefined;
    readonly port: number | undefined;
  };
  readonly conditions: readonly (Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & {
    readonly observedGeneration: number;
  })[];
}

export interface RouteChild extends Child {
  readonly generation: number;
  readonly parents: readonly RouteParent[];
}

export interface PodChild extends KubeObject {
  readonly ready: boolean;
  /** It ran to its end, and well. */
  readonly done: boolean;
  readonly containers: readonly LiveContainer[];
  /** What keeps it from becoming ready, as long as somebody says so. */
  readonly trouble: Trouble | undefined;
  /** When it was made, milliseconds since the epoch, of a pod that is not ready and whose status does not say why. */
  readonly quiet: number | undefined;
}
