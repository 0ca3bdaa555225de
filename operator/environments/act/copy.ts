import { isDeepStrictEqual } from 'node:util';
import { fieldManagers } from '../../api/index.ts';
import { membersOf } from '../../canonical/index.ts';
import {
  answerOf,
  ApiError,
  ConfigMap,
  isForbidden,
  Secret,
  type KubeObject,
  type ResourceType,
} from '../../kube/index.ts';
import { certificateOf, certificateProblem } from '../decide/certificate.ts';
import { contentOf, type Content, type Copied, type Copy } from '../decide/copies.ts';
import type { EnvironmentAction } from '../decide/index.ts';
import { problem, type Problem } from '../decide/resolve/index.ts';
import type { Context } from '../gather/context.ts';
import { COPIED_LABEL, ownerLabels, SOURCE_ROLE } from '../naming/index.ts';

type Action = Extract<EnvironmentAction, { do: 'Copy' }>;

const TYPES: Readonly<Record<Copy['kind'], ResourceType<KubeObject>>> = { Secret, ConfigMap };

/**
 * Makes the copies in an environment's namespace what their originals are, and takes away those that nobody wants any
 * more; its own ConfigMaps likewise. Reads originals by name, each time anew, and writes only what differs. Keeps and tells no value.
 *
 * @param namespace where the TwinEnvironment and the originals are
 */
export async function bringCopies(
  context: Pick<Context, 'client' | 'settings'>,
  namespace: string,
  action: Action,
  signal: AbortSignal,
): Promise<Omit<Copied, 'dueIn'>> {
  const { client } = context;
  const known = await knownCopies(context, action, signal);
  const there: Copy[] = [];
  const problems: Problem[] = [];
  for (const copy of action.copies) {
    const outcome = await bring(context, namespace, copy, known.get(idOf(copy))?.object, action, signal);
    // What cannot be read at the moment stays as it was copied; what must not be there goes.
    if (outcome?.reason !== 'LiveKeyRefused') known.delete(idOf(copy));
    if (outcome === undefined) there.push({ kind: copy.kind, name: copy.name });
    else problems.push(outcome);
  }
  for (const { kind, object } of known.values()) {
    const { name, uid } = object.metadata;
    await client.delete(TYPES[kind], { namespace: action.home.namespace, name }, { uid, signal });
  }
  return { wanted: action.copies, there, problems };
}

interface Known {
  readonly kind: Copy['kind'];
  readonly object: KubeObject;
}

async function knownCopies(
  { client }: Pick<Context, 'client'>,
  { home: { namespace } }: Action,
  signal: AbortSignal,
): Promise<Map<string, Known>> {
  const known = new Map<string, Known>();
  for (const kind of ['Secret', 'ConfigMap'] as const) {
    const { items } = await client.list(TYPES[kind], { namespace, labelSelector: `${COPIED_LABEL}=true`, signal });
    for (const object of items) known.set(idOf({ kind, name: object.metadata.name }), { kind, object });
  }
  return known;
}

/** @returns why there is no copy; undefined when there is one, of today's content */
async function bring(
  { client, settings }: Pick<Context, 'client' | 'settings'>,
  namespace: string,
  copy: Copy,
  present: KubeObject | undefined,
  action: Action,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const { home } = action;
  const { kind, name, from } = copy;
  try {
    const content =
      copy.data === undefined ? await originalOf(client, namespace, copy, action, signal) : { data: copy.data };
    if ('problem' in content) return content.problem;
    if (present !== undefined && isDeepStrictEqual(kept(present), kept(content))) return undefined;
    const metadata = {
      name,
      namespace: home.namespace,
      labels: { ...ownerLabels(home.owner), [COPIED_LABEL]: 'true' },
    };
    const manifest = { apiVersion: 'v1', kind, metadata, ...content };
    await client.apply(TYPES[kind], manifest, { fieldManager: fieldManagers.environments, force: true, signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.method === 'GET' && isForbidden(error))
      return impossible(copy, unreadable(from?.namespace ?? namespace, settings.systemNamespace));
    return impossible(copy, `cannot be copied: the API server answered ${answerOf(error)}`);
  }
}

async function originalOf(
  client: Context['client'],
  namespace: string,
  copy: Copy,
  { liveKeys, now }: Action,
  signal: AbortSignal,
): Promise<ReturnType<typeof contentOf>> {
  const { kind, name, from } = copy;
  const original = await client.find(TYPES[kind], from ?? { namespace, name }, { signal });
  if (original !== undefined)
    return from === undefined ? contentOf(copy, original, liveKeys) : certificateOf(from, original, now);
  const why =
    from === undefined ? `is not in ${namespace}; create it there, or leave it out` : 'is not there: create it';
  return { problem: impossible(copy, why) };
}

function unreadable(namespace: string, systemNamespace: string): string {
  const account = `${systemNamespace}:twinlock-environments`;
  return `may not be read; have the platform allow it: kubectl create rolebinding ${SOURCE_ROLE} -n ${namespace} --clusterrole=${SOURCE_ROLE} --serviceaccount=${account}`;
}

function impossible({ kind, name, from }: Copy, why: string): Problem {
  if (from !== undefined) return certificateProblem(from, why);
  return problem('CopyNotPossible', `${kind} ${name} ${why}`);
}

/** What a copy has of its original; a Secret without a type is Opaque. */
function kept(object: KubeObject | Content): Required<Content> {
  const { type, data, binaryData } = membersOf(object);
  return {
    type: typeof type === 'string' ? type : 'Opaque',
    data: membersOf(data),
    binaryData: membersOf(binaryData),
  };
}

function idOf({ kind, name }: Copy): string {
  return `${kind}/${name}`;
}
