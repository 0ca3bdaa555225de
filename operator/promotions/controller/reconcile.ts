import { fieldManagers, Promotion, type PromotionReason } from '../../api/index.ts';
import { CanonicalError, printable } from '../../canonical/index.ts';
import {
  ApiError,
  isTransient,
  StatusWriter,
  TransportError,
  type Client,
  type EventRecorder,
  type Informer,
  type ObjectKey,
} from '../../kube/index.ts';
import type { Reconcile, Result } from '../../runtime/index.ts';
import {
  decide,
  uncanonicalError,
  undecidable,
  type Action,
  type Decision,
  type Verdict,
  type World,
} from '../decide/index.ts';
import { promotionStatus } from '../status/index.ts';
import type { Actor } from '../act/actor.ts';
import type { WorldReader } from '../gather/world.ts';

export interface ReconcilerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly reader: Pick<WorldReader, 'read' | 'known'>;
  readonly actor: Pick<Actor, 'act'>;
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
const MAX_REFUSALS = 1000;

/** read -> decide -> act, until nothing is left to do; then one status. */
export class PromotionReconciler {
  readonly #options: ReconcilerOptions;
  readonly #statuses: StatusWriter<Promotion>;
  /** By uid: what the API server answered when content was to be applied. Only makes words more exact. */
  readonly #refusals = new Map<string, string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { client, promotions: informer } = options;
    this.#statuses = new StatusWriter({ client, type: Promotion, fieldManager: fieldManagers.promotions, informer });
  }

  readonly reconcile: Reconcile = async (key, signal) => {
    const { monotonic, onRolledOut } = this.#options;
    const started = monotonic();
    let takenBackFor: World['takenBackFor'];
    let approvedHere = false;
    let endedHere = false;
    let count: Decision['count'];
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      // Each turn reads all of it: what is counted before the lock opens is read after the approval was recorded.
      const seen = await this.#look(key, takenBackFor, signal);
      if (seen === undefined) return undefined;
      const { world, decided } = seen;
      count = decided.count ?? count;
      const decision = { ...decided, count };
      const { action, reason, message } = decision.verdict;
      if (action === undefined) return this.#report(world, decision, endedHere);
      const approves = action.do === 'Append' && action.entry.outcome?.result === 'Approved';
      try {
        const applied = await this.#act(world, action, signal);
        if (applied && action.do === 'OpenLock' && approvedHere) onRolledOut(monotonic() - started);
      } catch (error) {
        await this.#reportFailure(world, decision, error);
        throw error;
      }
      if (action.do === 'RollBack') takenBackFor = { reason, message };
      approvedHere ||= approves;
      endedHere ||= action.do === 'Append' && !approves;
    }
    throw new Error(
      `${key.namespace ?? ''}/${key.name} took ${MAX_TURNS} steps and is not done: the world changes under it`,
    );
  };

  /** Whatever keeps a promotion from being read or decided is told where people look, not only in a log. */
  async #look(
    key: ObjectKey,
    takenBackFor: World['takenBackFor'],
    signal: AbortSignal,
  ): Promise<{ readonly world: World; readonly decided: Decision } | undefined> {
    const { reader } = this.#options;
    try {
      const seen = await reader.read(key, signal);
      if (seen === undefined) return undefined;
      const refusedBy = this.#refusals.get(seen.promotion.metadata.uid ?? '');
      const world = { ...seen, takenBackFor, refusedBy };
      return { world, decided: decide(world) };
    } catch (error) {
      const known = isPassing(error, signal) ? undefined : reader.known(key);
      if (known === undefined) throw error;
      if (error instanceof CanonicalError)
        return { world: known, decided: undecidable(known, uncanonicalError(error)) };
      await this.#tryWrite(known, undecidable(known, unreadable(error)));
      throw error;
    }
  }

  async #act(world: World, action: Action, signal: AbortSignal): Promise<boolean> {
    const uid = world.promotion.metadata.uid ?? '';
    const applies = action.do === 'Apply' || action.do === 'OpenLock';
    try {
      const applied = await this.#options.actor.act(world, action, signal);
      if (applied && applies) this.#refusals.delete(uid);
      return applied;
    } catch (error) {
      if (applies && error instanceof ApiError) {
        if (this.#refusals.size >= MAX_REFUSALS) this.#refusals.clear();
        this.#refusals.set(uid, printable(error.message, MAX_WORDS));
      }
      throw error;
    }
  }

  async #report(world: World, decision: Decision, endedHere: boolean): Promise<Result | undefined> {
    const { phase, reason, message, requeueAfter } = decision.verdict;
    const { promotion } = world;
    if (decision.facts.history.ended !== undefined) this.#refusals.delete(promotion.metadata.uid ?? '');
    const before = promotion.status?.phase;
    // Who undid a promotion that was over wrote a record of the target: the promotion's own readers are told too.
    if (phase === 'RolledBack' && !endedHere && before !== undefined && before !== phase)
      this.#options.events.record({
        regarding: promotion,
        type: 'Warning',
        reason: phase,
        action: 'RollBack',
        note: `${reason}: ${message}`,
      });
    await this.#statuses.write(world.promotion, promotionStatus(world, decision));
    return requeueAfter === undefined ? undefined : { requeueAfter: Math.max(requeueAfter, 1) };
  }

  /** Shows what could not be done, as far as it can be shown; the error itself goes on. */
  async #reportFailure(world: World, { verdict, ...rest }: Decision, error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) return;
    const { action, ...tried } = verdict;
    const answer = `the API server answered: ${printable(error.message, MAX_WORDS)}`;
    const message = `${tried.message}; ${answer}`;
    const rollout = withAnswer(tried.rollout, action, answer);
    await this.#tryWrite(world, { ...rest, verdict: { ...tried, message, why: [message], rollout } });
  }

  async #tryWrite(world: World, decision: Decision): Promise<void> {
    try {
      await this.#statuses.write(world.promotion, promotionStatus(world, decision));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
}

/** What is over in a moment, and says nothing about the promotion: a plain Error says `try again`. */
function isPassing(error: unknown, signal: AbortSignal): boolean {
  const plain = error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
  return signal.aborted || plain || error instanceof TransportError || isTransient(error);
}

/** The answer stands beside the workload that it is about; the others have come as far as they have. */
function withAnswer(rollout: Verdict['rollout'], action: Action | undefined, answer: string): Verdict['rollout'] {
  if (rollout === undefined || action === undefined || !('workload' in action)) return rollout;
  const { kind, name } = action.workload;
  const workloads = rollout.workloads.map((workload) =>
    workload.kind === kind && workload.name === name ? { ...workload, message: answer } : workload,
  );
  return { ...rollout, workloads };
}

function unreadable(error: unknown): { readonly reason: PromotionReason; readonly message: string } {
  const words = printable(error instanceof Error ? error.message : String(error), MAX_WORDS);
  return error instanceof ApiError
    ? { reason: 'NotReadable', message: `the API server does not let the controller read what it needs: ${words}` }
    : { reason: 'NotDecidable', message: `the controller cannot decide this promotion, see its log: ${words}` };
}
