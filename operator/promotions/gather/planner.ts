import { fieldManagers } from '../../api/index.ts';
import type { Artifact } from '../../gates/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError, isTransient, Job, type Client } from '../../kube/index.ts';
import { stateOf } from '../../lock/index.ts';
import { contentOfObject, ObjectTypes, withObjectContent } from '../../objects/index.ts';
import { specDigest, workloadOf } from '../../workloads/index.ts';
import {
  latchedArtifacts,
  runningArtifacts,
  type DecidingWorld,
  type LiveJob,
  type LiveObject,
  type LiveWorkload,
  type PlannedJob,
  type PlannedObject,
  type PlannedWorkload,
} from '../decide/index.ts';
import {
  asApproved,
  manifestFault,
  newJob,
  objectManifestOf,
  proposalFor,
  proposalRefused,
  wantedFor,
  type Planned,
  type PlannedSpec,
  type Wanted,
} from '../decide/plan/index.ts';

/** A dry run of content that was live a moment ago; it counts if that still is live. */
interface Guess {
  readonly digest: string;
  readonly planned: Promise<Planned>;
}
/** By `kind/name` of the workload. */
export type Guesses = ReadonlyMap<string, Guess>;

/** Asks the API server what it would make of the new content: a dry run, defaults and mutations included. */
export class Planner {
  readonly #client: Pick<Client, 'create' | 'replace'>;
  readonly #types: ObjectTypes;

  constructor(client: Pick<Client, 'create' | 'replace'>, types = new ObjectTypes()) {
    this.#client = client;
    this.#types = types;
  }

  /** Sends the dry runs at once, beside the reads that will tell whether they were of the right content. */
  guess(
    { metadata, spec }: Pick<DecidingWorld['promotion'], 'metadata' | 'spec'>,
    artifacts: readonly Artifact[],
    workloads: readonly LiveWorkload[],
    signal: AbortSignal,
  ): Guesses {
    const guesses = new Map<string, Guess>();
    const { namespace = '' } = metadata;
    for (const workload of workloads) {
      const { kind, name, live } = workload;
      const wanted = wantedFor(spec, artifacts, workload);
      if (live?.spec === undefined || wanted === undefined) continue;
      const planned = this.#dryRun(namespace, workload, wanted, signal);
      // Where the guess turns out to be wrong nobody asks for its result.
      planned.catch(() => undefined);
      guesses.set(`${kind}/${name}`, { digest: specDigest(kind, live.spec), planned });
    }
    return guesses;
  }

  async plan(world: DecidingWorld, guesses: Guesses, signal: AbortSignal): Promise<DecidingWorld> {
    // What is not sound is not sent anywhere; the decision says why.
    if (manifestFault(world.promotion, world.target?.spec ?? { workloads: [] }) !== undefined) return world;
    const running = runningArtifacts(world);
    const { namespace = '' } = world.promotion.metadata;
    const artifacts = latchedArtifacts(world.history) ?? ('artifacts' in running ? running.artifacts : []);
    const workloads = world.workloads.map(async (workload): Promise<PlannedWorkload> => {
      const wanted = wantedFor(world.promotion.spec, artifacts, workload);
      if (wanted === undefined) return workload;
      const guess = guesses.get(`${workload.kind}/${workload.name}`);
      const guessed =
        workload.live?.spec !== undefined && specDigest(workload.kind, workload.live.spec) === guess?.digest;
      return {
        ...workload,
        planned: await (guessed
          ? guess.planned
          : this.#dryRun(namespace, asApproved(workload, world.lock?.spec), wanted, signal)),
      };
    });
    const objects = world.objects.map(async (object): Promise<PlannedObject> => ({
      ...object,
      planned: await this.#dryRunObject(world, object, signal),
    }));
    const jobs = world.jobs.map(async (job): Promise<PlannedJob> => ({
      ...job,
      planned: await this.#dryRunJob(namespace, job, signal),
    }));
    // Together: a dry run that fails while another is waited for has to be heard, or the whole process ends by it.
    const [plannedWorkloads, plannedObjects, plannedJobs] = await Promise.all([
      Promise.all(workloads),
      Promise.all(objects),
      Promise.all(jobs),
    ]);
    return { ...world, workloads: plannedWorkloads, objects: plannedObjects, jobs: plannedJobs };
  }

  /** Without a manifest the promotion takes the object away. */
  async #dryRunObject(
    { promotion }: DecidingWorld,
    { kind, name, live }: LiveObject,
    signal: AbortSignal,
  ): Promise<PlannedObject['planned']> {
    const manifest = objectManifestOf(promotion.spec, { kind, name });
    if (manifest === undefined) return { state: {} };
    const namespace = promotion.metadata.namespace ?? '';
    const wanted = contentOfObject(kind, manifest, manifest);
    const object = withObjectContent({ kind, name }, namespace, wanted, live);
    const options = { dryRun: true, fieldManager: fieldManagers.plan, signal };
    try {
      const answer = await (live === undefined
        ? this.#client.create(this.#types.of(kind), object, options)
        : this.#client.replace(this.#types.of(kind), object, options));
      return { state: stateOf(kind, answer, manifest) };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error) || error.status === 409) throw error;
      return {
        reason: 'PlanRefused',
        message: `the API server refuses ${kind}/${printable(name)} as spec.objects has it: ${printable(error.message, 500)}`,
      };
    }
  }

  /** Under a name of its own, which nobody has: the Job may be there. */
  async #dryRunJob(namespace: string, { name, job, spec }: LiveJob, signal: AbortSignal): Promise<PlannedSpec> {
    const options = { dryRun: true, fieldManager: fieldManagers.plan, signal };
    try {
      const answer = await this.#client.create(Job, newJob(namespace, `${job}-plan`, spec), options);
      return { spec: { ...answer.spec } };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error)) throw error;
      return {
        reason: 'PlanRefused',
        message: `the API server refuses Job ${printable(name)} as spec.jobs has it: ${printable(error.message, 500)}`,
      };
    }
  }

  async #dryRun(namespace: string, workload: LiveWorkload, wanted: Wanted, signal: AbortSignal): Promise<Planned> {
    const proposal = proposalFor(workload, wanted, namespace);
    if (!('object' in proposal)) return proposal;
    const { type } = workloadOf(workload.kind);
    const options = { dryRun: true, fieldManager: fieldManagers.plan, signal };
    try {
      const { spec = {} } = await (workload.live === undefined
        ? this.#client.create(type, proposal.object, options)
        : this.#client.replace(type, proposal.object, options));
      return { spec };
    } catch (error) {
      if (!(error instanceof ApiError) || isTransient(error) || error.status === 409) throw error;
      return proposalRefused(workload, wanted, error.message);
    }
  }
}
