/**
 * Fills a cluster with copies of one environment, written where the API server keeps its objects: an API server would take
 * half an hour for what is here in a minute, and nothing of that is measured.
 */
import { randomUUID } from 'node:crypto';
import { environmentNamespace } from '../../operator/environments/naming/index.ts';
import { store, type ApiCluster, type Operation } from '../harness/index.ts';
import { each } from './stage.ts';

interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid: string };
  readonly spec?: object;
}

/** An object as the API server gave it, and the folder of its kind in etcd. */
export interface Original {
  readonly folder: string;
  readonly object: Stored;
}

/** Objects that are made together. */
const TOGETHER = 120;

/**
 * Writes copies of an environment and of its children, each with its own names and uids.
 *
 * @param environment the original environment
 * @param namespace what the original's namespace is named
 * @param children the namespace and what is in it
 * @param copies how many
 */
export async function fill(
  cluster: ApiCluster,
  environment: Original,
  namespace: string,
  children: readonly Original[],
  copies: number,
): Promise<void> {
  const originals = [environment, ...children];
  const together = Math.max(1, Math.floor(TOGETHER / originals.length));
  const starts = Array.from({ length: Math.ceil(copies / together) }, (_, index) => index * together);
  await each(starts, 4, async (start) => {
    const indexes = Array.from({ length: Math.min(together, copies - start) }, (_, index) => start + index);
    await store(
      cluster.etcd,
      indexes.flatMap((index) => copy(environment, namespace, originals, `copy-${index}`)),
    );
  });
}

/** The names and the uids in a copy are its own wherever they stand: in labels, owners, addresses, status. */
function copy(environment: Original, namespace: string, originals: readonly Original[], name: string): Operation[] {
  const { metadata } = environment.object;
  const uids = new Map(originals.map(({ object }) => [object.metadata.uid, randomUUID()]));
  const uid = uids.get(metadata.uid) ?? randomUUID();
  const identity = { namespace: metadata.namespace ?? '', name, uid, lifecycle: 'Ephemeral' } as const;
  const home = environmentNamespace(identity);
  const texts: readonly (readonly [string, string])[] = [[namespace, home], [metadata.name, name], ...uids];
  return originals.map(({ folder, object }) => {
    const text = texts.reduce((all, [from, to]) => all.replaceAll(from, to), JSON.stringify(unversioned(object)));
    const named: Stored = JSON.parse(text);
    const path = [folder, named.metadata.namespace, named.metadata.name].filter((part) => part !== undefined);
    return { put: `/registry/${path.join('/')}`, value: Buffer.from(text) };
  });
}

/** The version of an object is etcd's, which the stored form does not have. */
function unversioned({ metadata, ...rest }: Stored): object {
  return { ...rest, metadata: { ...metadata, resourceVersion: undefined } };
}
