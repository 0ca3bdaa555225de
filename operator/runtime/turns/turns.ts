import { ApiError, isAlreadyExists, isConflict, TransportError } from '../../kube/index.ts';
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
  /**
   * Shows an act that failed, as far as it can be shown; the error goes on to whoever called, who tries again. Not asked
   * after a lost race or an abort: neither is a failure.
   */
  failed?(world: World, decision: Decision, error: unknown, signal: AbortSignal): Promise<void>;
}

/** Milliseconds until an object is looked at again that others write all the time. */
const AFTER_LOST_RACES = 50;

/**
 * The loop of a controller: gather, decide, act, until nothing is left to do; then one status. Every turn gathers anew, so
 * that what is decided after a write rests on what the write made.
 *
 * Whoever wrote in between wins, and that is no failure: after a first lost race the world is gathered anew at once, after
 * a second one a moment later, since a cache may not have the other's write yet. After an abort nothing is begun any more,
 * and nothing is shown.
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
    let lostRaces = 0;
    for (let turn = 0; turn < maxTurns; turn++) {
      signal.throwIfAborted();
      const world = await turns.gather(signal);
      if (world === undefined) return undefined;
      const decision = turns.decide(world);
      const { action } = decision;
      const ended = action === undefined ? decision : await act(turns, world, action, decision, signal);
      if (ended === 'LostRace') {
        lostRaces++;
        if (lostRaces > 1) return { requeueAfter: AFTER_LOST_RACES };
      } else if (ended !== undefined) {
        signal.throwIfAborted();
        return turns.report(world, ended, signal);
      }
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
): Promise<Decision | undefined | 'LostRace'> {
  try {
    return await turns.act(world, action, decision, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (isConflict(error) || isAlreadyExists(error)) return 'LostRace';
    await unlessRefused(async () => turns.failed?.(world, decision, error, signal));
    throw error;
  }
}

/** What could not be done matters more than an API server that does not take the status that says so. */
async function unlessRefused(show: () => Promise<void>): Promise<void> {
  try {
    await show();
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof TransportError)) throw error;
  }
}
