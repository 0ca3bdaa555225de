import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Clock } from '../clock/index.ts';
import { ConfigError } from '../errors.ts';
import type { ClusterConfig } from './config.ts';
import { inClusterConfig, runsInCluster } from './in-cluster.ts';
import { kubeconfigConfig } from './kubeconfig.ts';

export type { ClusterConfig, TlsMaterial } from './config.ts';
export { inClusterConfig } from './in-cluster.ts';
export { kubeconfigConfig } from './kubeconfig.ts';

export interface LoadConfigOptions {
  /** Path of a kubeconfig; overrides everything else. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly clock: Clock;
}

/**
 * Finds the cluster as controller-runtime does: the path given, KUBECONFIG, the pod's service account, `~/.kube/config`.
 * Rejects with {@link ConfigError} when there is none of them.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<ClusterConfig> {
  const env = options.env ?? process.env;
  const { clock } = options;
  if (options.kubeconfig !== undefined) return kubeconfigConfig([options.kubeconfig], options.context, clock);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '' && existsSync(path));
  if (listed.length > 0) return kubeconfigConfig(listed, options.context, clock);
  if (options.context === undefined && runsInCluster(env)) return inClusterConfig(env, clock);
  const usual = join(env['HOME'] ?? homedir(), '.kube', 'config');
  if (existsSync(usual)) return kubeconfigConfig([usual], options.context, clock);
  throw new ConfigError('no cluster is configured: pass --kubeconfig, set KUBECONFIG, or run in a pod');
}
