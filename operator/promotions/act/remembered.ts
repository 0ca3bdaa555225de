import type { Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError, isConflict } from '../../kube/index.ts';
import type { Action, Cause, RollingWorld } from '../decide/index.ts';

const MOST = 1000;
/** Characters of what an API server answers. */
const MAX_WORDS = 1000;

type Memory = Pick<RollingWorld, 'refusedBy' | 'takenBackFor' | 'takenBackAt' | 'backRefused'>;

/** What this process came across in rollouts, by uid. Only makes words more exact: a process that was just started has none. */
export class Remembered {
  readonly #memories = new Map<string, Memory>();

  of({ metadata }: Promotion): Memory {
    return this.#memories.get(metadata.uid ?? '') ?? {};
  }

  forget({ metadata }: Promotion): void {
    this.#memories.delete(metadata.uid ?? '');
  }

  /** Carries out an action, and remembers what was answered to it, or why it put something back. */
  async watch(
    { promotion, now }: Pick<RollingWorld, 'promotion' | 'now'>,
    action: Action,
    why: Cause,
    act: () => Promise<boolean>,
  ): Promise<boolean> {
    if (action.do === 'Append') return act();
    try {
      const changed = await act();
      if (isBack(action, why)) this.#add(promotion, { takenBackFor: why, takenBackAt: now, backRefused: undefined });
      else if (changed) this.#add(promotion, { refusedBy: undefined });
      return changed;
    } catch (error) {
      if (!isConflict(error) && error instanceof ApiError) {
        const answer = printable(error.message, MAX_WORDS);
        const { since } = this.of(promotion).backRefused ?? { since: now };
        this.#add(promotion, isBack(action, why) ? { backRefused: { since, answer } } : { refusedBy: answer });
      }
      throw error;
    }
  }

  #add(promotion: Promotion, memory: Memory): void {
    if (this.#memories.size >= MOST) this.#memories.clear();
    this.#memories.set(promotion.metadata.uid ?? '', { ...this.of(promotion), ...memory });
  }
}

function isBack({ do: what }: Action, { reason }: Cause): boolean {
  if (what === 'Remove') return reason !== 'Removing';
  return what === 'RollBack' || what === 'RollBackObject' || what === 'CloseLock' || what === 'DeletePods';
}
