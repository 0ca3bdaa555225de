import { conditionOf, fieldManagers, ProductionTarget } from '../api/index.ts';
import { answerOf, ApiError, StatusWriter, type Client, type EventRecorder, type Informer } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import { untilNextText } from '../trust/index.ts';
import type { TargetActor } from './act/actor.ts';
import { decideTarget, notWritten, type TargetAction, type TargetVerdict, type World } from './decide/index.ts';
import type { TargetReader } from './gather/world.ts';
import { targetStatus } from './status/target.ts';

export interface TargetControllerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly reader: Pick<TargetReader, 'read'>;
  readonly actor: Pick<TargetActor, 'act'>;
  readonly targets: Informer<ProductionTarget>;
  readonly events: EventRecorder;
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
  return takeTurns((request) => new TargetTurns(options, statuses, request), MAX_TURNS);
}

class TargetTurns implements Turns<World, TargetAction, TargetVerdict> {
  readonly #options: TargetControllerOptions;
  readonly #statuses: StatusWriter<ProductionTarget>;
  readonly #request: Request;

  constructor(options: TargetControllerOptions, statuses: StatusWriter<ProductionTarget>, request: Request) {
    this.#options = options;
    this.#statuses = statuses;
    this.#request = request;
  }

  gather(signal: AbortSignal): Promise<World | undefined> {
    return this.#options.reader.read(this.#request, signal);
  }

  decide(world: World): TargetVerdict {
    return decideTarget(world);
  }

  async act(
    world: World,
    action: TargetAction,
    _verdict: TargetVerdict,
    signal: AbortSignal,
  ): Promise<TargetVerdict | undefined> {
    if (world.stage !== 'InForce') throw new TypeError(`nothing is done for a target that is ${world.stage}`);
    return this.#options.actor.act(world, action, signal);
  }

  /** Shows what could not be done; the cache has the status, so that the same answer again writes nothing. */
  async failed(world: World, verdict: TargetVerdict, error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof ApiError) await this.report(world, notWritten(verdict, answerOf(error)), signal);
  }

  async report(world: World, verdict: TargetVerdict, signal: AbortSignal): Promise<Result | undefined> {
    const { target, now, standing } = world;
    if (world.stage === 'InForce') this.#tell(target, verdict);
    await this.#statuses.write(target, targetStatus(world, verdict), signal);
    return soonest(now, verdict.requeueAfter, standing === undefined ? undefined : untilNextText(standing, now));
  }

  #tell(regarding: ProductionTarget, { reason, ready, stalled, message: note }: TargetVerdict): void {
    if (reason === conditionOf(regarding, 'Ready')?.reason) return;
    if (!ready && stalled !== true && reason !== 'NotWritten') return;
    const type = ready ? 'Normal' : 'Warning';
    this.#options.events.record({ regarding, type, reason, action: 'Reconcile', note });
  }
}

function soonest(since: number, ...times: readonly (number | undefined)[]): Result | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : { requeueAfter: Math.min(...known), since };
}
