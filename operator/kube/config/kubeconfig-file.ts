import { isMembers } from '../../canonical/index.ts';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigError } from '../errors.ts';

/** `cluster` of a kubeconfig; paths are absolute after {@link readKubeconfig}. */
export interface KubeconfigCluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

/** `user` of a kubeconfig. */
export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly as?: string;
  readonly exec?: unknown;
  readonly 'auth-provider'?: unknown;
}

/** The three parts that a context selects. */
export interface Selected {
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  readonly namespace: string | undefined;
  readonly context: string;
}

interface Named<K extends string, T> {
  readonly entries: ReadonlyMap<string, T>;
  readonly field: K;
}

interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: Named<'cluster', KubeconfigCluster>['entries'];
  readonly users: Named<'user', KubeconfigUser>['entries'];
  readonly contexts: ReadonlyMap<
    string,
    { readonly cluster?: string; readonly user?: string; readonly namespace?: string }
  >;
}

const pathFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Reads kubeconfig files and selects a context. As in kubectl, the first file that names something wins.
 * Rejects with {@link ConfigError}.
 */
export async function readKubeconfig(paths: readonly string[], context?: string): Promise<Selected> {
  const files = await Promise.all(paths.map(parseFile));
  const name = context ?? files.find((file) => file.currentContext !== undefined)?.currentContext;
  const where = paths.join(', ');
  if (name === undefined) throw new ConfigError(`${where} has no current-context: set one, or name a context`);
  const chosen = lookUp(
    files.map((file) => file.contexts),
    name,
  );
  if (chosen === undefined) throw new ConfigError(`${where} has no context ${name}`);
  const cluster = lookUp(
    files.map((file) => file.clusters),
    chosen.cluster ?? '',
  );
  if (cluster === undefined) throw new ConfigError(`${where}: context ${name} names a cluster that is not there`);
  const user =
    lookUp(
      files.map((file) => file.users),
      chosen.user ?? '',
    ) ?? {};
  return { cluster, user, namespace: chosen.namespace, context: name };
}

function lookUp<T>(maps: readonly ReadonlyMap<string, T>[], name: string): T | undefined {
  return maps.find((map) => map.has(name))?.get(name);
}

async function parseFile(path: string): Promise<Kubeconfig> {
  // Only a kubeconfig needs a YAML parser: a pod starts without it.
  const { parse } = await import('./yaml.ts');
  let document: unknown;
  try {
    document = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`cannot read the kubeconfig ${path}: check that it exists and is YAML`, error);
  }
  if (!isMembers(document)) throw new ConfigError(`the kubeconfig ${path} is not a YAML mapping`);
  const directory = dirname(path);
  const currentContext = document['current-context'];
  return {
    currentContext: typeof currentContext === 'string' && currentContext !== '' ? currentContext : undefined,
    clusters: entries(document['clusters'], 'cluster', directory),
    users: entries(document['users'], 'user', directory),
    contexts: entries(document['contexts'], 'context', directory),
  };
}

/** The file is the user's own and its fields are read with defaults, so its shape is taken as given below the names. */
function entries<T>(list: unknown, field: string, directory: string): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const entry of Array.isArray(list) ? list : []) {
    if (!isMembers(entry) || typeof entry['name'] !== 'string' || !isMembers(entry[field])) continue;
    // The user's own file, see above.
    map.set(entry['name'], absolutePaths(entry[field], directory) as T);
  }
  return map;
}

function absolutePaths(value: Record<string, unknown>, directory: string): Record<string, unknown> {
  const copy = { ...value };
  for (const field of pathFields) {
    const path = copy[field];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) copy[field] = join(directory, path);
  }
  return copy;
}
