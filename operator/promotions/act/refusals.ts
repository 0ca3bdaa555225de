import type { Promotion } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { ApiError } from '../../kube/index.ts';
import type { Action } from '../decide/index.ts';

const MAX_REFUSALS = 1000;
/** Characters of what an API server answers. */
const MAX_WORDS = 1000;

/** What the API server answered when content was to be applied, by uid. Only makes words more exact. */
export class Refusals {
  readonly #answers = new Map<string, string>();

  of({ metadata }: Promotion): string | undefined {
    return this.#answers.get(metadata.uid ?? '');
  }

  forget({ metadata }: Promotion): void {
    this.#answers.delete(metadata.uid ?? '');
  }

  /** Carries out an action, and remembers what was answered to it. */
  async watch(promotion: Promotion, action: Action, act: () => Promise<boolean>): Promise<boolean> {
    if (action.do !== 'Apply' && action.do !== 'OpenLock') return act();
    try {
      const applied = await act();
      if (applied) this.forget(promotion);
      return applied;
    } catch (error) {
      if (error instanceof ApiError) this.#remember(promotion, printable(error.message, MAX_WORDS));
      throw error;
    }
  }

  #remember({ metadata }: Promotion, answer: string): void {
    if (this.#answers.size >= MAX_REFUSALS) this.#answers.clear();
    this.#answers.set(metadata.uid ?? '', answer);
  }
}
