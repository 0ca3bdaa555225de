import { bookkeepingKeys } from '../api/index.ts';
import { digestOf, isMembers, itemsOf, membersOf, type Digest, type Members } from '../canonical/index.ts';
import type { KubeObject } from '../kube/index.ts';
import { isKnownKind, objectType } from './table.ts';

/** By kind and name, in one namespace. */
export interface ObjectKey {
  /** One that every installation knows, or one that this installation names. */
  readonly kind: string;
  readonly name: string;
}

/** Members of `spec` of a Service that the API server allocates; a nodePort is in each port. */
export const ALLOCATED_BY_SERVICE = ['clusterIP', 'clusterIPs', 'healthCheckNodePort'] as const;
/** What asks for no address, and is no address: content. */
export const HEADLESS = 'None';

/**
 * What people approve of an object: all that users write, i.e. labels, annotations and every member but status; of a kind
 * that an installation names, its version too. What the API server allocates counts only where it is written in `like`; so do tokens that others add to a ServiceAccount.
 *
 * @param like the manifest or the approved content that it is compared with; left out: nothing is written there
 */
export function contentOfObject(kind: string, object: KubeObject, like: unknown = {}): Members {
  const { apiVersion, kind: _kind, metadata, ...rest } = object;
  const { status: _status, ...members } = membersOf(rest);
  const [labels, annotations] = [ownOf(metadata.labels), ownOf(metadata.annotations)];
  const own = {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  // What a field means, its version says; of a kind that every installation knows there is one.
  const version = isKnownKind(kind) ? {} : { apiVersion };
  const content = { ...version, ...(Object.keys(own).length === 0 ? {} : { metadata: own }), ...members };
  return withoutAllocated(kind, content, membersOf(like));
}

/** Digest of a content. */
export function objectDigest(content: Members): Digest {
  return digestOf(content);
}

/** An object that has a content; of the live one, what is no content stays. What the API server allocates, it keeps. */
export function withObjectContent(
  { kind, name }: ObjectKey,
  namespace: string,
  content: Members,
  live: KubeObject | undefined,
): KubeObject {
  const { metadata: own, apiVersion, ...members } = content;
  const { labels, annotations } = membersOf(own);
  const { managedFields: _owners, ...metadata } = live?.metadata ?? { name, namespace };
  return {
    ...members,
    apiVersion: isKnownKind(kind) ? objectType(kind).apiVersion : textOf(apiVersion),
    kind,
    metadata: {
      ...metadata,
      labels: { ...bookkept(metadata.labels), ...textsOf(labels) },
      annotations: { ...bookkept(metadata.annotations), ...textsOf(annotations) },
    },
  };
}

type Texts = Readonly<Record<string, string>>;

function isBookkeeping(key: string): boolean {
  return bookkeepingKeys.some((known) => (known.endsWith('*') ? key.startsWith(known.slice(0, -1)) : key === known));
}

function ownOf(map: Texts = {}): Texts {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !isBookkeeping(key)));
}

function bookkept(map: Texts = {}): Texts {
  return Object.fromEntries(Object.entries(map).filter(([key]) => isBookkeeping(key)));
}

function textsOf(map: unknown): Texts {
  return Object.fromEntries(
    Object.entries(membersOf(map)).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function withoutAllocated(kind: string, content: Members, like: Members): Members {
  if (kind === 'ServiceAccount') return like['secrets'] === undefined ? without(content, ['secrets']) : content;
  const spec = content['spec'];
  if (kind !== 'Service' || !isMembers(spec)) return content;
  const written = membersOf(like['spec']);
  const isHeadless = spec['clusterIP'] === HEADLESS;
  const kept = without(
    spec,
    ALLOCATED_BY_SERVICE.filter(
      (member) => written[member] === undefined && !(isHeadless && member !== 'healthCheckNodePort'),
    ),
  );
  const ports = itemsOf(written['ports']).map(membersOf);
  const portOf = (port: Members): Members =>
    ports.some((each) => samePort(each, port) && each['nodePort'] !== undefined) ? port : without(port, ['nodePort']);
  return {
    ...content,
    spec: {
      ...kept,
      ...(kept['ports'] === undefined ? {} : { ports: itemsOf(kept['ports']).map((port) => portOf(membersOf(port))) }),
    },
  };
}

function samePort(a: Members, b: Members): boolean {
  return a['port'] === b['port'] && (a['protocol'] ?? 'TCP') === (b['protocol'] ?? 'TCP');
}

function without(members: Members, names: readonly string[]): Members {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
