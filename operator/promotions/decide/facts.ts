import { annotations, parseDuration } from '../../api/index.ts';
import { specDigest, type Digest } from '../../canonical/index.ts';
import { REVISION_ANNOTATION } from '../../kube/index.ts';
import type { LockSpec, WorkloadKey } from '../../lock/index.ts';
import { historyOf, type PromotionHistory } from '../../records/index.ts';
import { runGates, type GateState } from '../gates/index.ts';
import { artifactsOf, type Artifact, type ArtifactsResult } from '../plan/index.ts';
import type { World } from './world.ts';

/** A workload whose content the promotion changes. */
export interface ChangedWorkload extends WorkloadKey {
  readonly current: Readonly<Record<string, unknown>>;
  readonly currentDigest: Digest;
  readonly desired: Readonly<Record<string, unknown>>;
  readonly desiredDigest: Digest;
  readonly revision: string | undefined;
}

/** What follows from a world by itself; each decision step reads it. */
export interface Facts {
  readonly history: PromotionHistory;
  /** The annotation that admission sets from userInfo. */
  readonly requestedBy: string | undefined;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Those of the first round; before it what runs in the environment. */
  readonly artifacts: ArtifactsResult;
  /** Empty as long as there is no policy. */
  readonly gates: readonly GateState[];
  /** Workloads that would change; empty as well while a plan is missing. */
  readonly changed: readonly ChangedWorkload[];
  readonly lock: LockSpec;
}

export function factsOf(world: World): Facts {
  const { promotion, now } = world;
  const history = historyOf(world.records, promotion.metadata.uid ?? '');
  const running = runningArtifacts(world);
  const latched = latchedArtifacts(history);
  return {
    history,
    requestedBy: promotion.metadata.annotations?.[annotations.requestedBy],
    notAfter: Date.parse(promotion.metadata.creationTimestamp ?? '') + parseDuration(promotion.spec.expiresAfter),
    artifacts: latched === undefined ? running : { artifacts: latched },
    gates:
      'object' in world.policy
        ? runGates({
            now,
            policy: world.policy.object.spec,
            environment: world.environment,
            running,
            latched: latched === undefined ? undefined : { artifacts: latched, gates: history.round?.gates ?? [] },
          })
        : [],
    changed: changedWorkloads(world),
    lock: world.lock?.spec ?? { liveAccess: 'Deny', approved: [] },
  };
}

/** What a promotion that has no round yet would promote. */
export function runningArtifacts({
  target,
  promotion,
  environment,
}: Pick<World, 'target' | 'promotion' | 'environment'>): ArtifactsResult {
  return artifactsOf({
    target: target?.spec.workloads ?? [],
    mapping: promotion.spec.workloads,
    images: promotion.spec.images,
    environment: environment?.status?.workloads ?? [],
  });
}

/** Artifacts stay what the first round said: a promotion is about these very images. */
export function latchedArtifacts(history: PromotionHistory): readonly Artifact[] | undefined {
  return history.rounds[0]?.artifacts;
}

function changedWorkloads({ workloads }: World): readonly ChangedWorkload[] {
  return workloads.flatMap(({ kind, name, live, planned }) => {
    if (live?.spec === undefined || planned === undefined || !('spec' in planned)) return [];
    const current: Readonly<Record<string, unknown>> = { ...live.spec };
    const [currentDigest, desiredDigest] = [specDigest(current), specDigest(planned.spec)];
    if (currentDigest === desiredDigest) return [];
    const revision = live.metadata.annotations?.[REVISION_ANNOTATION];
    return [{ kind, name, current, currentDigest, desired: planned.spec, desiredDigest, revision }];
  });
}
