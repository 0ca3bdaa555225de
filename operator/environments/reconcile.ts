import { answerOf, ApiError } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import type { EnvironmentActor } from './act/actor.ts';
import {
  decideEnvironment,
  notApplied,
  type Applied,
  type EnvironmentAction,
  type EnvironmentDecision,
  type World,
} from './decide/index.ts';
import type { Context } from './gather/context.ts';
import { readWorld } from './gather/world.ts';
import { statusOf, transitions } from './status/index.ts';

/** What was left behind, room, children and reports, and some more where somebody wrote in between. */
const MAX_TURNS = 12;

/** What of a context gathering and telling take; acting is the actor's. */
type Rooms = Pick<
  Context,
  | 'client'
  | 'informers'
  | 'clock'
  | 'settings'
  | 'statuses'
  | 'events'
  | 'slots'
  | 'reports'
  | 'reach'
  | 'words'
  | 'copies'
>;
type Acting = Pick<EnvironmentActor, 'act'>;

/** The reconcile of one TwinEnvironment: gather, decide, act until nothing is left to do; then one status. */
export function environmentReconcile(context: Rooms, actor: Acting): Reconcile {
  return takeTurns((request) => new EnvironmentTurns(context, actor, request), MAX_TURNS);
}

class EnvironmentTurns implements Turns<World, EnvironmentAction, EnvironmentDecision> {
  readonly #context: Rooms;
  readonly #actor: Acting;
  readonly #request: Request;
  /** Uids of namespaces that were removed in an earlier turn. */
  readonly #removed = new Set<string | undefined>();
  #applied: Applied | undefined;

  constructor(context: Rooms, actor: Acting, request: Request) {
    this.#context = context;
    this.#actor = actor;
    this.#request = request;
  }

  gather(signal: AbortSignal): Promise<World> {
    return readWorld(this.#context, this.#request, { removed: this.#removed, applied: this.#applied }, signal);
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
    const outcome = await this.#actor.act(world, action, signal);
    switch (action.do) {
      case 'Apply':
        this.#applied = outcome && { of: action.of, plan: action.plan, outcome };
        return undefined;
      case 'RemoveOrphans':
        for (const { uid } of action.orphans) this.#removed.add(uid);
        return undefined;
      case 'RemoveNamespace':
        this.#removed.add(action.uid);
        return undefined;
      case 'LetGo':
        // With the last finalizer the object goes, unless it ended by itself.
        return action.expired === undefined ? {} : undefined;
      case 'Leave':
        return {};
      default:
        return undefined;
    }
  }

  async report(
    world: World,
    { situation, requeueAfter }: EnvironmentDecision,
    signal: AbortSignal,
  ): Promise<Result | undefined> {
    const { statuses, events } = this.#context;
    const { environment } = world;
    if (environment !== undefined && situation !== undefined) {
      const status = statusOf(environment, situation, world.now);
      // One that went away meanwhile has no need for a status, and no news.
      if ((await statuses.write(environment, status, signal)) === 'Written')
        for (const transition of transitions(environment, status))
          events.record({ regarding: environment, ...transition });
    }
    return requeueAfter === undefined ? undefined : { requeueAfter };
  }

  /** Shows what could not be done; the cache has the status, so that the same answer again writes nothing. */
  async failed(world: World, { action }: EnvironmentDecision, error: unknown, signal: AbortSignal): Promise<void> {
    if (world.environment === undefined || action === undefined || !(error instanceof ApiError)) return;
    await this.report(world, { situation: notApplied(world, action, answerOf(error)) }, signal);
  }
}
