import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/index.ts';
import { ConfigError } from '../errors.ts';
import type { ClusterConfig, TlsMaterial } from './config.ts';
import { FileSource } from './file-source.ts';

/** Where the kubelet mounts a service account's token, CA and namespace. */
const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Is this process a pod with a service account? */
export function runsInCluster(env: NodeJS.ProcessEnv, directory = serviceAccountDirectory): boolean {
  return Boolean(env['KUBERNETES_SERVICE_HOST']) && existsSync(join(directory, 'token'));
}

/** Configuration of a pod. Rejects with {@link ConfigError} when the mounted files are missing. */
export async function inClusterConfig(
  env: NodeJS.ProcessEnv,
  clock: Clock,
  directory = serviceAccountDirectory,
): Promise<ClusterConfig> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined || host === '') {
    throw new ConfigError('KUBERNETES_SERVICE_HOST is not set: run in a pod, or pass a kubeconfig');
  }
  const token = new FileSource(join(directory, 'token'), clock);
  const ca = new FileSource(join(directory, 'ca.crt'), clock);
  try {
    await Promise.all([token.read(), ca.read()]);
  } catch (error) {
    throw new ConfigError(
      `cannot read the service account in ${directory}: set automountServiceAccountToken: true on the pod`,
      error,
    );
  }
  const namespace = await readFile(join(directory, 'namespace'), 'utf8').catch(() => 'default');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim(),
    tls: async (): Promise<TlsMaterial> => ({ ca: await ca.read() }),
    headers: async (options) => ({ authorization: `Bearer ${await token.read(options)}` }),
  };
}
