import { answerOf, ApiError } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import type { EnvironmentActor } from './act/actor.ts';
import { reportStatus } from './report.ts';
import type { Context } from './gather/context.ts';
import {
  decideEnvironment,
  notApplied,
  type EnvironmentAction,
  type EnvironmentDecision,
  type World,
} from './decide/index.ts';
import { readWorld } from './gather/world.ts';

/** What was left behind, what is there, and one more where somebody wrote in between. */
const MAX_TURNS = 3;

/** What of a context gathering and telling take; acting is the actor's. */
type Rooms = Pick<Context, 'client' | 'informers' | 'clock' | 'settings' | 'statuses' | 'events'>;
type Acting = Pick<EnvironmentActor, 'act'>;

/** The reconcile of one TwinEnvironment: gather, decide, act, one status at the end. */
export function environmentReconcile(context: Rooms, actor: Acting): Reconcile {
  return takeTurns((request) => new EnvironmentTurns(context, actor, request), MAX_TURNS);
}

class EnvironmentTurns implements Turns<World, EnvironmentAction, EnvironmentDecision> {
  readonly #context: Rooms;
  readonly #actor: Acting;
  readonly #request: Request;
  /** Uids of namespaces that were removed in an earlier turn: the cache may not know yet. */
  readonly #removed = new Set<string | undefined>();

  constructor(context: Rooms, actor: Acting, request: Request) {
    this.#context = context;
    this.#actor = actor;
    this.#request = request;
  }

  async gather(signal: AbortSignal): Promise<World> {
    const world = await readWorld(this.#context, this.#request, signal);
    return { ...world, orphans: world.orphans.filter(({ uid }) => !this.#removed.has(uid)) };
  }

  decide(world: World): EnvironmentDecision {
    return decideEnvironment(world);
  }

  async act(
    world: World,
    action: EnvironmentAction,
    _decision: EnvironmentDecision,
    signal: AbortSignal,
  ): Promise<EnvironmentDecision | undefined> {
    const ended = await this.#actor.act(world, action, signal);
    if (action.do === 'RemoveOrphans') for (const { uid } of action.orphans) this.#removed.add(uid);
    return ended;
  }

  async report(
    world: World,
    { situation, requeueAfter }: EnvironmentDecision,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { environment } = world;
    if (environment !== undefined && situation !== undefined)
      await reportStatus(this.#context, environment, situation, world.now, signal);
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }

  /** Shows what could not be done; the cache has the status, so that the same answer again writes nothing. */
  async failed(world: World, { action }: EnvironmentDecision, error: unknown, signal: AbortSignal): Promise<void> {
    const { environment } = world;
    if (environment === undefined || action === undefined || !(error instanceof ApiError)) return;
    const situation = notApplied(environment, action, answerOf(error));
    await reportStatus(this.#context, environment, situation, world.now, signal);
  }
}
