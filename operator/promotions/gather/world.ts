import { isDeepStrictEqual } from 'node:util';
import {
  ProductionTarget,
  Promotion,
  TwinEnvironment,
  workloadLockName,
  type ApproverKeyring,
  type WorkloadLock,
} from '../../api/index.ts';
import type { Client, Clock, ObjectKey } from '../../kube/index.ts';
import { readSnapshot, type Canary, type Enforcement, type FollowedWorkloads } from '../../targets/index.ts';
import {
  askerOf,
  latchedArtifacts,
  policyNameOf,
  stageFromCaches,
  stageOf,
  type ClusterIdentity,
  type DecidingWorld,
  type Known,
  type LiveStage,
  type Resolved,
  type RollingWorld,
  type World,
} from '../decide/index.ts';
import { jobsOf, touchedObjects } from '../decide/plan/index.ts';
import { historyOf, type PromotionHistory, type RecordStore } from '../../records/index.ts';
import type { ObjectTypes } from '../../objects/index.ts';
import type { InForce } from '../../trust/index.ts';
import type { Caches } from './caches.ts';
import { withConfiguration } from './configuration.ts';
import { readJobs } from './jobs.ts';
import { Planner, type Guesses } from './planner.ts';
import { withRevisions, withRunning } from './rollout-pods.ts';
import { ClockSkew } from './skew.ts';

export interface ReaderOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly records: RecordStore;
  readonly followed: Pick<FollowedWorkloads, 'get'>;
  readonly canary: Pick<Canary, 'state' | 'ensure'>;
  readonly clock: Clock;
  readonly types: ObjectTypes;
  readonly cluster: ClusterIdentity;
  /** The operator's own. */
  readonly systemNamespace: string;
  /** Targets, policies and keyrings as they count. */
  readonly inForce: InForce;
  /** 16 to 64 lower-case hexadecimal digits from a random source. */
  readonly nonce: () => string;
}

/** Targets and stages change rarely: beyond this many in one read something is wrong. */
const MAX_READS = 3;

/** What says where to look; what is read says whether it was right. */
interface Hint {
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

/**
 * Reads the world of a promotion: everything that decides live from the API server, all at once; from caches only what
 * says where to look, and the chain, which has seen every write of this process.
 */
export class WorldReader {
  readonly #options: ReaderOptions;
  readonly #planner: Planner;
  readonly #skew: ClockSkew;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#planner = new Planner(options.client, options.types);
    this.#skew = new ClockSkew(options.client, options.clock);
  }

  /** @returns undefined when the promotion does not exist or is being deleted */
  async read(key: ObjectKey, signal: AbortSignal): Promise<World | undefined> {
    const { caches } = this.#options;
    const known = this.known(key);
    if (known === undefined) return undefined;
    const { promotion: cached } = known;
    const lock = caches.locks.lister.get({ namespace: key.namespace, name: workloadLockName });
    const first = stageFromCaches(known, lock?.spec, this.#siblings(cached));
    if (first.stage === 'Over' || first.stage === 'Queued') return { ...known, ...first };
    const name = cached.spec.targetRef.name;
    let hint: Hint = {
      stage: first.stage,
      target: this.#options.inForce.target(caches.targets.lister.get({ namespace: key.namespace, name })),
      history: known.history,
    };
    for (let reads = 0; reads < MAX_READS; reads++) {
      const seen = await (hint.stage === 'RollingOut'
        ? this.#rolling(cached, hint, signal)
        : this.#deciding(cached, hint, signal));
      if (seen === undefined) return undefined;
      const live = this.#knownOf(seen.promotion);
      const stage = stageOf(live.history, seen.lock?.spec);
      if (stage.stage === 'Over') return { ...live, ...stage };
      if (live.history.approved?.sequence === hint.history.approved?.sequence && sameSpec(seen.target, hint.target)) {
        if (stage.stage === 'Deciding' && seen.stage === 'Deciding') {
          const { guesses, ...found } = seen;
          const planned = await this.#planner.plan({ ...found, ...live }, guesses, signal);
          return withConfiguration(this.#options.client, this.#options.systemNamespace, planned, signal);
        }
        if (stage.stage === 'RollingOut' && seen.stage === 'RollingOut' && seen.lock !== undefined)
          return withRunning(this.#options.client, { ...seen, ...live, ...stage, lock: seen.lock }, signal);
      }
      hint = { stage: stage.stage, target: seen.target, history: live.history };
    }
    throw new Error(`ProductionTarget ${name} and its lock change faster than they can be read: try again`);
  }

  /** What is known of a promotion without a single request; for telling why it cannot be read. */
  known(key: ObjectKey): Known | undefined {
    const cached = this.#options.caches.promotions.lister.get(key);
    return cached === undefined || cached.metadata.deletionTimestamp !== undefined ? undefined : this.#knownOf(cached);
  }

  #knownOf(promotion: Promotion): Known {
    const { clock, records: store } = this.#options;
    const { namespace, uid = '' } = promotion.metadata;
    const records = store.of({ namespace, name: promotion.spec.targetRef.name });
    return { now: clock.now(), promotion, records, history: historyOf(records, uid) };
  }

  #siblings({ metadata, spec }: Promotion): readonly Promotion[] {
    return this.#options.caches.promotions.lister
      .list(metadata.namespace ?? '')
      .filter((other) => other.spec.targetRef.name === spec.targetRef.name && other.metadata.uid !== metadata.uid);
  }

  #sameRequester(promotion: Promotion): readonly string[] {
    const { namespace = '', uid } = promotion.metadata;
    return this.#options.caches.promotions.lister
      .list(namespace)
      .filter((other) => other.metadata.uid !== uid && askerOf(other) === askerOf(promotion))
      .map(({ metadata }) => metadata.uid ?? '');
  }

  async #deciding(cached: Promotion, hint: Hint, signal: AbortSignal): Promise<SeenDeciding | undefined> {
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
      siblings: this.#siblings(live.promotion),
      sameRequester: this.#sameRequester(live.promotion),
    };
  }

  /** Once the lock is open nothing is counted any more: what only a count needs is not read. */
  async #rolling(cached: Promotion, hint: Hint, signal: AbortSignal): Promise<SeenRolling | undefined> {
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

function sameSpec(a: ProductionTarget | undefined, b: ProductionTarget | undefined): boolean {
  return a?.metadata.uid === b?.metadata.uid && isDeepStrictEqual(a?.spec, b?.spec);
}
