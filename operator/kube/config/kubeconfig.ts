import type { Clock } from '../clock/index.ts';
import { ConfigError } from '../errors.ts';
import type { ClusterConfig, TlsMaterial } from './config.ts';
import { FileSource } from './file-source.ts';
import { readKubeconfig } from './kubeconfig-file.ts';
import type { KubeconfigUser } from './kubeconfig-file.ts';
import { pluginCredentials } from './plugin-credentials.ts';

type Credentials = Pick<ClusterConfig, 'headers'>;

/** Configuration out of kubeconfig files. Rejects with {@link ConfigError}. */
export async function kubeconfigConfig(
  paths: readonly string[],
  context: string | undefined,
  clock: Clock,
): Promise<ClusterConfig> {
  const selected = await readKubeconfig(paths, context);
  const { cluster, user } = selected;
  if (cluster.server === undefined || cluster.server === '') {
    throw new ConfigError(
      `context ${selected.context} names a cluster without a server: set clusters[].cluster.server`,
    );
  }
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority'], clock);
  const cert = pem(user['client-certificate-data'], user['client-certificate'], clock);
  const key = pem(user['client-key-data'], user['client-key'], clock);
  const plugin =
    user.exec === undefined && user['auth-provider'] === undefined
      ? undefined
      : await pluginCredentials(paths, selected.context, clock);
  const credentials: Credentials = plugin ?? staticCredentials(user, clock);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: selected.namespace ?? 'default',
    proxyUrl: cluster['proxy-url'],
    tls: async (): Promise<TlsMaterial> => ({
      ca: await ca?.(),
      cert: await cert?.(),
      key: await key?.(),
      serverName: cluster['tls-server-name'],
      insecure: cluster['insecure-skip-tls-verify'],
      ...(await plugin?.tls()),
    }),
    headers: async (options) => ({
      ...(await credentials.headers(options)),
      ...(user.as === undefined ? {} : { 'impersonate-user': user.as }),
    }),
  };
}

function pem(data: string | undefined, path: string | undefined, clock: Clock): (() => Promise<string>) | undefined {
  if (data !== undefined && data !== '') {
    const decoded = Buffer.from(data, 'base64').toString('utf8');
    return () => Promise.resolve(decoded);
  }
  if (path === undefined || path === '') return undefined;
  const file = new FileSource(path, clock);
  return () => file.read();
}

function staticCredentials(user: KubeconfigUser, clock: Clock): Credentials {
  if (user.tokenFile !== undefined && user.tokenFile !== '') {
    const file = new FileSource(user.tokenFile, clock);
    return { headers: async (options) => ({ authorization: `Bearer ${await file.read(options)}` }) };
  }
  const authorization =
    user.token !== undefined && user.token !== ''
      ? `Bearer ${user.token}`
      : user.username !== undefined && user.username !== ''
        ? `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`
        : undefined;
  return { headers: () => Promise.resolve(authorization === undefined ? {} : { authorization }) };
}
