import { notAfterOf } from '../../api/index.ts';
import { itemsOf, membersOf, type Digest } from '../../canonical/index.ts';
import { approvedSpec, revisionOf, specDigest, type WorkloadObject } from '../../workloads/index.ts';
import { contentOf, contentsOf, type LockSpec, type WorkloadKey } from '../../lock/index.ts';
import type { PromotionHistory, RecordedJob } from '../../records/index.ts';
import { runGates, type Artifact, type GateState, type WindowsState } from '../../gates/index.ts';
import {
  artifactsOf,
  imagesOfManifest,
  isRemoved,
  removedWorkloads,
  manifestFault,
  manifestOf,
  ranWith,
  workloadManifests,
  type ContainerImage,
  type ArtifactsResult,
  type ManifestFault,
} from './plan/index.ts';
import {
  changesOf,
  type Changed,
  notExercised,
  notExercisedSince,
  type Change,
  type ObjectMetadata,
  isNoRemoval,
} from '../../votes/statement/index.ts';
import { configurationFound, configuredBy, type Configured } from './configured.ts';
import { requesterOf } from './end.ts';
import { signedJobs } from './jobs.ts';
import { inWords, objectChanges, pathOf, type ChangedObject } from './objects.ts';
import { skippedBy, windowsFor } from './windows.ts';
import type { DecidingWorld } from './world.ts';

/** A workload whose content the promotion changes. */
export interface ChangedWorkload extends WorkloadKey {
  /** Undefined for one that the promotion creates. */
  readonly current: Readonly<Record<string, unknown>> | undefined;
  readonly currentDigest: Digest | 'none';
  /** Undefined for one that it removes. */
  readonly desired: Readonly<Record<string, unknown>> | undefined;
  readonly desiredDigest: Digest | 'none';
  readonly revision: string | undefined;
  /** As it is live; undefined for one that the promotion creates. */
  readonly live: WorkloadObject | undefined;
}

/** What follows by itself from the world of a promotion that is not rolled out yet; each step reads it. */
export interface Facts {
  /** The annotation that admission sets from userInfo. */
  readonly requestedBy: string | undefined;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Those of the first round; before it what runs in the environment. */
  readonly artifacts: ArtifactsResult;
  /** Empty as long as there is no policy. */
  readonly gates: readonly GateState[];
  /** Windows of the policy; left out as long as there is none. */
  readonly windows: WindowsState | undefined;
  /** Workloads that would change; empty as well while a plan is missing. */
  readonly changed: readonly ChangedWorkload[];
  /** Objects beside the workloads that would change, in the order in which they are applied. */
  readonly changedObjects: readonly ChangedObject[];
  /** All of it in words. */
  readonly changes: readonly Change[];
  /** Paths of the changes that the environment did not run with. */
  readonly notExercised: readonly string[];
  /** Labels and annotations that the changed workloads get themselves. */
  readonly metadata: readonly ObjectMetadata[];
  /** ConfigMaps and Secrets that the changed workloads will refer to. */
  readonly configuration: readonly Configured[];
  /** Jobs before and after, as they would be signed. */
  readonly jobs: readonly RecordedJob[];
  /** What is wrong with `spec.objects`, whatever an environment runs. */
  readonly manifestFault: ManifestFault | undefined;
  readonly lock: LockSpec;
}

/** Computes once, from what was read, what the steps ask about; reads and writes nothing itself. */
export function factsOf(world: DecidingWorld): Facts {
  const { promotion, now, history } = world;
  const running = runningArtifacts(world);
  const latched = latchedArtifacts(history);
  const artifacts = latched === undefined ? running : { artifacts: latched };
  const changed = changedWorkloads(world);
  const changedObjects = objectChanges(world);
  const jobs = signedJobs(world);
  const changes = changesOf([...changed.map(signedPart), ...changedObjects.map(inWords), ...jobs.map(jobPart)]);
  return {
    requestedBy: requesterOf(promotion),
    notAfter: notAfterOf(promotion),
    artifacts,
    gates:
      'object' in world.policy
        ? runGates({
            now,
            policy: world.policy.object.spec,
            skipped: new Set(skippedBy(world.policy.object.spec, promotion.spec)),
            environment: world.environment,
            running,
            latched: latched === undefined ? undefined : { artifacts: latched, gates: history.round?.gates ?? [] },
          })
        : [],
    windows: 'object' in world.policy ? windowsFor(world.policy.object.spec, promotion.spec, now) : undefined,
    changed,
    changedObjects,
    changes,
    notExercised: notRun(world, changes.filter(isNoRemoval), 'artifacts' in artifacts ? artifacts.artifacts : [], jobs),
    metadata: changed.flatMap((workload) => metadataOf(promotion, workload)),
    configuration: configuredBy(changed, configurationFound(world), jobs),
    jobs,
    manifestFault: manifestFault(promotion, world.target?.spec ?? { workloads: [] }),
    lock: world.lock?.spec ?? { liveAccess: 'Deny', approved: [] },
  };
}

/** What a promotion that has no round yet would promote. */
export function runningArtifacts({
  target,
  promotion,
  environment,
}: Pick<DecidingWorld, 'target' | 'promotion' | 'environment'>): ArtifactsResult {
  return artifactsOf({
    target: (target?.spec.workloads ?? []).filter((workload) => !isRemoved(promotion.spec, workload)),
    removes: removedWorkloads(promotion.spec).length > 0,
    mapping: promotion.spec.workloads,
    images: promotion.spec.images,
    manifests: workloadManifests(promotion.spec).map(imagesOfManifest),
    environment: environment?.status?.workloads ?? [],
  });
}

/** Artifacts stay what the first round said: a promotion is about these very images. */
export function latchedArtifacts(history: PromotionHistory): readonly Artifact[] | undefined {
  return history.rounds[0]?.artifacts;
}

function changedWorkloads({ promotion, workloads, lock }: DecidingWorld): readonly ChangedWorkload[] {
  return workloads.flatMap((workload) => {
    const { kind, name, live, planned } = workload;
    const approved = lock === undefined ? undefined : contentsOf(lock.spec, { kind, name }).current;
    if (live !== undefined && live.spec === undefined) return [];
    const current = live?.spec === undefined ? undefined : contentOf({ ...live.spec }, approved);
    const goes = isRemoved(promotion.spec, workload);
    const desired = !goes && planned !== undefined && 'spec' in planned ? planned.spec : undefined;
    if (desired === undefined && !goes) return [];
    const [currentDigest, desiredDigest] = [digestIfAny(kind, current), digestIfAny(kind, desired)];
    if (currentDigest === desiredDigest) return [];
    return [{ kind, name, live, current, currentDigest, desired, desiredDigest, revision: revisionOf(workload) }];
  });
}

function digestIfAny(kind: WorkloadKey['kind'], spec: ChangedWorkload['current']): Digest | 'none' {
  return spec === undefined ? 'none' : specDigest(kind, spec);
}

/** What a signature covers of it: the lists in the statement are of that. */
function signedPart({ kind, name, current, desired }: ChangedWorkload): Changed {
  const covered = (spec: ChangedWorkload['current']) => (spec === undefined ? undefined : approvedSpec(kind, spec));
  return { kind, name, part: 'spec', current: covered(current), desired: covered(desired) };
}

/** Everything of a Job is new. */
function jobPart({ name, spec }: RecordedJob): Changed {
  return { kind: 'Job', name, part: 'spec', current: undefined, desired: spec };
}

/** Images of a Job that the environment ran, in whichever of its workloads. */
function jobImages({ spec }: RecordedJob, environment: DecidingWorld['environment']): readonly ContainerImage[] {
  const ran = (environment?.status?.workloads ?? []).flatMap(({ images = [] }) => images.map(({ image }) => image));
  const pods = membersOf(membersOf(spec['template'])['spec']);
  return ['containers', 'initContainers']
    .flatMap((list) => itemsOf(pods[list]).map(membersOf))
    .flatMap(({ name }) => ran.map((image) => ({ container: String(name), image })));
}

/** What the first round said stays true: the environment may move on. */
function notRun(
  { promotion, environment, workloads, objects, history: { rounds } }: DecidingWorld,
  changes: readonly Change[],
  artifacts: readonly Artifact[],
  jobs: readonly RecordedJob[],
): readonly string[] {
  const imagesOf = ({ kind, name }: WorkloadKey): readonly Artifact[] =>
    artifacts.filter((artifact) => artifact.kind === kind && artifact.name === name);
  const first = rounds[0]?.statements;
  if (first !== undefined)
    return notExercisedSince(
      first.approve,
      changes,
      new Map(workloads.map((workload) => [`${workload.kind}/${workload.name}`, imagesOf(workload)])),
    );
  // An environment has objects of its own: what is promoted of others did not run there.
  const ofObjects = changes
    .map(({ path }) => path)
    .filter((path) => objects.some((each) => path.startsWith(pathOf(each))));
  const ofWorkloads = workloads.flatMap((workload) => {
    const { from = workload.name } =
      promotion.spec.workloads?.find(({ to }) => to.kind === workload.kind && to.name === workload.name) ?? {};
    return notExercised({ workload, changes, ran: ranWith(environment, from), images: imagesOf(workload) });
  });
  const ofJobs = jobs.flatMap((job) =>
    notExercised({
      workload: { kind: 'Job', name: job.name },
      changes,
      ran: undefined,
      images: jobImages(job, environment),
    }),
  );
  return [...ofWorkloads, ...ofObjects, ...ofJobs];
}

function metadataOf({ spec }: DecidingWorld['promotion'], workload: WorkloadKey): readonly ObjectMetadata[] {
  const { labels, annotations } = manifestOf(spec, workload)?.metadata ?? {};
  const { kind, name } = workload;
  return labels === undefined && annotations === undefined ? [] : [{ kind, name, labels, annotations }];
}
