import { isDeepStrictEqual } from 'node:util';
import {
  ApprovalPolicy,
  ApproverKeyring,
  ProductionTarget,
  Promotion,
  TwinEnvironment,
  workloadLockName,
} from '../../api/index.ts';
import type { Client, Clock, ObjectKey } from '../../kube/index.ts';
import { readSnapshot, type Canary, type Enforcement, type FollowedWorkloads } from '../../targets/index.ts';
import { isOpened, latchedArtifacts, waitsBehind, type Resolved, type World } from '../decide/index.ts';
import { notAdmitted } from '../decide/admitted.ts';
import { historyOf, type RecordStore } from '../../records/index.ts';
import type { Caches } from './caches.ts';
import { Planner, type Guesses } from './planner.ts';
import { ClockSkew } from './skew.ts';

export interface ReaderOptions {
  readonly client: Client;
  readonly caches: Caches;
  readonly records: RecordStore;
  readonly followed: Pick<FollowedWorkloads, 'get'>;
  readonly canary: Pick<Canary, 'state' | 'ensure'>;
  readonly clock: Clock;
  readonly cluster: World['cluster'];
  /** 16 to 64 lower-case hexadecimal digits from a random source. */
  readonly nonce: () => string;
}

/** Of what a promotion that is past its count does not need. */
const NOT_READ = { missing: 'not read: votes are not counted any more' };
/** Records of a target that may be missing in the cache; more, and this process is too far behind to act. */
const MAX_UNSEEN = 100;
/** Targets change rarely: beyond this many in one read something is wrong. */
const MAX_READS = 3;

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
    this.#planner = new Planner(options.client);
    this.#skew = new ClockSkew(options.client, options.clock);
  }

  /** @returns undefined when the promotion does not exist or is being deleted */
  async read(key: ObjectKey, signal: AbortSignal): Promise<World | undefined> {
    const { caches, records } = this.#options;
    const cached = caches.promotions.lister.get(key);
    if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) return undefined;
    const at = { namespace: key.namespace, name: cached.spec.targetRef.name };
    const chain = records.of(at);
    // Over is over: nothing that could be read would change it.
    if (historyOf(chain, cached.metadata.uid ?? '').ended !== undefined) return this.#known(cached, chain);
    const tooManyOpen = waitsBehind(
      cached,
      caches.promotions.lister.list(key.namespace).filter(({ spec }) => spec.targetRef.name === at.name),
      chain,
      this.#options.clock.now(),
    );
    if (tooManyOpen !== undefined) return { ...this.#known(cached, chain), tooManyOpen };
    let target = caches.targets.lister.get(at);
    const guesses = this.#guess(cached, target, chain, signal);
    for (let reads = 0; reads < MAX_READS; reads++) {
      const world = await this.#live(cached, target, signal);
      if (world === undefined) return undefined;
      if (sameSpec(world.target, target)) return this.#planner.plan(world, guesses, signal);
      target = world.target;
    }
    throw new Error(`ProductionTarget ${at.name} changes faster than it can be read: try again`);
  }

  /** What is known of a promotion without a single request; for telling why it cannot be read. */
  known(key: ObjectKey): World | undefined {
    const { caches, records } = this.#options;
    const cached = caches.promotions.lister.get(key);
    if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) return undefined;
    return this.#known(cached, records.of({ namespace: key.namespace, name: cached.spec.targetRef.name }));
  }

  /** While votes are counted the artifacts are known, and production seldom changes between two counts. */
  #guess(
    promotion: Promotion,
    target: ProductionTarget | undefined,
    chain: World['records'],
    signal: AbortSignal,
  ): Guesses {
    const artifacts = latchedArtifacts(historyOf(chain, promotion.metadata.uid ?? ''));
    if (artifacts === undefined || this.#isRollingOut(promotion)) return new Map();
    // What a reloader added is told from content by the lock, which is not read yet.
    if (target?.spec.mutations !== undefined) return new Map();
    const namespace = promotion.metadata.namespace ?? '';
    const lives = (target?.spec.workloads ?? []).flatMap((workload) => {
      const live = this.#options.followed.get(namespace, workload);
      return live === undefined ? [] : [{ ...workload, live }];
    });
    return this.#planner.guess(promotion, artifacts, lives, signal);
  }

  async #live(cached: Promotion, hint: ProductionTarget | undefined, signal: AbortSignal): Promise<World | undefined> {
    const { client, caches, records, clock, cluster, nonce } = this.#options;
    const namespace = cached.metadata.namespace ?? '';
    const at = { namespace, name: cached.spec.targetRef.name };
    const { environmentRef } = cached.spec;
    // Once the lock is open nothing is counted any more: what only a count needs is not read.
    const counts = !this.#isRollingOut(cached);
    const [promotion, target, { lock, workloads }, policy, keyring, environment, skewSeconds, enforcement] =
      await Promise.all([
        client.find(Promotion, { namespace, name: cached.metadata.name }, { signal }),
        client.find(ProductionTarget, at, { signal }),
        readSnapshot(client, namespace, hint?.spec.workloads ?? [], signal),
        counts ? this.#policy(hint, signal) : NOT_READ,
        counts ? this.#keyring(hint, signal) : NOT_READ,
        counts ? client.find(TwinEnvironment, environmentRef, { signal }) : undefined,
        counts ? this.#skew.seconds(signal) : undefined,
        this.#enforcement(namespace, hint),
        counts ? this.#head(cached) : undefined,
      ]);
    if (promotion === undefined || promotion.metadata.uid !== cached.metadata.uid) return undefined;
    if (promotion.metadata.deletionTimestamp !== undefined) return undefined;
    return {
      now: clock.now(),
      skewSeconds,
      nonce: nonce(),
      cluster,
      promotion,
      target,
      enforcement,
      policy,
      keyring,
      environment,
      notAdmitted: notAdmitted({
        namespace: environmentRef.namespace,
        labels: caches.namespaces.lister.get({ name: environmentRef.namespace })?.metadata.labels ?? undefined,
        allowedFrom: target?.spec.allowedFrom,
        classes: caches.classes.lister.list(),
      }),
      lock,
      records: records.of(at),
      workloads,
      siblings: caches.promotions.lister
        .list(namespace)
        .filter(({ metadata, spec }) => spec.targetRef.name === at.name && metadata.uid !== promotion.metadata.uid),
    };
  }

  #isRollingOut({ metadata, spec }: Promotion): boolean {
    const { caches, records } = this.#options;
    const { round, approved } = historyOf(
      records.of({ namespace: metadata.namespace, name: spec.targetRef.name }),
      metadata.uid ?? '',
    );
    const lock = caches.locks.lister.get({ namespace: metadata.namespace, name: workloadLockName });
    return round !== undefined && approved !== undefined && lock !== undefined && isOpened(lock.spec, round, approved);
  }

  /** The lock opens next: what this process has not seen of the chain is taken into the cache first. */
  async #head({ metadata, spec }: Promotion): Promise<void> {
    const { records } = this.#options;
    const at = { namespace: metadata.namespace ?? '', name: spec.targetRef.name };
    // One call takes in one record that was not seen; several may be missing.
    for (let reads = 0; reads < MAX_UNSEEN; reads++) {
      const chain = records.of(at);
      if (historyOf(chain, metadata.uid ?? '').approved === undefined || (await records.isHead(at, chain))) return;
    }
    throw new Error(`the records of ${at.name} grow faster than they can be read: try again`);
  }

  async #policy(target: ProductionTarget | undefined, signal: AbortSignal): Promise<Resolved<ApprovalPolicy>> {
    const named = target?.spec.approvalPolicyRef?.name;
    const defaults = this.#options.caches.policies.lister.list().filter(({ spec }) => spec.default);
    const name = named ?? (defaults.length === 1 ? defaults[0]?.metadata.name : undefined);
    if (name === undefined)
      return {
        missing: `there are ${defaults.length} default ApprovalPolicies: a platform engineer makes it one, or names one in the target`,
      };
    const object = await this.#options.client.find(ApprovalPolicy, { name }, { signal });
    return object === undefined
      ? { missing: `ApprovalPolicy ${name} does not exist: a platform engineer creates it` }
      : { object };
  }

  async #keyring(target: ProductionTarget | undefined, signal: AbortSignal): Promise<Resolved<ApproverKeyring>> {
    const name = target?.spec.keyringRef.name ?? 'default';
    const object = await this.#options.client.find(ApproverKeyring, { name }, { signal });
    return object === undefined
      ? { missing: `ApproverKeyring ${name} does not exist, so nobody can approve: a platform engineer creates it` }
      : { object };
  }

  /** What the canary saw last; right after a start it looks first, instead of calling everything unprotected. */
  #enforcement(namespace: string, target: ProductionTarget | undefined): Enforcement | Promise<Enforcement> {
    const { canary, caches } = this.#options;
    const locked = caches.locks.lister.get({ namespace, name: workloadLockName }) !== undefined;
    return locked ? canary.ensure(namespace, target?.spec.workloads[0], Infinity) : canary.state(namespace);
  }

  #known(promotion: Promotion, records: World['records']): World {
    const { clock, cluster, canary } = this.#options;
    return {
      now: clock.now(),
      skewSeconds: undefined,
      nonce: '',
      cluster,
      promotion,
      target: undefined,
      enforcement: canary.state(promotion.metadata.namespace ?? ''),
      policy: NOT_READ,
      keyring: NOT_READ,
      environment: undefined,
      notAdmitted: undefined,
      lock: undefined,
      records,
      workloads: [],
      siblings: [],
    };
  }
}

function sameSpec(a: ProductionTarget | undefined, b: ProductionTarget | undefined): boolean {
  return a?.metadata.uid === b?.metadata.uid && isDeepStrictEqual(a?.spec, b?.spec);
}
