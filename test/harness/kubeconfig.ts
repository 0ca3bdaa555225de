import { readFile, rename, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { parse } from 'yaml';

/** How somebody proves to the API server who they are: a client certificate or a token. */
export type Credentials = { readonly certificate: string; readonly key: string } | { readonly token: string };

export interface Endpoint {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
}

/** Writes a kubeconfig at once (never half of one), readable by its owner only. */
export async function writeKubeconfig(path: string, endpoint: Endpoint, credentials: Credentials): Promise<string> {
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'twinlock',
        cluster: { server: endpoint.server, 'certificate-authority-data': base64(endpoint.authority) },
      },
    ],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'twinlock', context: { cluster: 'twinlock', user: 'user' } }],
    'current-context': 'twinlock',
  };
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  await rename(partial, path);
  return path;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string>> }[];
  readonly contexts: readonly { readonly name: string; readonly context: Readonly<Record<string, string>> }[];
  readonly 'current-context': string;
}

/** Reads the current context of a kubeconfig that carries its certificates or token inline. */
export async function readKubeconfig(path: string): Promise<{ endpoint: Endpoint; credentials: Credentials }> {
  const config = parse(await readFile(path, 'utf8')) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context ?? {};
  const cluster = config.clusters.find(({ name }) => name === context['cluster'])?.cluster ?? {};
  const user = config.users.find(({ name }) => name === context['user'])?.user ?? {};
  return {
    endpoint: { server: cluster['server'] ?? '', authority: text(cluster['certificate-authority-data']) },
    credentials:
      user['token'] === undefined
        ? { certificate: text(user['client-certificate-data']), key: text(user['client-key-data']) }
        : { token: user['token'] },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const text = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();
