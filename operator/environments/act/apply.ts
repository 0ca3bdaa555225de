import { environmentKind, fieldManagers } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import {
  ApiError,
  fieldsOf,
  hashOf,
  isAlreadyExists,
  isForbidden,
  isNotFound,
  isPolicyUnready,
  sleep,
  untypedField,
  type KubeObject,
  type ResourceType,
} from '../../kube/index.ts';
import { childTypes, HASH_ANNOTATION, type ChildKind } from '../gather/cache/index.ts';
import type { NamespaceChild } from '../decide/live.ts';
import type { Manifest } from '../decide/children/index.ts';
import { belongsTo } from '../naming/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import { problem, type Problem } from '../decide/resolve/index.ts';
import type { Context } from '../gather/context.ts';

/** What applying a plan came to. */
export type ApplyOutcome =
  /** `rejected`: what the API server will not take as it is, object by object. */
  | { readonly kind: 'Applied'; readonly rejected: readonly Problem[] }
  /** The namespace is not this environment's, or not any more. */
  | { readonly kind: 'Blocked'; readonly problem: Problem; readonly final: boolean };

/** Own rights in a new namespace take effect when the API server's authorizer has seen the binding: mostly at once. */
const RIGHTS_DEADLINE_MS = 5000;

/**
 * Brings the children to the plan: namespace, own rights, bounds and isolation, then what runs. Sends only what differs.
 * Rejects on failures that trying again can help.
 */
export async function applyPlan(context: Context, plan: Plan, signal: AbortSignal): Promise<ApplyOutcome> {
  const { manifests } = plan;
  const { namespace, binding } = manifests;
  const blocked = await ensureNamespace(context, plan, namespace, signal);
  if (blocked !== undefined) return blocked;
  const bound = await context.applier.apply(typeOf(binding), binding, { signal });
  const send: Send =
    bound.outcome === 'Unchanged'
      ? (manifest) => context.applier.apply(typeOf(manifest), manifest, { signal })
      : (manifest) =>
          withNewRights(context, () => context.applier.apply(typeOf(manifest), manifest, { signal }), signal);
  const [probe, ...guards] = manifests.guards;
  // One request finds out when the rights are there; the others then need not be repeated.
  if (probe !== undefined) await send(probe);
  await allInOrder(guards.map(send));
  const outcomes = await allInOrder(manifests.parts.map((manifest) => tryPart(send, manifest)));
  await prune(context, plan, signal);
  const rejected = outcomes.filter((each) => each !== undefined);
  return { kind: 'Applied', rejected: rejected.toSorted((x, y) => (x.message < y.message ? -1 : 1)) };
}

/** What the first one in order was refused, not the first one in time: a status that tells it is the same at every try. */
async function allInOrder<T>(sent: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(sent);
  const answers: T[] = [];
  for (const each of sent) answers.push(await each);
  return answers;
}

type Send = (manifest: Manifest) => Promise<unknown>;

async function ensureNamespace(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<ApplyOutcome | undefined> {
  const { name } = manifest.metadata;
  const known = context.informers.namespaces.lister.get({ name });
  if (known === undefined) {
    try {
      // Created, never applied over: a namespace that is there already is somebody else's until its labels say otherwise.
      await createNamespace(context, manifest, signal);
      return undefined;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
  const found = known ?? (await context.client.find<NamespaceChild>(childTypes.Namespace, { name }, { signal }));
  if (found === undefined) return ending(name);
  if (found.metadata.deletionTimestamp !== undefined) return ending(name);
  if (!belongsTo(found.metadata.labels, plan.home.owner)) {
    return {
      kind: 'Blocked',
      final: true,
      problem: problem(
        'NamespaceTaken',
        `namespace ${name} exists and is not this environment's; Twinlock takes over nothing that it did not make: delete the namespace, or give the environment another name`,
      ),
    };
  }
  await context.applier.apply(childTypes.Namespace, manifest, { signal });
  return undefined;
}

function ending(name: string): ApplyOutcome {
  return {
    kind: 'Blocked',
    final: false,
    problem: problem('NamespaceTerminating', `namespace ${name} of a predecessor is still on its way out`),
  };
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

/** Sends something that runs. What the API server finds wrong with it becomes a problem; anything else is thrown. */
async function tryPart(send: Send, manifest: Manifest): Promise<Problem | undefined> {
  try {
    await send(manifest);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError) || isNamespaceGone(error) || isPolicyUnready(error)) throw error;
    const what = `${manifest.kind} ${manifest.metadata.name}`;
    if (error.status === 403) {
      // A quota or a policy, since the rights were there a moment ago. Their messages quote no content.
      return problem('Forbidden', `the API server refuses ${what}: ${printable(error.message, 500)}`);
    }
    if (error.status !== 422 && error.status !== 400 && untypedField(error) === undefined) throw error;
    // The message of an invalid object may quote its values; the fields are enough to find them.
    const fields = fieldsOf(error);
    const where = fields.length === 0 ? '' : ` because of ${printable(fields.join(', '), 500)}`;
    return problem(
      'Invalid',
      `the API server does not take ${what}${where}; correct that part of the spec (kubectl explain ${environmentKind.toLowerCase()}.spec.template says what it may be)`,
    );
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

/** Removes children that the plan does not have any more. */
async function prune({ client, informers }: Context, plan: Plan, signal: AbortSignal): Promise<void> {
  const { home, manifests } = plan;
  const wanted = new Set(
    [...manifests.guards, ...manifests.parts].map(({ kind, metadata }) => `${kind}/${metadata.name}`),
  );
  for (const informer of informers.pruned) {
    for (const child of informer.lister.list(home.namespace)) {
      const { name, namespace, uid, deletionTimestamp, labels } = child.metadata;
      if (wanted.has(`${informer.type.kind}/${name}`) || deletionTimestamp !== undefined) continue;
      if (!belongsTo(labels, home.owner)) continue;
      await client.delete(informer.type, { namespace, name }, { uid, propagationPolicy: 'Background', signal });
    }
  }
}

function typeOf(manifest: Manifest): ResourceType<KubeObject> {
  // An own name of the table is one of its kinds.
  const type = Object.hasOwn(childTypes, manifest.kind) ? childTypes[manifest.kind as ChildKind] : undefined;
  if (type === undefined) throw new Error(`no caches for ${manifest.kind}`);
  // The caches keep slim children; what is sent and answered is whole.
  return type as ResourceType<KubeObject>;
}

/** The environment's namespace went away between two requests. */
export function isNamespaceGone(error: unknown): boolean {
  return (
    isNotFound(error) || (isForbidden(error) && error.causes.some(({ reason }) => reason === 'NamespaceTerminating'))
  );
}
