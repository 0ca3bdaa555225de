import { fieldManagers } from '../../api/index.ts';
import { printable, specDigest } from '../../canonical/index.ts';
import { ApiError, Deployment, isTransient, type Client } from '../../kube/index.ts';
import {
  isOpened,
  latchedArtifacts,
  runningArtifacts,
  type Planned,
  type WorkloadFacts,
  type World,
} from '../decide/index.ts';
import { withImages, type Artifact } from '../plan/index.ts';
import { historyOf } from '../../records/index.ts';
import { withRunning } from './rollout-pods.ts';

/** A dry run of content that was live a moment ago; it counts if that still is live. */
interface Guess {
  readonly digest: string;
  readonly planned: Promise<Planned>;
}
/** By the workload's name. */
export type Guesses = ReadonlyMap<string, Guess>;

/**
 * Completes a world with what only further requests can tell: what the API server would make of the new images (a dry
 * run, defaults and mutations included), or, once the lock is open, which pods there are.
 */
export class Planner {
  readonly #client: Pick<Client, 'replace' | 'list'>;

  constructor(client: Pick<Client, 'replace' | 'list'>) {
    this.#client = client;
  }

  /** Sends the dry runs at once, beside the reads that will tell whether they were of the right content. */
  guess(artifacts: readonly Artifact[], lives: readonly Deployment[], signal: AbortSignal): Guesses {
    const guesses = new Map<string, Guess>();
    for (const live of lives) {
      const { name } = live.metadata;
      const images = artifacts.filter((artifact) => artifact.kind === 'Deployment' && artifact.name === name);
      if (live.spec === undefined || images.length === 0) continue;
      const planned = this.#dryRun({ kind: 'Deployment', name, live }, images, signal);
      // Where the guess turns out to be wrong nobody asks for its result.
      planned.catch(() => undefined);
      guesses.set(name, { digest: specDigest({ ...live.spec }), planned });
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
    const running = runningArtifacts(world);
    const artifacts = latchedArtifacts(history) ?? ('artifacts' in running ? running.artifacts : []);
    const workloads = world.workloads.map(async (workload): Promise<WorkloadFacts> => {
      const images = artifacts.filter(({ kind, name }) => kind === workload.kind && name === workload.name);
      if (images.length === 0) return workload;
      const guess = guesses.get(workload.name);
      const guessed = workload.live?.spec !== undefined && specDigest({ ...workload.live.spec }) === guess?.digest;
      return { ...workload, planned: await (guessed ? guess.planned : this.#dryRun(workload, images, signal)) };
    });
    return { ...world, workloads: await Promise.all(workloads) };
  }

  async #dryRun(
    { kind, name, live }: WorkloadFacts,
    images: readonly Artifact[],
    signal: AbortSignal,
  ): Promise<Planned> {
    const shown = `${kind}/${printable(name)}`;
    if (live?.spec === undefined)
      return {
        reason: 'NoSuchWorkload',
        message: `${shown} does not exist in production: a platform engineer creates it`,
      };
    const { spec, unmatched } = withImages(live.spec, images);
    if (unmatched.length > 0)
      return {
        reason: 'NoSuchContainer',
        message: `${shown} has no container ${unmatched.map((container) => printable(container)).join(', ')}: name the containers alike in environment and production`,
      };
    const { resourceVersion: _any, managedFields: _owners, ...metadata } = live.metadata;
    try {
      const answer = await this.#client.replace(
        Deployment,
        { ...live, metadata, spec },
        { dryRun: true, fieldManager: fieldManagers.plan, signal },
      );
      return { spec: { ...answer.spec } };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error) || error.status === 409) throw error;
      return {
        reason: 'PlanRefused',
        message: `the API server refuses ${shown} with these images: ${printable(error.message, 500)}`,
      };
    }
  }
}
