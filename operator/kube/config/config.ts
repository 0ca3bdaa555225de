/** TLS towards the API server, PEM. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** How to reach a cluster and as whom. Material may change while the process runs, hence functions. */
export interface ClusterConfig {
  /** Base URL of the API server, without a slash at the end. */
  readonly server: string;
  /** The namespace of the context or of the service account; `default` otherwise. */
  readonly namespace: string;
  readonly proxyUrl?: string | undefined;
  tls(): Promise<TlsMaterial>;
  /** Headers that authenticate a request. `fresh` after the server refused the last ones. */
  headers(options?: { readonly fresh?: boolean }): Promise<Readonly<Record<string, string>>>;
}
