import type { DefinedKind, ProductionTargetSpec } from '../api/index.ts';
import type { ListenAddress } from '../runtime/index.ts';

/** Who, beside kubelets and Kubernetes' controllers, writes into running pods. */
export type PodWriter = NonNullable<ProductionTargetSpec['podWriters']>[number];

/** What both processes (`environments`, `promotions`) are started with; `flags.ts` reads it. */
export interface ProcessOptions {
  /** Path of a kubeconfig; left out: the usual places ($KUBECONFIG, the pod's service account, ~/.kube/config). */
  readonly kubeconfig?: string | undefined;
  /** The namespace that Twinlock itself runs in; leases and internal Services are there. */
  readonly namespace: string;
  /** A name for the cluster that people know; left out: the first 8 characters of kube-system's uid. */
  readonly clusterName?: string | undefined;
  /** Where pages for people are served. Port 0 takes a free one. */
  readonly http: ListenAddress;
  /** Where `/healthz`, `/readyz` and `/metrics` are served. Port 0 takes a free one. */
  readonly health: ListenAddress;
  readonly logLevel: LogLevel;
  /** Wait for the lease of this process before changing anything (several replicas). */
  readonly leaderElect: boolean;
  /** Environments only: the image of the proxy in front of each environment; `caddy` must be on its PATH. */
  readonly boundaryImage?: string | undefined;
  /** Environments only: the cluster's network plugin is known to enforce NetworkPolicies. */
  readonly networkPoliciesEnforced: boolean;
  /** Promotions only: changes of keyrings, policies and targets count only when they are signed. Left out: they count as written. */
  readonly sealedTrust?: { readonly keyring: string; readonly digest: string; readonly chain: string } | undefined;
  /** Promotions only: kinds of objects that targets may list beside the known ones. */
  readonly kinds?: readonly DefinedKind[];
  /** Promotions only: writers of every namespace of production, beside those that its target names. */
  readonly podWriters?: readonly PodWriter[];
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A started process. */
export interface RunningProcess {
  /** Where the pages are really served (the port when 0 was asked for); undefined when the process has none. */
  readonly http?: ListenAddress | undefined;
  readonly health: ListenAddress;
  /** Settles when the process has ended: resolves after {@link stop}, rejects when it lost its lease or failed. */
  readonly done: Promise<void>;
  /** Graceful end: workers drain, events are sent, caches stop, the lease is released. May be called more than once. */
  stop(): Promise<void>;
}
