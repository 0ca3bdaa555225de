import type { Reconcile, Request, Result } from '../controller/types.ts';

/** What was decided; with an `action` there is something to do first. */
export interface Decided<Action> {
  readonly action?: Action | undefined;
}

/**
 * One reconcile of one object, turn by turn. Made anew for each reconcile, so what one turn has to remember for the next
 * is a private field of it.
 */
export interface Turns<World, Action, Decision extends Decided<Action>> {
  /** Reads what there is, and decides nothing. undefined: the object is gone, or nothing is to be said of it. */
  gather(signal: AbortSignal): Promise<World | undefined>;
  /** A pure function of what was gathered. */
  decide(world: World): Decision;
  /**
   * Does one thing.
   *
   * @returns a decision to report when the turns end here: it is done and nothing is to be looked at again, or it could
   *   not be done and trying at once would not help; undefined when the world is to be looked at again
   */
  act(world: World, action: Action, decision: Decision, signal: AbortSignal): Promise<Decision | undefined>;
  /** Writes the one status, and says when to come back. */
  report(world: World, decision: Decision, signal: AbortSignal): Promise<Result | undefined>;
  /** Shows an act that failed as far as it can be shown; the error goes on to whoever called, who tries again. */
  failed?(world: World, decision: Decision, error: unknown, signal: AbortSignal): Promise<void>;
}

/**
 * The loop of a controller: gather, decide, act, until nothing is left to do; then one status. Every turn gathers anew, so
 * that what is decided after a write rests on what the write made.
 *
 * @param begin makes the turns of one reconcile
 * @param maxTurns more than any object needs in one go; beyond it something answers differently each time
 * @throws what gathering, deciding or acting throw, and an Error after `maxTurns`
 */
export function takeTurns<World, Action, Decision extends Decided<Action>>(
  begin: (request: Request) => Turns<World, Action, Decision>,
  maxTurns: number,
): Reconcile {
  return async (request, signal) => {
    const turns = begin(request);
    for (let turn = 0; turn < maxTurns; turn++) {
      signal.throwIfAborted();
      const world = await turns.gather(signal);
      if (world === undefined) return undefined;
      const decision = turns.decide(world);
      if (decision.action === undefined) return turns.report(world, decision, signal);
      const ended = await act(turns, world, decision.action, decision, signal);
      if (ended !== undefined) return turns.report(world, ended, signal);
    }
    const { namespace = '', name } = request;
    throw new Error(`${namespace}/${name} took ${maxTurns} turns and is not done: the world changes under it`);
  };
}

async function act<World, Action, Decision extends Decided<Action>>(
  turns: Turns<World, Action, Decision>,
  world: World,
  action: Action,
  decision: Decision,
  signal: AbortSignal,
): Promise<Decision | undefined> {
  try {
    return await turns.act(world, action, decision, signal);
  } catch (error) {
    await turns.failed?.(world, decision, error, signal);
    throw error;
  }
}
