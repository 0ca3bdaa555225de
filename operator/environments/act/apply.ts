import { fieldManagers } from '../../api/index.ts';
import {
  ApiError,
  fieldsOf,
  hashOf,
  isForbidden,
  isNotFound,
  isPolicyUnready,
  sleep,
  untypedField,
  type KubeObject,
  type ResourceType,
} from '../../kube/index.ts';
import { childType, childTypes } from '../gather/cache/index.ts';
import { HASH_ANNOTATION } from '../naming/index.ts';
import { environmentRow } from '../../workloads/index.ts';
import type { Manifest } from '../decide/children/index.ts';
import type { PlannedManifests } from '../decide/plan/index.ts';
import type { ApplyOutcome, EnvironmentAction, EnvironmentWorld } from '../decide/index.ts';
import type { Refusal } from '../decide/refused.ts';
import type { Context } from '../gather/context.ts';

/** Own rights in a new namespace take effect when the API server's authorizer has seen the binding: mostly at once. */
const RIGHTS_DEADLINE_MS = 5000;

/**
 * Brings the children to the plan: namespace, own rights, bounds and isolation, then what runs. Sends only what differs.
 *
 * @throws what trying again can help, and a lost race where somebody made the namespace meanwhile
 */
export async function applyPlan(
  context: Context,
  { home }: Pick<EnvironmentWorld, 'home'>,
  { plan, parts, surplus }: Extract<EnvironmentAction, { do: 'Apply' }>,
  signal: AbortSignal,
): Promise<ApplyOutcome> {
  try {
    await ensureNamespace(context, home, plan.manifests.namespace, signal);
    const refused = await sendChildren(context, { ...plan.manifests, parts }, signal);
    const { namespace } = plan.home;
    for (const { kind, name, uid } of surplus) {
      // What comes in the place of a run waits until this one is gone, with its pods.
      const propagationPolicy = environmentRow(kind)?.ends === true ? 'Foreground' : 'Background';
      await context.client.delete(typeOf(kind), { namespace, name }, { uid, propagationPolicy, signal });
    }
    return { kind: 'Sent', refused };
  } catch (error) {
    if (!isNamespaceGone(error)) throw error;
    return { kind: 'NamespaceGone' };
  }
}

async function sendChildren(
  context: Context,
  { binding, guards, parts }: PlannedManifests,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const apply: Send = (manifest) => context.applier.apply(typeOf(manifest.kind), manifest, { signal });
  const bound = await context.applier.apply(typeOf(binding.kind), binding, { signal });
  const send: Send =
    bound.outcome === 'Unchanged' ? apply : (manifest) => withNewRights(context, () => apply(manifest), signal);
  const [probe, ...others] = guards;
  // One request finds out when the rights are there; the others then need not be repeated.
  if (probe !== undefined) await send(probe);
  await allInOrder(others.map(send));
  const outcomes = await allInOrder(parts.map((manifest) => tryPart(send, manifest)));
  return outcomes.filter((each) => each !== undefined);
}

/** What the first one in order was refused, not the first one in time: a status that tells it is the same at every try. */
async function allInOrder<T>(sent: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(sent);
  const answers: T[] = [];
  for (const each of sent) answers.push(await each);
  return answers;
}

type Send = (manifest: Manifest) => Promise<unknown>;

/** Created, never applied over: a namespace that is there already is somebody else's until its labels say otherwise. */
async function ensureNamespace(
  context: Context,
  home: EnvironmentWorld['home'],
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> {
  if (home === undefined) await createNamespace(context, manifest, signal);
  else await context.applier.apply(childTypes.Namespace, manifest, { signal });
}

async function createNamespace({ client, drift }: Context, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const annotations = { ...manifest.metadata.annotations, [HASH_ANNOTATION]: hashOf(manifest) };
  const object = { ...manifest, metadata: { ...manifest.metadata, annotations } };
  const answer = await client.create<KubeObject>(childTypes.Namespace, object, {
    fieldManager: fieldManagers.environments,
    signal,
  });
  drift.absorb<KubeObject>(childTypes.Namespace, answer);
}

/** Sends something that runs. That the API server does not take it as it is is an answer; anything else is thrown. */
async function tryPart(send: Send, manifest: Manifest): Promise<Refusal | undefined> {
  try {
    await send(manifest);
    return undefined;
  } catch (error) {
    // Of a kind that the API server has lost a moment ago, which is no word about the namespace.
    if (error instanceof ApiError && error.status === 404 && error.objectName === undefined)
      return { kind: manifest.kind, name: manifest.metadata.name, forbidden: 'it does not serve the kind', fields: [] };
    if (!(error instanceof ApiError) || isNamespaceGone(error) || isPolicyUnready(error)) throw error;
    const { kind, metadata } = manifest;
    // A quota or a policy, since the rights were there a moment ago.
    if (error.status === 403) return { kind, name: metadata.name, forbidden: error.message, fields: [] };
    if (error.status !== 422 && error.status !== 400 && untypedField(error) === undefined) throw error;
    return { kind, name: metadata.name, fields: fieldsOf(error) };
  }
}

async function withNewRights<T>({ clock, logger }: Context, act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const started = clock.monotonic();
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    try {
      return await act();
    } catch (error) {
      const late = clock.monotonic() - started > RIGHTS_DEADLINE_MS;
      if (!isForbidden(error) || late || signal.aborted) throw error;
      logger.info({ err: error }, 'refused with rights that were just given, trying again');
      await sleep(clock, pause, signal);
    }
  }
}

function typeOf(kind: string): ResourceType<KubeObject> {
  const type = childType(kind);
  if (type === undefined) throw new Error(`no caches for ${kind}`);
  // The caches keep slim children; what is sent and answered is whole.
  return type as ResourceType<KubeObject>;
}

/** The environment's namespace went away between two requests. */
function isNamespaceGone(error: unknown): boolean {
  return (
    isNotFound(error) || (isForbidden(error) && error.causes.some(({ reason }) => reason === 'NamespaceTerminating'))
  );
}
