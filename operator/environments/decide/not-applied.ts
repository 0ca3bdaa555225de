import type { EnvironmentAction } from './decision.ts';
import type { Situation } from './situation.ts';

/** What is told while an act does not succeed: how far it is with what it does, and what the API server answers. */
export function notApplied(action: EnvironmentAction, answer: string): Situation {
  switch (action.do) {
    case 'Remove':
      return {
        kind: 'NotApplied',
        phase: action.expired === undefined ? 'Terminating' : 'Expired',
        answer,
        lifetime: action.expired,
      };
    case 'Run':
    case 'Look':
      return { kind: 'NotApplied', phase: 'Provisioning', answer, lifetime: action.lifetime };
    case 'Leave':
      return { kind: 'NotApplied', phase: 'Terminating', answer, lifetime: undefined };
  }
}
