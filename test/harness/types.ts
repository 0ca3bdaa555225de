/** What a finished program left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  /** Path of the kubeconfig to act with, as `persona` and `boundToken` return it; the admin's when left out. */
  readonly as?: string;
  /** Standard input. */
  readonly input?: string;
  /** Throw a HarnessError when the exit code is not 0 (default). `false` returns the result instead. */
  readonly check?: boolean;
  /** Milliseconds until the program is killed (default 60,000). */
  readonly timeout?: number;
}

export interface RequestOptions {
  /** Path of the kubeconfig to act with; the admin's when left out. */
  readonly as?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default `application/json`; for patches e.g. `application/merge-patch+json`. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds without an answer until it is given up; default 65,000: the API server itself says so at 60,000. */
  readonly timeout?: number;
}

/** An answer of the API server; any status is an answer, only a lost connection throws. */
export interface Answer {
  readonly status: number;
  /** The parsed body, or its text when it is not JSON. */
  readonly body: unknown;
}

export interface BoundToken {
  readonly token: string;
  /** A kubeconfig file that uses the token. */
  readonly kubeconfig: string;
  /** Name of the Pending pod that the token is bound to; deleting the pod ends the token. */
  readonly pod: string;
}

/** What every cluster offers, whatever its size. */
export interface Cluster {
  readonly size: 'api' | 'full';
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** URL of the API server. */
  readonly server: string;
  /** Runs kubectl of the cluster's own version. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<CommandResult>;
  /** `kubectl apply -f -` of YAML text or of plain objects. */
  apply(manifest: string | readonly object[], options?: KubectlOptions): Promise<CommandResult>;
  /** One plain HTTP request; much cheaper than kubectl when a test polls. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Path of a kubeconfig with a real client certificate of that user; the same arguments give the same file. */
  persona(name: string, options?: { readonly groups?: readonly string[] }): Promise<string>;
  /** A token as a running pod of that service account carries it (pod-name and credential-id in userInfo.extra). */
  boundToken(namespace: string, serviceAccount: string): Promise<BoundToken>;
}

export type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';

export interface ApiOptions {
  /** Added to (and winning over) kube-apiserver's flags, e.g. `{ 'max-requests-inflight': '100' }`. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
}

/** etcd, kube-apiserver and kube-controller-manager as processes of this machine. */
export interface ApiCluster extends Cluster {
  readonly size: 'api';
  /** SIGTERM, then start again; returns when the API server is ready. */
  restartApiServer(): Promise<void>;
  /** SIGKILL; returns when the process is gone. */
  killApiServer(): Promise<void>;
  /** Starts a killed API server on the same port; returns when it is ready. */
  startApiServer(): Promise<void>;
  /**
   * Puts the API server and the controllers of the newest version in the place of those that run, on the same data. A
   * real upgrade goes from minor to minor; what it meets, objects that an older version stored, is the same.
   */
  upgrade(): Promise<void>;
  /** Ends kube-controller-manager for good: what its controllers make of many objects is then no part of a measurement. */
  stopControllers(): Promise<void>;
  /** Where etcd answers, e.g. `http://127.0.0.1:2379`. */
  readonly etcd: string;
  /** The last lines that a component logged. */
  logs(component: Component, lines?: number): Promise<string>;
  /** Ends the processes and removes their files. */
  stop(): Promise<void>;
}

/** A file of an image: a copy of a host's file, or given text. Executable when the host's file is. */
export type ImageFile = { readonly from: string } | { readonly content: string; readonly executable?: boolean };

/** Absolute path in the image to file. */
export type ImageFiles = Readonly<Record<string, ImageFile>>;

export interface ImageOptions {
  readonly entrypoint: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default `65532:65532`, so that restricted pods may run it. */
  readonly user?: string;
  /** Default `/`. */
  readonly workdir?: string;
}

/** A cluster with real nodes, a registry and a door. */
export interface FullCluster extends Cluster {
  readonly size: 'full';
  /** `host:port` (or prefix) under which both this machine and the nodes reach the registry. */
  readonly registry: string;
  /** Pushes an image of exactly these files and returns `registry/name@sha256:...`; same content, same digest. */
  pushImage(name: string, files: ImageFiles, options: ImageOptions): Promise<string>;
  /** `127.0.0.1:port` of this machine that leads to a NodePort (30080, 30081 or 30082). */
  hostPort(nodePort: number): string;
}
