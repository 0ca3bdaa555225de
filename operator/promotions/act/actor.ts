import {
  fieldManagers,
  isRefusalBy,
  labels,
  WorkloadLock,
  type ProductionTarget,
  type Promotion,
} from '../../api/index.ts';
import {
  ApiError,
  handedOver,
  Job,
  Pod,
  sleep,
  type Client,
  type Clock,
  type EventRecorder,
} from '../../kube/index.ts';
import type { Canary } from '../../targets/canary/index.ts';
import type { Action, ActingWorld, Known, LiveWorkload, ObjectAction } from '../decide/index.ts';
import { sameLock, type LockSpec } from '../../lock/index.ts';
import { withObjectContent, type ObjectTypes } from '../../objects/index.ts';
import { withContent, workloadOf } from '../../workloads/index.ts';
import { manifestOf, newJob, newObject, withManifestMetadata } from '../decide/plan/index.ts';
import type { RecordEntry, RecordStore, RecordTarget } from '../../records/index.ts';

export interface ActorOptions {
  readonly client: Pick<Client, 'create' | 'replace' | 'delete'>;
  readonly records: RecordStore;
  readonly canary: Pick<Canary, 'check' | 'ensure'>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly types: ObjectTypes;
  /** Takes the answer of an own write into the caches. */
  readonly absorb: (lock: WorkloadLock) => void;
}

/** Milliseconds for which a look of the canary's counts when the lock is opened. */
const CANARY_AGE = 2000;
/** Milliseconds: an API server takes a moment to see a new lock, since admission reads it from a cache. */
const FIRST_PAUSE = 3;
const LONGEST_WAIT = 3000;
/** Milliseconds: the same moment, where nothing tells that it is over. */
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
        return this.#runJob(world, action, signal);
      case 'StopJob':
        return this.#stopJob(world, action, signal);
      case 'OpenLock':
        return this.#openLock(world, action, signal);
      case 'Apply':
      case 'RollBack':
        return this.#apply(world, action, signal);
      case 'ApplyObject':
      case 'RollBackObject':
        return this.#applyObject(world, action, signal);
      case 'DeletePods':
        return this.#deletePods(world, action, signal);
      case 'CloseLock':
        return this.#closeLock(world, action, signal);
      case 'Mark':
        return this.#mark(world, action, signal);
      case 'HandOver':
        return this.#handOver(world, action, signal);
      case 'Remove':
        return this.#remove(world, action, signal);
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
    this.#options.events.record({
      regarding: promotion,
      related: target,
      type: bad ? 'Warning' : 'Normal',
      reason: outcome?.result ?? 'RoundOpened',
      action: outcome === undefined ? 'OpenRound' : 'Decide',
      note: outcome?.message ?? `votes are asked for until ${round?.notAfter ?? ''}`,
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
      if (next.do === 'ApplyObject' && !(await unlessRefused(this.#applyObject(world, next, signal)))) return false;
    const applied = await Promise.all(
      action.apply.map((next) => next.do !== 'Apply' || unlessRefused(this.#apply(world, next, signal))),
    );
    return applied.length > 0 && applied.every((done) => done);
  }

  async #applyObject(
    { promotion, objects }: ActingWorld,
    { do: what, object: key, content }: ObjectAction,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, events, types } = this.#options;
    const { namespace = '' } = promotion.metadata;
    const { kind, name } = key;
    const live = objects.find((object) => object.kind === kind && object.name === name)?.live;
    const type = types.of(kind);
    const options = { fieldManager: fieldManagers.promotions, signal };
    if (content === undefined) {
      if (live === undefined) return false;
      const { uid, resourceVersion } = live.metadata;
      await this.#despiteStaleLock(
        () => client.delete(type, { namespace, name }, { uid, resourceVersion, signal }),
        signal,
      );
    } else {
      const object = withObjectContent(key, namespace, content, live);
      await this.#despiteStaleLock(
        () => (live === undefined ? client.create(type, object, options) : client.replace(type, object, options)),
        signal,
      );
    }
    events.record({
      regarding: promotion,
      related: live,
      type: what === 'ApplyObject' ? 'Normal' : 'Warning',
      reason: what === 'ApplyObject' ? 'Applied' : 'FallbackApplied',
      action: what === 'ApplyObject' ? 'Apply' : 'RollBack',
      note: `${kind}/${name} ${content === undefined ? 'was taken away' : what === 'ApplyObject' ? 'got what was signed' : 'got its fallback back'}`,
    });
    return true;
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

  async #apply(
    { promotion, workloads }: ActingWorld,
    { do: what, workload, spec, create }: Extract<Action, { do: 'Apply' | 'RollBack' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, events } = this.#options;
    const { type } = workloadOf(workload.kind);
    const options = { fieldManager: fieldManagers.promotions, signal };
    // The promotion cannot change, and what was signed names its digest. What it set is not taken back: it is not locked.
    const manifest = what === 'Apply' ? manifestOf(promotion.spec, workload) : undefined;
    const live = workloads.find(({ kind, name }) => kind === workload.kind && name === workload.name)?.live;
    if (live?.spec === undefined) {
      if (create === undefined) return false;
      const { namespace = '' } = promotion.metadata;
      const object = newObject(workload, namespace, { ...spec, ...create }, manifest);
      await this.#despiteStaleLock(() => client.create(type, object, options), signal);
    } else {
      const { managedFields: _owners, ...own } = live.metadata;
      const metadata = withManifestMetadata(own, manifest);
      const object = { ...live, metadata, spec: withContent(workload.kind, live.spec, spec) };
      await this.#despiteStaleLock(() => client.replace(type, object, options), signal);
    }
    events.record({
      regarding: promotion,
      related: live,
      type: what === 'Apply' ? 'Normal' : 'Warning',
      reason: what === 'Apply' ? 'Applied' : 'FallbackApplied',
      action: what,
      note: `${workload.kind}/${workload.name} ${what === 'Apply' ? 'got what was signed' : 'got its fallback back'}`,
    });
    return true;
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

  async #mark(
    { promotion, workloads }: ActingWorld,
    { workload: { kind, name }, removable }: Extract<Action, { do: 'Mark' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const live = workloads.find((workload) => workload.kind === kind && workload.name === name)?.live;
    if (live === undefined) return false;
    const { managedFields: _owners, ...metadata } = live.metadata;
    const { [labels.removedBy]: _mark, ...others } = metadata.labels ?? {};
    const marked = removable ? { ...others, [labels.removedBy]: promotion.metadata.name } : others;
    const object = { ...live, metadata: { ...metadata, labels: marked } };
    const options = { fieldManager: fieldManagers.promotions, signal };
    await this.#options.client.replace(workloadOf(kind).type, object, options);
    return true;
  }

  async #handOver(
    { workloads, objects }: ActingWorld,
    { of: { kind, name } }: Extract<Action, { do: 'HandOver' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const isIt = (each: { readonly kind: string; readonly name: string }): boolean =>
      each.kind === kind && each.name === name;
    const [workload, object] = [workloads.find(isIt), objects.find(isIt)];
    const live = workload?.live ?? object?.live;
    const managedFields = live && handedOver(live, fieldManagers.promotions);
    const type =
      workload === undefined ? object && this.#options.types.of(object.kind) : workloadOf(workload.kind).type;
    if (live === undefined || managedFields === undefined || type === undefined) return false;
    const options = { fieldManager: fieldManagers.promotions, signal };
    await this.#options.client.replace(type, { ...live, metadata: { ...live.metadata, managedFields } }, options);
    return true;
  }

  /** Its pods first, so that what is gone runs nowhere any more. */
  async #remove(
    { promotion, workloads }: ActingWorld,
    { workload: { kind, name }, uid }: Extract<Action, { do: 'Remove' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, events } = this.#options;
    const { namespace } = promotion.metadata;
    const options = { uid, propagationPolicy: 'Foreground', signal } as const;
    await this.#despiteStaleLock(() => client.delete(workloadOf(kind).type, { namespace, name }, options), signal);
    events.record({
      regarding: promotion,
      related: workloads.find((workload) => workload.kind === kind && workload.name === name)?.live,
      type: 'Normal',
      reason: 'Removed',
      action: 'Remove',
      note: `${kind}/${name} is deleted, and its pods with it`,
    });
    return true;
  }

  /** Under a name that is always the same: whoever made it before was this process. */
  async #runJob(
    { promotion, target }: ActingWorld,
    { name, spec }: Extract<Action, { do: 'RunJob' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, events } = this.#options;
    const { namespace = '' } = promotion.metadata;
    const options = { fieldManager: fieldManagers.promotions, signal };
    try {
      await this.#despiteStaleLock(() => client.create(Job, newJob(namespace, name, spec), options), signal);
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
      throw error;
    }
    events.record({
      regarding: promotion,
      related: target,
      type: 'Normal',
      reason: 'JobStarted',
      action: 'RunJob',
      note: `Job ${name} runs what was signed`,
    });
    return true;
  }

  async #stopJob(
    { promotion }: ActingWorld,
    { name, uid }: Extract<Action, { do: 'StopJob' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { namespace } = promotion.metadata;
    const options = { uid, propagationPolicy: 'Background', signal } as const;
    await this.#despiteStaleLock(() => this.#options.client.delete(Job, { namespace, name }, options), signal);
    return true;
  }

  async #deletePods(
    { promotion, workloads }: ActingWorld,
    { workload: { kind, name }, pods }: Extract<Action, { do: 'DeletePods' }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, events } = this.#options;
    const { namespace } = promotion.metadata;
    // Within its own grace, as everybody's.
    await Promise.all(pods.map((pod) => client.delete(Pod, { namespace, name: pod.name }, { uid: pod.uid, signal })));
    events.record({
      regarding: promotion,
      related: workloads.find((workload) => workload.kind === kind && workload.name === name)?.live,
      type: 'Warning',
      reason: 'StuckPodsDeleted',
      action: 'RollBack',
      note: `${kind}/${name} has its fallback back, and its controller waits for what never became ready: deleted ${pods.map((pod) => pod.name).join(', ')}`,
    });
    return true;
  }

  async #despiteStaleLock(write: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const start = clock.monotonic();
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      try {
        await write();
        return;
      } catch (error) {
        const late = clock.monotonic() - start > LONGEST_WAIT;
        if (!isLockDenial(error) || late || signal.aborted) throw error;
        await sleep(clock, pause, signal);
      }
    }
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

const LOCK_RULES = ['workloads', 'cronJobs', 'jobs', 'jobRuns', 'objects', 'definedObjects', 'removal'] as const;

function isLockDenial(error: unknown): boolean {
  return error instanceof ApiError && LOCK_RULES.some((rule) => isRefusalBy(rule, error.message));
}
