import { keyOf } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import type { EnvironmentActor } from './act/actor.ts';
import { removeOrphans } from './act/orphans.ts';
import { reportStatus } from './report.ts';
import type { Context } from './gather/context.ts';
import {
  decideEnvironment,
  type EnvironmentAction,
  type EnvironmentDecision,
  type EnvironmentWorld,
} from './decide/index.ts';
import { readWorld } from './gather/world.ts';

/** One act says what it came to; there is a second only where somebody wrote in between. */
const MAX_TURNS = 2;

/** The reconcile of one TwinEnvironment: gather, decide, act, one status at the end. */
export function environmentReconcile(context: Context, actor: EnvironmentActor): Reconcile {
  const turns = takeTurns((request) => new EnvironmentTurns(context, actor, request), MAX_TURNS);
  return async (request, signal) => {
    await removeOrphans(context, request, signal);
    return turns(request, signal);
  };
}

class EnvironmentTurns implements Turns<EnvironmentWorld, EnvironmentAction, EnvironmentDecision> {
  readonly #context: Context;
  readonly #actor: EnvironmentActor;
  readonly #request: Request;

  constructor(context: Context, actor: EnvironmentActor, request: Request) {
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
}
