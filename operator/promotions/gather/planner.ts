import { fieldManagers } from '../../api/index.ts';
import { CanonicalError, printable } from '../../canonical/index.ts';
import type { Artifact } from '../../gates/index.ts';
import { ApiError, isTransient, type Client } from '../../kube/index.ts';
import { isPaused, specDigest, workloadOf } from '../../workloads/index.ts';
import {
  isOpened,
  latchedArtifacts,
  runningArtifacts,
  type Planned,
  type WorkloadFacts,
  type World,
} from '../decide/index.ts';
import { manifestFault, manifestOf, withImages, withManifest, type Manifest } from '../decide/plan/index.ts';
import { contentOf, contentsOf } from '../../lock/index.ts';
import { historyOf } from '../../records/index.ts';
import { withRunning } from './rollout-pods.ts';

/** A dry run of content that was live a moment ago; it counts if that still is live. */
interface Guess {
  readonly digest: string;
  readonly planned: Promise<Planned>;
}
/** What a promotion brings to one workload; a manifest says more than images do. */
interface Wanted {
  readonly manifest: Manifest | undefined;
  readonly images: readonly Artifact[];
}
/** By `kind/name` of the workload. */
export type Guesses = ReadonlyMap<string, Guess>;

/**
 * Completes a world with what only further requests can tell: what the API server would make of the new content (a
 * dry run, defaults and mutations included), or, once the lock is open, which pods there are.
 */
export class Planner {
  readonly #client: Pick<Client, 'replace' | 'list'>;

  constructor(client: Pick<Client, 'replace' | 'list'>) {
    this.#client = client;
  }

  /** Sends the dry runs at once, beside the reads that will tell whether they were of the right content. */
  guess(
    { spec }: Pick<World['promotion'], 'spec'>,
    artifacts: readonly Artifact[],
    workloads: readonly WorkloadFacts[],
    signal: AbortSignal,
  ): Guesses {
    const guesses = new Map<string, Guess>();
    for (const workload of workloads) {
      const { kind, name, live } = workload;
      const wanted = wantedFor(spec, artifacts, workload);
      if (live?.spec === undefined || wanted === undefined) continue;
      const planned = this.#dryRun(workload, wanted, signal);
      // Where the guess turns out to be wrong nobody asks for its result.
      planned.catch(() => undefined);
      guesses.set(`${kind}/${name}`, { digest: specDigest(kind, live.spec), planned });
    }
    return guesses;
  }

  async plan(world: World, guesses: Guesses, signal: AbortSignal): Promise<World> {
    const history = historyOf(world.records, world.promotion.metadata.uid ?? '');
    const { round, approved } = history;
    if (
      round !== undefined &&
      approved !== undefined &&
      world.lock !== undefined &&
      isOpened(world.lock.spec, round, approved)
    )
      return {
        ...world,
        workloads: await withRunning(
          this.#client,
          world.promotion.metadata.namespace,
          world.workloads,
          round.desiredSpecs ?? [],
          signal,
        ),
      };
    // What is not sound is not sent anywhere; the decision says why.
    if (manifestFault(world.promotion, world.target?.spec.workloads ?? []) !== undefined) return world;
    const running = runningArtifacts(world);
    const artifacts = latchedArtifacts(history) ?? ('artifacts' in running ? running.artifacts : []);
    const workloads = world.workloads.map(async (workload): Promise<WorkloadFacts> => {
      const wanted = wantedFor(world.promotion.spec, artifacts, workload);
      if (wanted === undefined) return workload;
      const guess = guesses.get(`${workload.kind}/${workload.name}`);
      const guessed =
        workload.live?.spec !== undefined && specDigest(workload.kind, workload.live.spec) === guess?.digest;
      return {
        ...workload,
        planned: await (guessed ? guess.planned : this.#dryRun(withContent(workload, world), wanted, signal)),
      };
    });
    return { ...world, workloads: await Promise.all(workloads) };
  }

  async #dryRun({ kind, name, live }: WorkloadFacts, wanted: Wanted, signal: AbortSignal): Promise<Planned> {
    const shown = `${kind}/${printable(name)}`;
    if (live?.spec === undefined)
      return {
        reason: 'NoSuchWorkload',
        message: `${shown} does not exist in production: a platform engineer creates it`,
      };
    const { resourceVersion: _any, managedFields: _owners, ...metadata } = live.metadata;
    const from = { ...live, metadata };
    const { object, unmatched } =
      wanted.manifest === undefined
        ? withImages(kind, from, wanted.images)
        : { object: withManifest(from, wanted.manifest), unmatched: [] };
    if (unmatched.length > 0)
      return {
        reason: 'NoSuchContainer',
        message: `${shown} has no container ${unmatched.map((container) => printable(container)).join(', ')}: name the containers alike in environment and production`,
      };
    const what = wanted.manifest === undefined ? 'with these images' : 'as spec.objects has it';
    try {
      const answer = await this.#client.replace(workloadOf(kind).type, object, {
        dryRun: true,
        fieldManager: fieldManagers.plan,
        signal,
      });
      return judged(kind, answer.spec ?? {}, `${shown} ${what}`);
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error) || error.status === 409) throw error;
      return {
        reason: 'PlanRefused',
        message: `the API server refuses ${shown} ${what}: ${printable(error.message, 500)}`,
      };
    }
  }
}

/** A plan starts from what is approved: a reloader's mark would be signed with it and never change again. */
function withContent(workload: WorkloadFacts, { lock }: World): WorkloadFacts {
  const { live } = workload;
  if (live?.spec === undefined || lock === undefined) return workload;
  const spec = contentOf({ ...live.spec }, contentsOf(lock.spec, workload).current);
  return { ...workload, live: { ...live, spec } };
}

function wantedFor(
  spec: World['promotion']['spec'],
  artifacts: readonly Artifact[],
  workload: Pick<WorkloadFacts, 'kind' | 'name'>,
): Wanted | undefined {
  const manifest = manifestOf(spec, workload);
  const images = artifacts.filter(({ kind, name }) => kind === workload.kind && name === workload.name);
  return manifest === undefined && images.length === 0 ? undefined : { manifest, images };
}

/** What the API server takes may still be nothing to promote. */
function judged(kind: WorkloadFacts['kind'], spec: Readonly<Record<string, unknown>>, shown: string): Planned {
  if (isPaused(kind, spec))
    return { reason: 'WorkloadPaused', message: `${shown} is paused and would never roll out: leave spec.paused out` };
  try {
    specDigest(kind, spec);
    return { spec };
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return { reason: 'PlanRefused', message: `${shown} has no digest: ${printable(error.message, 500)}` };
  }
}
