import type { RequestOptions } from 'node:https';
import type { Clock } from '../clock/index.ts';
import { ConfigError } from '../errors.ts';
import type { ClusterConfig, TlsMaterial } from './config.ts';

/** The plugins keep what they got until it expires; this only spares asking them for every request. */
const maxAge = 5_000;

/**
 * Credentials of `exec` plugins and auth providers (OIDC), through client-node. It is loaded here and nowhere else: it
 * takes over a second and 100 MB, and only people at a keyboard need it.
 */
export async function pluginCredentials(
  paths: readonly string[],
  context: string,
  clock: Clock,
): Promise<Pick<ClusterConfig, 'headers' | 'tls'>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  for (const [index, path] of paths.entries()) {
    if (index === 0) config.loadFromFile(path);
    else {
      const other = new KubeConfig();
      other.loadFromFile(path);
      config.mergeConfig(other, true);
    }
  }
  config.setCurrentContext(context);
  let asked: Promise<RequestOptions> | undefined;
  let askedAt = 0;
  const ask = async (fresh: boolean): Promise<RequestOptions> => {
    if (asked === undefined || fresh || clock.monotonic() - askedAt > maxAge) {
      const options: RequestOptions = {};
      askedAt = clock.monotonic();
      asked = config.applyToHTTPSOptions(options).then(
        () => options,
        (error: unknown) => {
          asked = undefined;
          throw new ConfigError(
            `the credential plugin of context ${context} failed: run kubectl once to see why`,
            error,
          );
        },
      );
    }
    return asked;
  };
  return {
    headers: async (options) => headersOf(await ask(options?.fresh === true)),
    tls: async (): Promise<TlsMaterial> => {
      const { cert, key } = await ask(false);
      return cert === undefined || key === undefined ? {} : { cert: String(cert), key: String(key) };
    },
  };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value);
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}
