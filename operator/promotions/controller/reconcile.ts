import { Promotion, type PromotionStatus } from '../../api/index.ts';
import { canonicalJSON } from '../../canonical/index.ts';
import { ApiError, isNotFound, type Client, type Informer, type ObjectKey } from '../../kube/index.ts';
import type { Reconcile, Result } from '../../runtime/index.ts';
import { decide, type Decision, type World } from '../decide/index.ts';
import { promotionStatus } from '../status/index.ts';
import type { Actor } from './act.ts';
import type { WorldReader } from './read.ts';

export interface ReconcilerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly reader: Pick<WorldReader, 'read'>;
  readonly actor: Pick<Actor, 'act'>;
  readonly promotions: Informer<Promotion>;
  /** Milliseconds from when a reconcile began that saw the last vote to production's change. */
  readonly onRolledOut: (milliseconds: number) => void;
  readonly monotonic: () => number;
}

/** More writes than any promotion needs in one go; beyond it something answers differently each time. */
const MAX_TURNS = 24;

/** read -> decide -> act, until nothing is left to do; then one status. */
export class PromotionReconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  readonly reconcile: Reconcile = async (key, signal) => {
    const { reader, actor, monotonic, onRolledOut } = this.#options;
    const started = monotonic();
    let takenBackFor: World['takenBackFor'];
    let approvedHere = false;
    let count: Decision['count'];
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      // Each turn reads all of it: what is counted before the lock opens is read after the approval was recorded.
      const seen = await reader.read(key, signal);
      if (seen === undefined) return undefined;
      const world = { ...seen, takenBackFor };
      const decided = decide(world);
      count = decided.count ?? count;
      const decision = { ...decided, count };
      const { action, reason, message } = decision.verdict;
      if (action === undefined) return this.#report(world, decision);
      const approves = action.do === 'Append' && action.entry.outcome?.result === 'Approved';
      try {
        const applied = await actor.act(world, action, signal);
        if (applied && action.do === 'OpenLock' && approvedHere) onRolledOut(monotonic() - started);
      } catch (error) {
        await this.#reportFailure(world, decision, error);
        throw error;
      }
      if (action.do === 'RollBack') takenBackFor = { reason, message };
      approvedHere ||= approves;
    }
    throw new Error(
      `${key.namespace ?? ''}/${key.name} took ${MAX_TURNS} steps and is not done: the world changes under it`,
    );
  };

  async #report(world: World, decision: Decision): Promise<Result | undefined> {
    await this.#write(world, promotionStatus(world, decision));
    const { requeueAfter } = decision.verdict;
    return requeueAfter === undefined ? undefined : { requeueAfter: Math.max(requeueAfter, 1) };
  }

  /** Shows what could not be done, as far as it can be shown; the error itself goes on. */
  async #reportFailure(world: World, { verdict, ...rest }: Decision, error: unknown): Promise<void> {
    if (!(error instanceof ApiError)) return;
    const { action: _failed, ...tried } = verdict;
    const message = `${tried.message}; the API server answered: ${error.message.slice(0, 1000)}`;
    try {
      await this.#write(world, promotionStatus(world, { ...rest, verdict: { ...tried, message, why: [message] } }));
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
    }
  }

  async #write({ promotion }: World, status: PromotionStatus): Promise<void> {
    if (canonicalJSON(promotion.status ?? null) === canonicalJSON(status)) return;
    const { namespace, name, uid } = promotion.metadata;
    const key: ObjectKey = { namespace, name };
    try {
      const written = await this.#options.client.patch(
        Promotion,
        key,
        {
          type: 'json',
          body: [
            { op: 'test', path: '/metadata/uid', value: uid },
            { op: 'add', path: '/status', value: status },
          ],
        },
        { subresource: 'status', fieldManager: 'twinlock-promotions' },
      );
      this.#options.promotions.absorb(written);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
