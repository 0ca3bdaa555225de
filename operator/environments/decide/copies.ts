import { isDeepStrictEqual } from 'node:util';
import type { TwinClass, TwinEnvironment } from '../../api/index.ts';
import { isMembers, membersOf, printable, type Members } from '../../canonical/index.ts';
import { ownConfigMapsOf, problem, type OwnConfigMaps, type Problem, type ResolvedService } from './resolve/index.ts';

/** A Secret or ConfigMap that an environment gets. */
export interface Copy {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** What one of the environment's own holds. Left out: it has an original in the TwinEnvironment's namespace. */
  readonly data?: Readonly<Record<string, string>>;
  /** The certificate of the class, whose original the platform keeps elsewhere. */
  readonly from?: GivenCertificate;
}

/** A certificate that the platform gives to environments of a class. */
export interface GivenCertificate {
  readonly namespace: string;
  readonly name: string;
  /** What it has to be for. */
  readonly hosts: readonly string[];
}

/** What a vendor's live keys look like. */
export interface LiveKey {
  readonly service: string;
  readonly pattern: string;
}

/** Of all services of an environment. */
export function liveKeysOf(services: readonly Pick<ResolvedService, 'name' | 'liveKeyPatterns'>[]): readonly LiveKey[] {
  return services.flatMap(({ name, liveKeyPatterns }) =>
    liveKeyPatterns.map((pattern) => ({ service: name, pattern })),
  );
}

/** What came of copying. */
export interface Copied {
  /** What was to be copied then. */
  readonly wanted: readonly Copy[];
  readonly there: readonly Copy[];
  readonly problems: readonly Problem[];
  /** Milliseconds until the originals are looked at again. */
  readonly dueIn: number;
}

/** What an environment is to have copied: what it asks for, what it wrote itself, and the pull secrets of its class. */
export function copiesOf({ spec }: TwinEnvironment, twinClass: TwinClass): readonly Copy[] {
  const secrets = new Set([...(spec.secrets ?? []), ...(twinClass.spec.imagePullSecrets ?? [])]);
  return [
    ...[...secrets].map((name) => ({ kind: 'Secret', name }) as const),
    ...(spec.configMaps ?? []).map((name) => ({ kind: 'ConfigMap', name }) as const),
    ...[...ownConfigMapsOf(spec)].map(([name, data]) => ({ kind: 'ConfigMap', name, data }) as const),
  ];
}

/** The first that the class does not list. */
export function copyProblem({ spec }: TwinEnvironment, { metadata, spec: rules }: TwinClass): Problem | undefined {
  const lists = [
    ['secrets', spec.secrets, 'copySecrets', rules.copySecrets],
    ['configMaps', spec.configMaps, 'copyConfigMaps', rules.copyConfigMaps],
  ] as const;
  for (const [field, names = [], list, admitted = []] of lists) {
    const index = names.findIndex((name) => !admitted.some((entry) => admits(entry, name)));
    if (index < 0) continue;
    return problem(
      'CopyNotAllowed',
      `spec.${field}[${index}]: TwinClass ${metadata.name} does not let ${names[index]} be copied; have the platform add it to ${list}, or leave it out`,
    );
  }
  return undefined;
}

function admits(entry: string, name: string): boolean {
  return entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name;
}

/** The first entry of the environment's own ConfigMaps that looks like a live key. Says where, never what. */
export function ownLiveKeyProblem(own: OwnConfigMaps, liveKeys: readonly LiveKey[]): Problem | undefined {
  for (const [name, data] of own) {
    const live = liveKeyIn('ConfigMap', { data }, liveKeys);
    if (live === undefined) continue;
    return problem(
      'LiveKeyRefused',
      `spec.ownConfigMaps, ConfigMap ${name}: ${printable(live.key)} looks like a live key of ${live.service}; an environment gets test keys only. Treat that key as exposed and replace it at the vendor`,
    );
  }
  return undefined;
}

/** Types of Secrets whose holder may act in the cluster as somebody else. */
const CREDENTIALS = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'];
/** Put into every namespace by Kubernetes' own controllers. */
const PUBLISHED = 'kube-root-ca.crt';

/** What is copied of an original: its content and type. */
export interface Content {
  readonly type?: string;
  readonly data?: Members;
  readonly binaryData?: Members;
}

/**
 * Reads an original.
 *
 * @returns what its copy has, or why there is none; no value appears in that
 */
export function contentOf(
  { kind, name }: Copy,
  original: object,
  liveKeys: readonly LiveKey[],
): Content | { readonly problem: Problem } {
  const { type, data, binaryData } = membersOf(original);
  const not = (why: string): { readonly problem: Problem } => ({
    problem: problem('CopyNotPossible', `${kind} ${name} ${why}`),
  });
  if (kind === 'ConfigMap' && name === PUBLISHED) return not('is put into every namespace by Kubernetes; leave it out');
  if (kind === 'Secret' && typeof type === 'string' && CREDENTIALS.includes(type))
    return not(`is of type ${type}, which lets its holder act in the cluster, and never leaves its namespace`);
  const content = {
    ...(typeof type === 'string' ? { type } : {}),
    ...(isMembers(data) ? { data } : {}),
    ...(isMembers(binaryData) ? { binaryData } : {}),
  };
  const live = liveKeyIn(kind, content, liveKeys);
  if (live === undefined) return content;
  const message = `${kind} ${name}: ${printable(live.key)} looks like a live key of ${live.service}; an environment gets test keys only: put one of those there, under another name`;
  return { problem: problem('LiveKeyRefused', message) };
}

function liveKeyIn(
  kind: Copy['kind'],
  { data = {}, binaryData = {} }: Content,
  liveKeys: readonly LiveKey[],
): { readonly key: string; readonly service: string } | undefined {
  const patterns = liveKeys.map(({ service, pattern }) => ({ service, pattern: new RegExp(pattern, 'u') }));
  const texts = [
    ...Object.entries(data).map(([key, value]) => [key, kind === 'Secret' ? decoded(value) : value] as const),
    ...Object.entries(binaryData).map(([key, value]) => [key, decoded(value)] as const),
  ];
  for (const [key, value] of texts) {
    // A file may have it in any of its lines, and in any of their words.
    const words = String(value).split(/[\s"'`=:,;]+/u);
    const found = patterns.find(({ pattern }) => words.some((word) => pattern.test(word)));
    if (found !== undefined) return { key, service: found.service };
  }
  return undefined;
}

function decoded(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

/** Whether two lists are of the same objects in the same order, own ones with the same data. */
export function sameCopies(a: readonly Copy[], b: readonly Copy[]): boolean {
  return isDeepStrictEqual(a, b);
}
