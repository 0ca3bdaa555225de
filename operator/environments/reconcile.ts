import { answerOf, ApiError, keyOf } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import type { EnvironmentActor } from './act/actor.ts';
import { removeOrphans } from './act/orphans.ts';
import { reportStatus } from './report.ts';
import type { Context } from './gather/context.ts';
import {
  decideEnvironment,
  notApplied,
  type EnvironmentAction,
  type EnvironmentDecision,
  type EnvironmentWorld,
} from './decide/index.ts';
import { readWorld } from './gather/world.ts';

/** One act says what it came to; there is a second only where somebody wrote in between. */
const MAX_TURNS = 2;

/** What of a context gathering and telling take; acting is the actor's. */
type Rooms = Pick<Context, 'client' | 'drift' | 'informers' | 'logger' | 'clock' | 'settings' | 'statuses' | 'events'>;

/** The reconcile of one TwinEnvironment: gather, decide, act, one status at the end. */
export function environmentReconcile(context: Rooms, actor: Pick<EnvironmentActor, 'act' | 'leave'>): Reconcile {
  const turns = takeTurns((request) => new EnvironmentTurns(context, actor, request), MAX_TURNS);
  return async (request, signal) => {
    await removeOrphans(context, request, signal);
    return turns(request, signal);
  };
}

class EnvironmentTurns implements Turns<EnvironmentWorld, EnvironmentAction, EnvironmentDecision> {
  readonly #context: Rooms;
  readonly #actor: Pick<EnvironmentActor, 'act' | 'leave'>;
  readonly #request: Request;

  constructor(context: Rooms, actor: Pick<EnvironmentActor, 'act' | 'leave'>, request: Request) {
    this.#context = context;
    this.#actor = actor;
    this.#request = request;
  }

  async gather(): Promise<EnvironmentWorld | undefined> {
    const world = readWorld(this.#context, this.#request);
    if (world === undefined) this.#actor.leave(keyOf(this.#request));
    return world;
  }

  decide(world: EnvironmentWorld): EnvironmentDecision {
    return decideEnvironment(world);
  }

  act(
    world: EnvironmentWorld,
    action: EnvironmentAction,
    _decision: EnvironmentDecision,
    signal: AbortSignal,
  ): Promise<EnvironmentDecision> {
    return this.#actor.act(world, action, signal);
  }

  async report(
    { environment, now }: EnvironmentWorld,
    { situation, requeueAfter }: EnvironmentDecision,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    if (situation !== undefined) await reportStatus(this.#context, environment, situation, now, signal);
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }

  /** Shows what could not be done; the cache has the status, so that the same answer again writes nothing. */
  async failed(
    { environment, now }: EnvironmentWorld,
    { action }: EnvironmentDecision,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    if (action === undefined || !(error instanceof ApiError)) return;
    await reportStatus(this.#context, environment, notApplied(action, answerOf(error)), now, signal);
  }
}
