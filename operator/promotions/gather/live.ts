import {
  type ApproverKeyring,
  ProductionTarget,
  Promotion,
  TwinEnvironment,
  workloadLockName,
  type WorkloadLock,
} from '../../api/index.ts';
import type { Client, Clock } from '../../kube/index.ts';
import { historyOf, type PromotionHistory, type RecordStore } from '../../records/index.ts';
import { readSnapshot, type Canary, type Enforcement, type FollowedWorkloads } from '../../targets/index.ts';
import type { InForce } from '../../trust/index.ts';
import {
  latchedArtifacts,
  policyNameOf,
  type ClusterIdentity,
  type DecidingWorld,
  type Known,
  type LiveStage,
  type Resolved,
  type RollingWorld,
} from '../decide/index.ts';
import { jobsOf, touchedObjects } from '../decide/plan/index.ts';
import type { ObjectTypes } from '../../objects/index.ts';
import type { Caches } from './caches.ts';
import { readJobs } from './jobs.ts';
import { sameRequester, siblingsOf } from './others.ts';
import type { Guesses, Planner } from './planner.ts';
import { withRevisions } from './rollout-pods.ts';
import { ClockSkew } from './skew.ts';

export interface LiveOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly records: RecordStore;
  readonly followed: Pick<FollowedWorkloads, 'get'>;
  readonly canary: Pick<Canary, 'state' | 'ensure'>;
  readonly clock: Clock;
  readonly types: ObjectTypes;
  readonly cluster: ClusterIdentity;
  /** Targets, policies and keyrings as they count. */
  readonly inForce: InForce;
  /** 16 to 64 lower-case hexadecimal digits from a random source. */
  readonly nonce: () => string;
}

/** What says where to look; what is read says whether it was right. */
export interface Hint {
  readonly stage: LiveStage;
  readonly target: ProductionTarget | undefined;
  /** What opens the lock is counted by what was read after its approval. */
  readonly history: PromotionHistory;
}

/** What both stages that are read have. */
interface Live {
  readonly promotion: Promotion;
  readonly target: ProductionTarget | undefined;
  readonly lock: WorkloadLock | undefined;
}

type SeenDeciding = Live & Omit<DecidingWorld, keyof Known> & { readonly guesses: Guesses };
type SeenRolling = Live & Pick<RollingWorld, 'stage' | 'workloads' | 'objects' | 'jobs'>;

/** Reads everything that decides live from the API server, all at once: what a stage needs, and nothing else. */
export class LiveReader {
  readonly #options: LiveOptions;
  readonly #planner: Pick<Planner, 'guess'>;
  readonly #skew: ClockSkew;

  constructor(options: LiveOptions, planner: Pick<Planner, 'guess'>) {
    this.#options = options;
    this.#planner = planner;
    this.#skew = new ClockSkew(options.client, options.clock);
  }

  /** @returns undefined when the promotion is gone */
  async deciding(cached: Promotion, hint: Hint, signal: AbortSignal): Promise<SeenDeciding | undefined> {
    const { client, caches, cluster, nonce } = this.#options;
    const { namespace = '' } = cached.metadata;
    const { environmentRef } = cached.spec;
    const guesses = this.#guess(cached, hint, signal);
    const [live, { lock, workloads, objects }, policy, keyring, environment, skewSeconds, enforcement] =
      await Promise.all([
        this.#objects(cached, signal),
        readSnapshot(this.#options, namespace, readFor(cached, hint.target), signal),
        this.#policy(hint.target, signal),
        this.#keyring(hint.target, signal),
        client.find(TwinEnvironment, environmentRef, { signal }),
        this.#skew.seconds(signal),
        this.#enforcement(namespace, hint.target),
        this.#head(cached),
      ]);
    if (live === undefined) return undefined;
    return {
      stage: 'Deciding',
      guesses,
      ...live,
      lock,
      workloads: await withRevisions(client, workloads, signal),
      objects,
      jobs:
        hint.history.approved === undefined ? jobsOf(live.promotion) : await readJobs(client, live.promotion, signal),
      policy,
      keyring,
      environment,
      skewSeconds,
      enforcement,
      nonce: nonce(),
      cluster,
      configuration: [],
      namespaceLabels: caches.namespaces.lister.get({ name: environmentRef.namespace })?.metadata.labels ?? undefined,
      classes: caches.classes.lister.list(),
      siblings: siblingsOf(caches, live.promotion),
      sameRequester: sameRequester(caches, live.promotion),
    };
  }

  /** Once the lock is open nothing is counted any more: what only a count needs is not read. */
  async rolling(cached: Promotion, hint: Hint, signal: AbortSignal): Promise<SeenRolling | undefined> {
    const { client } = this.#options;
    const { namespace = '' } = cached.metadata;
    const [live, { lock, workloads, objects }] = await Promise.all([
      this.#objects(cached, signal),
      readSnapshot(this.#options, namespace, readFor(cached, hint.target), signal),
    ]);
    if (live === undefined) return undefined;
    const jobs = await readJobs(client, live.promotion, signal);
    return { stage: 'RollingOut', ...live, lock, workloads, objects, jobs };
  }

  /** @returns undefined when the promotion is gone, another one by now, or on its way out */
  async #objects(cached: Promotion, signal: AbortSignal): Promise<Omit<Live, 'lock'> | undefined> {
    const { client, inForce } = this.#options;
    const { namespace, name, uid } = cached.metadata;
    const [promotion, written] = await Promise.all([
      client.find(Promotion, { namespace, name }, { signal }),
      client.find(ProductionTarget, { namespace, name: cached.spec.targetRef.name }, { signal }),
    ]);
    const isThere = promotion?.metadata.uid === uid && promotion?.metadata.deletionTimestamp === undefined;
    return promotion !== undefined && isThere ? { promotion, target: inForce.target(written) } : undefined;
  }

  /** While votes are counted the artifacts are known, and production seldom changes between two counts. */
  #guess(promotion: Promotion, { target, history }: Hint, signal: AbortSignal): Guesses {
    const artifacts = latchedArtifacts(history);
    // What a reloader added is told from content by the lock, which is not read yet.
    if (artifacts === undefined || target?.spec.mutations !== undefined) return new Map();
    const { namespace = '' } = promotion.metadata;
    const lives = (target?.spec.workloads ?? []).flatMap((workload) => {
      const live = this.#options.followed.get(namespace, workload);
      return live === undefined ? [] : [{ ...workload, live }];
    });
    return this.#planner.guess(promotion, artifacts, lives, signal);
  }

  /** The lock opens next: what this process has not seen of the chain is taken into the cache first. */
  async #head({ metadata, spec }: Promotion): Promise<void> {
    const { records } = this.#options;
    const at = { namespace: metadata.namespace ?? '', name: spec.targetRef.name };
    await records.upToDate(at, (chain) => historyOf(chain, metadata.uid ?? '').approved !== undefined);
  }

  async #policy(target: ProductionTarget | undefined, signal: AbortSignal): Promise<DecidingWorld['policy']> {
    const { inForce } = this.#options;
    const found = policyNameOf(target, inForce.policies());
    return 'name' in found ? inForce.policy(found.name, signal) : found;
  }

  #keyring(target: ProductionTarget | undefined, signal: AbortSignal): Promise<Resolved<ApproverKeyring>> {
    return this.#options.inForce.keyring(target?.spec.keyringRef.name ?? 'default', signal);
  }

  /** What the canary saw last; right after a start it looks first, instead of calling everything unprotected. */
  #enforcement(namespace: string, target: ProductionTarget | undefined): Enforcement | Promise<Enforcement> {
    const { canary, caches } = this.#options;
    const locked = caches.locks.lister.get({ namespace, name: workloadLockName }) !== undefined;
    return locked ? canary.ensure(namespace, target?.spec.workloads[0], Infinity) : canary.state(namespace);
  }
}

/** All workloads of the target, and the objects that the promotion is about: its spec never changes. */
function readFor({ spec }: Promotion, target: ProductionTarget | undefined): Parameters<typeof readSnapshot>[2] {
  const listed = target?.spec.objects ?? [];
  const objects = touchedObjects(spec).filter(({ kind, name }) =>
    listed.some((each) => each.kind === kind && each.name === name),
  );
  return { workloads: target?.spec.workloads ?? [], objects };
}
