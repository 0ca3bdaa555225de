import {
  configurationRole,
  ProductionTarget,
  type Promotion,
  protections,
  WorkloadLock,
  workloadLockName,
} from '../../api/index.ts';
import { Namespace, RoleBinding, type Client, type Clock, type Informer, type ObjectKey } from '../../kube/index.ts';
import type { LockSpec, WorkloadKey } from '../../lock/index.ts';
import { nameOf, type RecordSpec, type RecordStore } from '../../records/index.ts';
import type { Canary, Enforcement } from '../canary/index.ts';
import {
  foundProtection,
  hasAdopted,
  needsInventory,
  onlyWarns,
  overduePods,
  unadopted,
  undecided,
  type Running,
  type TargetWorld,
  type UnsignedWorld,
  type World,
} from '../decide/index.ts';
import type { ObjectTypes } from '../../objects/index.ts';
import type { InForce } from '../../trust/index.ts';
import type { FollowedPods } from './followed-pods.ts';
import type { FollowedWorkloads } from './followed.ts';
import { asking, existing } from './promotions.ts';
import { rehearse } from './rehearse.ts';
import { isReaderBinding } from './reader-binding.ts';
import { readInventory, readPods } from './running.ts';
import { readReadable, readSnapshot } from './snapshot.ts';

export interface TargetReaderOptions {
  readonly client: Client;
  readonly targets: Informer<ProductionTarget>;
  readonly promotions: Informer<Promotion>;
  readonly records: RecordStore;
  readonly followed: Pick<FollowedWorkloads, 'follow' | 'whenKnown' | 'list'>;
  readonly pods: Pick<FollowedPods, 'follow' | 'whenKnown' | 'of'>;
  readonly canary: Pick<Canary, 'state' | 'check' | 'ensure'>;
  readonly clock: Clock;
  readonly types: ObjectTypes;
  /** The operator's own. */
  readonly systemNamespace: string;
  /** Targets as they count. */
  readonly inForce: Pick<InForce, 'target' | 'acceptedBy' | 'standing'>;
  /** Writers of running pods that the installation names. Default none. */
  readonly podWriters?: TargetWorld['podWriters'] | undefined;
}

/** Beyond this a lock changes faster than the pods beside it can be read. */
const MAX_READS = 5;
/** Milliseconds. */
const FIRST_LISTS = 3000;

/** What was read first, and says what else has to be. */
type Ground = Pick<
  TargetWorld,
  'target' | 'accepted' | 'standing' | 'others' | 'namespace' | 'lock' | 'bound' | 'records' | 'workloads'
>;

/** Reads the world of a target: live where it decides. */
export class TargetReader {
  readonly #options: TargetReaderOptions;

  constructor(options: TargetReaderOptions) {
    this.#options = options;
  }

  /** @returns undefined when the target does not exist, or it or its namespace is being deleted */
  async read(key: ObjectKey, signal: AbortSignal): Promise<World | undefined> {
    const unsigned = this.#unsigned(key);
    if (unsigned !== undefined) return unsigned;
    for (let reads = 0; reads < MAX_READS; reads++) {
      const ground = await this.#ground(key, signal);
      if (ground === undefined) return undefined;
      const world = await this.#world(ground, signal);
      // Whoever is about to be called an intruder is looked at again, live, between two reads of one lock.
      if (needsInventory(ground) || overduePods(world).length === 0) return world;
      const running = await readPods(this.#options.client, key.namespace ?? '', signal);
      const after = await this.#lock(key.namespace ?? '', signal);
      if (after?.metadata.resourceVersion === world.lock?.metadata.resourceVersion) return { ...world, running };
    }
    throw new Error(`the lock of ${key.namespace ?? ''} changes faster than its pods can be read: try again`);
  }

  /** Nothing else of such a target is read: it costs no request. */
  #unsigned(key: ObjectKey): UnsignedWorld | undefined {
    const { targets, inForce, clock } = this.#options;
    const target = targets.lister.get(key);
    if (target === undefined || target.metadata.deletionTimestamp !== undefined) return undefined;
    const standing = inForce.standing(target);
    return standing === undefined || standing.accepted !== undefined
      ? undefined
      : { stage: 'Unsigned', now: clock.now(), target, standing };
  }

  async #ground(key: ObjectKey, signal: AbortSignal): Promise<Ground | undefined> {
    const { client, targets, records, inForce } = this.#options;
    const { namespace = '', name } = key;
    const [written, object, lock, binding] = await Promise.all([
      client.find(ProductionTarget, key, { signal }),
      client.find(Namespace, { name: namespace }, { signal }),
      this.#lock(namespace, signal),
      client.find(RoleBinding, { namespace, name: configurationRole }, { signal }),
    ]);
    const target = inForce.target(written);
    if (written === undefined || target === undefined || target.metadata.deletionTimestamp !== undefined)
      return undefined;
    // A namespace that goes takes everything with it and accepts nothing new.
    if (object?.metadata.deletionTimestamp !== undefined) return undefined;
    const others = targets.lister
      .list(namespace)
      .flatMap((other) => inForce.target(other) ?? [])
      .filter(({ metadata }) => metadata.uid !== target.metadata.uid && metadata.deletionTimestamp === undefined);
    const bound = isReaderBinding(binding, this.#options.systemNamespace);
    const of = {
      target,
      accepted: inForce.acceptedBy(target),
      // As it was written: what of it counts stands in its place in `target`.
      standing: inForce.standing(written),
      records: records.of({ namespace, name }),
    };
    // What was taken over once needs no look: whoever was not there then may have been made since.
    const open = hasAdopted(of) ? undecided(of, target.spec.workloads) : [];
    const workloads =
      open.length === 0
        ? []
        : (await readSnapshot(this.#options, namespace, { workloads: open, objects: [] }, signal)).workloads;
    return { ...of, others, namespace: object, lock, bound, workloads };
  }

  async #world(ground: Ground, signal: AbortSignal): Promise<TargetWorld> {
    const { client, records, clock, followed, pods, podWriters = [] } = this.#options;
    const { target, others } = ground;
    const { namespace = '', name } = target.metadata;
    followed.follow(namespace);
    pods.follow(namespace);
    const enforcement = await this.#enforcement(ground);
    const left = givenUpIn(ground);
    const takesInventory = needsInventory(ground);
    // After the canary's look: what is read now, nobody could have changed against the lock.
    const listed = { workloads: [...target.spec.workloads, ...left], objects: target.spec.objects ?? [] };
    const [{ lock, workloads, objects, unread }, running] = await Promise.all([
      readReadable(this.#options, namespace, listed, signal),
      takesInventory ? readInventory(client, namespace, signal) : this.#followed(namespace, signal),
    ]);
    const isOwn = (workload: WorkloadKey): boolean => has(target.spec.workloads, workload);
    const own = workloads.filter(isOwn);
    const rehearsals = takesInventory ? await rehearse(client, own, running, signal) : [];
    // An approval is recorded before its lock opens: read after the lock, the chain has it.
    const chainOf = (of: string): Promise<readonly RecordSpec[]> =>
      records.upToDate({ namespace, name: of }, (seen) => namesUnseen(lock?.spec, of, seen));
    const chain = await chainOf(name);
    const beside = await Promise.all(
      others.map(async ({ metadata }) => [metadata.name, await chainOf(metadata.name)] as const),
    );
    if (!takesInventory && unadopted({ target, records: chain }, own).length > 0)
      throw new Error(`a workload of ${name} was made while it was read: try again`);
    const gone = (lock?.spec.approved ?? [])
      .map((entry) => entry.target)
      .filter((of) => !isNamed([target, ...others], of));
    return {
      stage: 'InForce',
      now: clock.now(),
      target,
      accepted: ground.accepted,
      standing: ground.standing,
      others,
      namespace: ground.namespace,
      lock,
      bound: ground.bound,
      records: chain,
      orphanedChains: new Map(gone.map((of) => [of, records.of({ namespace, name: of })])),
      otherChains: new Map(beside),
      workloads: own,
      objects,
      ...(unread === undefined ? {} : { unread }),
      givenUp: workloads.filter((workload) => !isOwn(workload)),
      running,
      rehearsals,
      enforcement,
      promotions: await existing(this.#options, chain, signal),
      asking: asking(this.#options, namespace, lock?.spec),
      podWriters,
    };
  }

  #lock(namespace: string, signal: AbortSignal): Promise<WorkloadLock | undefined> {
    return this.#options.client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal });
  }

  /** While it is being taken over, what the canary says now counts, and before the live specs are read once more. */
  async #enforcement(ground: Ground): Promise<Enforcement> {
    const { canary } = this.#options;
    const { metadata, spec } = ground.target;
    const { namespace = '' } = metadata;
    const workload = spec.workloads[0];
    const protecting = foundProtection(ground) === protections.enforce && ground.lock !== undefined;
    if (!protecting || onlyWarns(ground)) return canary.state(namespace);
    return needsInventory(ground) ? canary.check(namespace, workload) : canary.ensure(namespace, workload, Infinity);
  }

  async #followed(namespace: string, signal: AbortSignal): Promise<Running> {
    const { followed, clock } = this.#options;
    // Right after a start: a moment's wait instead of a status that says that nothing is known.
    const late = new AbortController();
    const timer = clock.setTimer(FIRST_LISTS, () => late.abort());
    const moment = AbortSignal.any([signal, late.signal]);
    await Promise.all([followed.whenKnown(namespace, moment), this.#options.pods.whenKnown(namespace, moment)])
      .catch(() => signal.throwIfAborted())
      .finally(() => timer.cancel());
    const { pods, owned } = this.#options.pods.of(namespace);
    const workloads = followed.list(namespace);
    return { workloads: workloads ?? [], others: [], owned, pods: workloads === undefined ? undefined : pods };
  }
}

/** Workloads in the lock that their target does not name any more, this one's or one's that is gone; no other names them. */
function givenUpIn({ target, others, lock }: Ground): readonly WorkloadKey[] {
  const named = [target, ...others].flatMap(({ spec }) => spec.workloads);
  const left = (lock?.spec.approved ?? []).filter(
    ({ kind, name, role, target: of }, _index, all) =>
      !has(named, { kind, name }) &&
      !isNamed(others, of) &&
      // One that was removed has its fallback alone.
      (role === 'Current' || !all.some((each) => each.role === 'Current' && each.kind === kind && each.name === name)),
  );
  return left.map(({ kind, name }) => ({ kind, name }));
}

function isNamed(targets: readonly ProductionTarget[], name: string): boolean {
  return targets.some(({ metadata }) => metadata.name === name);
}

function has(workloads: readonly WorkloadKey[], { kind, name }: WorkloadKey): boolean {
  return workloads.some((each) => each.kind === kind && each.name === name);
}

function namesUnseen(lock: LockSpec | undefined, target: string, chain: readonly RecordSpec[]): boolean {
  const seen = new Set(chain.map(nameOf));
  return [...(lock?.approved ?? []), ...(lock?.objects ?? []), ...(lock?.jobs ?? [])].some(
    (entry) => entry.target === target && !seen.has(entry.record),
  );
}
