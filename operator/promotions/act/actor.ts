import { fieldManagers, WorkloadLock, type ProductionTarget, type Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError, sleep } from '../../kube/index.ts';
import type { Canary } from '../../targets/canary/index.ts';
import type { Action, ActingWorld, Known, LiveWorkload } from '../decide/index.ts';
import { sameLock, type LockSpec } from '../../lock/index.ts';
import type { RecordEntry, RecordStore, RecordTarget } from '../../records/index.ts';
import type { Acting } from './acting.ts';
import { runJob, stopJob } from './jobs.ts';
import { applyObject, handOver } from './objects.ts';
import { apply, deletePods, mark, remove } from './workloads.ts';

export interface ActorOptions extends Acting {
  readonly records: RecordStore;
  readonly canary: Pick<Canary, 'check' | 'ensure'>;
  /** Takes the answer of an own write into the caches. */
  readonly absorb: (lock: WorkloadLock) => void;
}

/** Milliseconds for which a look of the canary's counts when the lock is opened. */
const CANARY_AGE = 2000;
/** Milliseconds: an API server takes a moment to see a new lock, and nothing tells when it has. */
const UNTIL_FROZEN = 1000;

/** Carries out one action. Whoever was faster wins: then it throws the conflict, and the world is read again. */
export class Actor {
  readonly #options: ActorOptions;

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /** @returns whether production was changed */
  async act(world: ActingWorld, action: Action, signal: AbortSignal): Promise<boolean> {
    switch (action.do) {
      case 'Append':
        await this.#append(world, action);
        return false;
      case 'Freeze':
        await this.#replaceLock(world, action.lock, signal);
        // What is read next must not change any more.
        await sleep(this.#options.clock, UNTIL_FROZEN, signal);
        return false;
      case 'SetJobs':
        await this.#replaceLock(world, action.lock, signal);
        return false;
      case 'RunJob':
        return runJob(this.#options, world, action, signal);
      case 'StopJob':
        return stopJob(this.#options, world, action, signal);
      case 'OpenLock':
        return this.#openLock(world, action, signal);
      case 'Apply':
      case 'RollBack':
        return apply(this.#options, world, action, signal);
      case 'ApplyObject':
      case 'RollBackObject':
        return applyObject(this.#options, world, action, signal);
      case 'DeletePods':
        return deletePods(this.#options, world, action, signal);
      case 'CloseLock':
        return this.#closeLock(world, action, signal);
      case 'Mark':
        return mark(this.#options, world, action, signal);
      case 'HandOver':
        return handOver(this.#options, world, action, signal);
      case 'Remove':
        return remove(this.#options, world, action, signal);
    }
  }

  async #append(world: ActingWorld, { entry }: Extract<Action, { do: 'Append' }>): Promise<void> {
    const { promotion, target, records } = world;
    const at = chainOf(world);
    const { outcome } = entry;
    const [appended] = await Promise.all([
      this.#options.records.append(at, records, entry),
      // The lock opens next: the canary looks meanwhile.
      outcome?.result === 'Approved' && enforces(world)
        ? this.#options.canary.check(at.namespace, tried(world))
        : undefined,
    ]);
    if (appended) this.#tell(promotion, target, entry);
  }

  /** Records the end of one of which nothing else could be read. */
  async end({ promotion, records, history }: Known, { entry }: Extract<Action, { do: 'Append' }>): Promise<void> {
    const at = chainOf({ promotion, history, target: undefined });
    if (await this.#options.records.append(at, records, entry)) this.#tell(promotion, undefined, entry);
  }

  #tell(promotion: Promotion, target: ProductionTarget | undefined, { outcome, round }: RecordEntry): void {
    const bad = outcome !== undefined && outcome.result !== 'Approved' && outcome.result !== 'Completed';
    const { emergency } = promotion.spec;
    const asked = emergency === undefined ? '' : ` in an EMERGENCY (${printable(emergency.reason, 512)})`;
    this.#options.events.record({
      regarding: promotion,
      related: target,
      type: bad || emergency !== undefined ? 'Warning' : 'Normal',
      reason: outcome?.result ?? 'RoundOpened',
      action: outcome === undefined ? 'OpenRound' : 'Decide',
      note: outcome?.message ?? `votes are asked for${asked} until ${round?.notAfter ?? ''}`,
    });
  }

  /**
   * Opens the lock, then applies at once what was approved, to what was just read: were it killed in between or had
   * somebody been faster, the next turn does it.
   */
  async #openLock(
    world: ActingWorld,
    action: Extract<Action, { do: 'OpenLock' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { promotion, target, lock } = world;
    if (target === undefined || lock === undefined) return false;
    const { canary, events } = this.#options;
    if (enforces(world)) {
      const enforcement = await canary.ensure(target.metadata.namespace ?? '', tried(world), CANARY_AGE);
      if (!enforcement.active) return false;
    }
    // Somebody changed it on its way in: nothing is applied to what the lock does not hold.
    if (!(await this.#replaceLock(world, action.lock, signal))) return false;
    events.record({
      regarding: promotion,
      related: target,
      type: 'Normal',
      reason: 'LockOpened',
      action: 'OpenLock',
      note: 'the lock of the namespace holds what was signed; what it held before is the fallback',
    });
    // One after the other, since a workload may need them.
    for (const next of action.apply)
      if (next.do === 'ApplyObject' && !(await unlessRefused(applyObject(this.#options, world, next, signal))))
        return false;
    const applied = await Promise.all(
      action.apply.map((next) => next.do !== 'Apply' || unlessRefused(apply(this.#options, world, next, signal))),
    );
    return applied.length > 0 && applied.every((done) => done);
  }

  /** @returns whether the API server stored it as it was sent */
  async #replaceLock({ lock }: ActingWorld, spec: LockSpec, signal: AbortSignal): Promise<boolean> {
    if (lock === undefined) return false;
    const { client, absorb } = this.#options;
    const options = { fieldManager: fieldManagers.promotions, signal };
    const written = await client.replace(WorkloadLock, { ...lock, spec }, options);
    absorb(written);
    return sameLock(written.spec, spec);
  }

  async #closeLock(
    { lock }: ActingWorld,
    { lock: spec }: Extract<Action, { do: 'CloseLock' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (lock === undefined) return false;
    const options = { fieldManager: fieldManagers.promotions, signal };
    this.#options.absorb(await this.#options.client.replace(WorkloadLock, { ...lock, spec }, options));
    return true;
  }
}

/** The target's, or that of the last round: what was begun for a target that is gone by now ends in its chain. */
function chainOf({
  target,
  promotion,
  history: { rounds },
}: Pick<ActingWorld, 'target' | 'promotion' | 'history'>): RecordTarget {
  const { namespace = '', name, uid = '' } = target?.metadata ?? {};
  const chain = name === undefined ? rounds.at(-1)?.target : { namespace, name, uid };
  if (chain === undefined) throw new TypeError(`promotion ${promotion.metadata.name} has no chain to record in`);
  return chain;
}

/** A target that only warns has nothing that a canary could try. */
function enforces({ target }: ActingWorld): boolean {
  return target?.spec.mode !== 'Warn';
}

/** One that the canary can try to change. */
function tried({ workloads }: ActingWorld): LiveWorkload | undefined {
  return workloads.find(({ live }) => live !== undefined);
}

/** @returns false for what the API server refused: it is asked again in the next turn, which sees what others got */
async function unlessRefused(applying: Promise<boolean>): Promise<boolean> {
  try {
    return await applying;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}
