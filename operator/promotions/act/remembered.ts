import type { Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError, isConflict } from '../../kube/index.ts';
import type { Action, Cause, RollingWorld } from '../decide/index.ts';

const MOST = 1000;
/** Characters of what an API server answers. */
const MAX_WORDS = 1000;

type Memory = Pick<RollingWorld, 'refusedBy' | 'takenBackFor'>;

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
  async watch(promotion: Promotion, action: Action, why: Cause, act: () => Promise<boolean>): Promise<boolean> {
    if (action.do === 'Append') return act();
    try {
      const changed = await act();
      if (isBack(action)) this.#add(promotion, { takenBackFor: why });
      else if (changed) this.#add(promotion, { refusedBy: undefined });
      return changed;
    } catch (error) {
      if (!isBack(action) && !isConflict(error) && error instanceof ApiError)
        this.#add(promotion, { refusedBy: printable(error.message, MAX_WORDS) });
      throw error;
    }
  }

  #add(promotion: Promotion, memory: Memory): void {
    if (this.#memories.size >= MOST) this.#memories.clear();
    this.#memories.set(promotion.metadata.uid ?? '', { ...this.of(promotion), ...memory });
  }
}

function isBack({ do: what }: Action): boolean {
  return what === 'RollBack' || what === 'RollBackObject' || what === 'CloseLock';
}
