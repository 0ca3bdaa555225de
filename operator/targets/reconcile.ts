import { conditionOf, fieldManagers, ProductionTarget } from '../api/index.ts';
import {
  answerOf,
  ApiError,
  StatusWriter,
  type Client,
  type Clock,
  type EventRecorder,
  type Informer,
} from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import { untilNextText, type Sealing } from '../trust/index.ts';
import type { TargetActor } from './act/actor.ts';
import { decideTarget, notWritten, type TargetAction, type TargetVerdict, type TargetWorld } from './decide/index.ts';
import type { TargetReader } from './gather/world.ts';
import { unsignedStatus, targetStatus } from './status/target.ts';

export interface TargetControllerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly reader: Pick<TargetReader, 'read'>;
  readonly actor: Pick<TargetActor, 'act'>;
  readonly targets: Informer<ProductionTarget>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** Left out: trust is not sealed. */
  readonly sealing?: Pick<Sealing, 'standing'> | undefined;
}

const MAX_TURNS = 16;

/** The reconcile of one ProductionTarget: gather, decide, act until nothing is left to do; then one status. */
export function targetReconcile(options: TargetControllerOptions): Reconcile {
  const { client, targets: informer } = options;
  const statuses = new StatusWriter({
    client,
    type: ProductionTarget,
    fieldManager: fieldManagers.promotions,
    informer,
  });
  const turns = takeTurns((request) => new TargetTurns(options, statuses, request), MAX_TURNS);
  return async (request, signal) => (await unsigned(options, statuses, request, signal)) ?? turns(request, signal);
}

/** A target of which nothing counts guards nothing yet: that is all that is told of it. */
async function unsigned(
  { targets, sealing, clock }: TargetControllerOptions,
  statuses: StatusWriter<ProductionTarget>,
  request: Request,
  signal: AbortSignal,
): Promise<Result | undefined> {
  if (sealing === undefined) return undefined;
  const target = targets.lister.get(request);
  if (target === undefined || target.metadata.deletionTimestamp !== undefined) return undefined;
  const standing = sealing.standing(target);
  if (standing.accepted !== undefined) return undefined;
  const now = clock.now();
  await statuses.write(target, unsignedStatus(target, standing, now), signal);
  return { requeueAfter: untilNextText(standing, now), since: now };
}

class TargetTurns implements Turns<TargetWorld, TargetAction, TargetVerdict> {
  readonly #options: TargetControllerOptions;
  readonly #statuses: StatusWriter<ProductionTarget>;
  readonly #request: Request;

  constructor(options: TargetControllerOptions, statuses: StatusWriter<ProductionTarget>, request: Request) {
    this.#options = options;
    this.#statuses = statuses;
    this.#request = request;
  }

  async gather(signal: AbortSignal): Promise<TargetWorld | undefined> {
    const world = await this.#options.reader.read(this.#request, signal);
    // A namespace that goes takes everything with it and accepts nothing new.
    return world?.namespace?.metadata.deletionTimestamp === undefined ? world : undefined;
  }

  decide(world: TargetWorld): TargetVerdict {
    return decideTarget(world);
  }

  act(
    world: TargetWorld,
    action: TargetAction,
    _verdict: TargetVerdict,
    signal: AbortSignal,
  ): Promise<TargetVerdict | undefined> {
    return this.#options.actor.act(world, action, signal);
  }

  /** Shows what could not be done; the cache has the status, so that the same answer again writes nothing. */
  async failed(world: TargetWorld, verdict: TargetVerdict, error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof ApiError) await this.report(world, notWritten(verdict, answerOf(error)), signal);
  }

  async report(world: TargetWorld, verdict: TargetVerdict, signal: AbortSignal): Promise<Result | undefined> {
    const { target } = world;
    const { reason, ready, stalled, message: note, requeueAfter } = verdict;
    if (reason !== conditionOf(target, 'Ready')?.reason && (ready || stalled === true || reason === 'NotWritten'))
      this.#options.events.record({
        regarding: target,
        type: ready ? 'Normal' : 'Warning',
        reason,
        action: 'Reconcile',
        note,
      });
    // As it stands in the cluster: what of it counts was read in its place.
    const { sealing, targets } = this.#options;
    const standing = sealing?.standing(targets.lister.get(this.#request) ?? target);
    await this.#statuses.write(target, targetStatus(world, verdict, standing), signal);
    return soonest(world.now, requeueAfter, standing === undefined ? undefined : untilNextText(standing, world.now));
  }
}

function soonest(since: number, ...times: readonly (number | undefined)[]): Result | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : { requeueAfter: Math.min(...known), since };
}
