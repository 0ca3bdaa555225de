import { fieldManagers } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import type { Artifact } from '../../gates/index.ts';
import { ApiError, isTransient, type Client } from '../../kube/index.ts';
import { specDigest, workloadOf } from '../../workloads/index.ts';
import {
  latchedArtifacts,
  runningArtifacts,
  type DecidingWorld,
  type LiveWorkload,
  type Planned,
  type PlannedWorkload,
} from '../decide/index.ts';
import { manifestFault, manifestOf, withImages, withManifest, type Manifest } from '../decide/plan/index.ts';
import { contentOf, contentsOf } from '../../lock/index.ts';

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

/** Asks the API server what it would make of the new content: a dry run, defaults and mutations included. */
export class Planner {
  readonly #client: Pick<Client, 'replace'>;

  constructor(client: Pick<Client, 'replace'>) {
    this.#client = client;
  }

  /** Sends the dry runs at once, beside the reads that will tell whether they were of the right content. */
  guess(
    { spec }: Pick<DecidingWorld['promotion'], 'spec'>,
    artifacts: readonly Artifact[],
    workloads: readonly LiveWorkload[],
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

  async plan(world: DecidingWorld, guesses: Guesses, signal: AbortSignal): Promise<DecidingWorld> {
    // What is not sound is not sent anywhere; the decision says why.
    if (manifestFault(world.promotion, world.target?.spec.workloads ?? []) !== undefined) return world;
    const running = runningArtifacts(world);
    const artifacts = latchedArtifacts(world.history) ?? ('artifacts' in running ? running.artifacts : []);
    const workloads = world.workloads.map(async (workload): Promise<PlannedWorkload> => {
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

  async #dryRun({ kind, name, live }: LiveWorkload, wanted: Wanted, signal: AbortSignal): Promise<Planned> {
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
      const { spec = {} } = await this.#client.replace(workloadOf(kind).type, object, {
        dryRun: true,
        fieldManager: fieldManagers.plan,
        signal,
      });
      return { spec };
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
function withContent(workload: LiveWorkload, { lock }: DecidingWorld): LiveWorkload {
  const { live } = workload;
  if (live?.spec === undefined || lock === undefined) return workload;
  const spec = contentOf({ ...live.spec }, contentsOf(lock.spec, workload).current);
  return { ...workload, live: { ...live, spec } };
}

function wantedFor(
  spec: DecidingWorld['promotion']['spec'],
  artifacts: readonly Artifact[],
  workload: Pick<LiveWorkload, 'kind' | 'name'>,
): Wanted | undefined {
  const manifest = manifestOf(spec, workload);
  const images = artifacts.filter(({ kind, name }) => kind === workload.kind && name === workload.name);
  return manifest === undefined && images.length === 0 ? undefined : { manifest, images };
}
