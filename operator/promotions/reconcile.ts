import { fieldManagers, Promotion } from '../api/index.ts';
import { CanonicalError, printable } from '../canonical/index.ts';
import {
  ApiError,
  isConflict,
  isTransient,
  StatusWriter,
  TransportError,
  type Client,
  type EventRecorder,
  type Informer,
} from '../kube/index.ts';
import { ObjectUnreadable } from '../objects/index.ts';
import { takeTurns, type Reconcile, type Request, type Result, type Turns } from '../runtime/index.ts';
import type { Actor } from './act/actor.ts';
import {
  decide,
  uncanonicalError,
  unreadable,
  type Action,
  type Cause,
  type Decision,
  type World,
} from './decide/index.ts';
import type { WorldReader } from './gather/world.ts';
import { answered, promotionStatus } from './status/index.ts';
import { Remembered } from './act/remembered.ts';

export interface PromotionControllerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly reader: Pick<WorldReader, 'read' | 'known'>;
  readonly actor: Pick<Actor, 'act' | 'end'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly promotions: Informer<Promotion>;
  /** Milliseconds from when a reconcile began that saw the last vote to production's change. */
  readonly onRolledOut: (milliseconds: number) => void;
  readonly monotonic: () => number;
}

/** More writes than any promotion needs in one go; beyond it something answers differently each time. */
const MAX_TURNS = 24;
/** Characters of what an API server answers. */
const MAX_WORDS = 1000;

/** The reconcile of one Promotion: gather, decide, act until nothing is left to do; then one status. */
export function promotionReconcile(options: PromotionControllerOptions): Reconcile {
  const { client, promotions: informer } = options;
  const statuses = new StatusWriter({ client, type: Promotion, fieldManager: fieldManagers.promotions, informer });
  const shared = { ...options, statuses, remembered: new Remembered() };
  return takeTurns((request) => new PromotionTurns(shared, request), MAX_TURNS);
}

interface Shared extends PromotionControllerOptions {
  readonly statuses: StatusWriter<Promotion>;
  readonly remembered: Remembered;
}

interface TurnDecision extends Decision {
  readonly action?: Action | undefined;
}

class PromotionTurns implements Turns<World, Action, TurnDecision> {
  readonly #shared: Shared;
  readonly #request: Request;
  readonly #started: number;
  #approvedHere = false;
  #endedHere = false;
  /** The last one stays in sight while what was counted is carried out. */
  #count: Decision['count'];
  /** What kept the world from being read: told first, thrown then. */
  #unread: { readonly error: unknown } | undefined;

  constructor(shared: Shared, request: Request) {
    this.#shared = shared;
    this.#request = request;
    this.#started = shared.monotonic();
  }

  /** Whatever keeps a promotion from being read is told where people look, not only in a log. */
  async gather(signal: AbortSignal): Promise<World | undefined> {
    const { reader, remembered } = this.#shared;
    this.#unread = undefined;
    try {
      // All of it each turn: what is counted before the lock opens is read after the approval was recorded.
      const world = await reader.read(this.#request, signal);
      return world?.stage === 'RollingOut' ? { ...world, ...remembered.of(world.promotion) } : world;
    } catch (error) {
      const known = isPassing(error, signal) ? undefined : reader.known(this.#request);
      if (known === undefined) throw error;
      return unreadable(known, this.#causeOf(error));
    }
  }

  decide(world: World): TurnDecision {
    const decision = this.#decided(world);
    this.#count = decision.count ?? this.#count;
    return { ...decision, count: this.#count, action: decision.verdict.action };
  }

  async act(world: World, action: Action, { verdict }: TurnDecision, signal: AbortSignal): Promise<undefined> {
    const { actor, remembered, monotonic, onRolledOut } = this.#shared;
    if (world.stage === 'Unreadable' && action.do === 'Append') {
      this.#endedHere = true;
      await actor.end(world, action);
      return undefined;
    }
    if (world.stage !== 'Deciding' && world.stage !== 'RollingOut')
      throw new TypeError(`nothing is done for a promotion that is ${world.stage}`);
    const why = { reason: verdict.reason, message: verdict.message };
    const applied = await remembered.watch(world, action, why, () => actor.act(world, action, signal));
    if (applied && action.do === 'OpenLock' && this.#approvedHere) onRolledOut(monotonic() - this.#started);
    const approves = action.do === 'Append' && action.entry.outcome?.result === 'Approved';
    this.#approvedHere ||= approves;
    this.#endedHere ||= action.do === 'Append' && !approves;
  }

  async report(world: World, decision: TurnDecision): Promise<Result | undefined> {
    const { remembered, statuses } = this.#shared;
    // What is over need not be read any more.
    if (this.#unread !== undefined && decision.verdict.phase !== 'Expired') {
      await this.#tryWrite(world, decision);
      throw this.#unread.error;
    }
    const { promotion, now } = world;
    const { requeueAfter } = decision.verdict;
    if (world.stage === 'Over') remembered.forget(promotion);
    this.#tellRollback(world, decision);
    await statuses.write(promotion, promotionStatus(world, decision));
    return requeueAfter === undefined ? undefined : { requeueAfter: Math.max(requeueAfter, 1), since: now };
  }

  /** Shows what could not be done, as far as it can be shown. */
  async failed(world: World, decision: TurnDecision, error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) return;
    const told = answered(world, decision, printable(error.message, MAX_WORDS));
    await this.#shared.statuses.write(world.promotion, promotionStatus(world, told));
  }

  #decided(world: World): Decision {
    try {
      return decide(world);
    } catch (error) {
      return decide(unreadable(world, this.#causeOf(error)));
    }
  }

  #causeOf(error: unknown): Cause {
    // It may be mended without an event that says so; trying again at once would not help.
    if (error instanceof CanonicalError) return uncanonicalError(error);
    this.#unread = { error };
    const words = printable(error instanceof Error ? error.message : String(error), MAX_WORDS);
    if (error instanceof ObjectUnreadable) return { reason: 'NotReadable', message: words };
    return error instanceof ApiError
      ? { reason: 'NotReadable', message: `the API server does not let the controller read what it needs: ${words}` }
      : { reason: 'NotDecidable', message: `the controller cannot decide this promotion, see its log: ${words}` };
  }

  /** Who undid a promotion that was over wrote a record of the target: the promotion's own readers are told too. */
  #tellRollback({ promotion }: World, { verdict: { phase, reason, message } }: TurnDecision): void {
    const before = promotion.status?.phase;
    if (phase !== 'RolledBack' || this.#endedHere || before === undefined || before === phase) return;
    this.#shared.events.record({
      regarding: promotion,
      type: 'Warning',
      reason: phase,
      action: 'RollBack',
      note: `${reason}: ${message}`,
    });
  }

  async #tryWrite(world: World, decision: Decision): Promise<void> {
    try {
      await this.#shared.statuses.write(world.promotion, promotionStatus(world, decision));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

/** What is over in a moment, and says nothing about the promotion: a plain Error says `try again`. */
function isPassing(error: unknown, signal: AbortSignal): boolean {
  const plain = error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
  return signal.aborted || plain || error instanceof TransportError || isTransient(error) || isConflict(error);
}
