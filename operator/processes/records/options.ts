/** What `records export` is asked for. */
export interface ExportOptions {
  readonly kubeconfig?: string | undefined;
  /** The target's. */
  readonly namespace: string;
  readonly target: string;
  /** Twinlock's own, where the signed heads are. */
  readonly systemNamespace: string;
}

/** What `records verify` is asked for; all of these are files. */
export interface VerifyOptions {
  /** `-` for standard input. */
  readonly file: string;
  readonly keys: readonly string[];
  readonly checkpoints: readonly string[];
  readonly witnesses?: string | undefined;
  readonly countersignatures: readonly string[];
  readonly output: 'text' | 'json';
}

/** What an auditor asks of this program; neither runs a process of Twinlock. */
export type RecordsCommand =
  | { readonly records: 'export'; readonly options: ExportOptions }
  | { readonly records: 'verify'; readonly options: VerifyOptions };
