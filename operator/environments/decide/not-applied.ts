import type { TwinEnvironment } from '../../api/index.ts';
import type { EnvironmentAction } from './decision.ts';
import { lifetimeIn } from './assess.ts';
import type { Situation } from './situation.ts';
import type { EnvironmentWorld } from './world.ts';

/** What is told while an act does not succeed: how far it is with what it does, and what the API server answers. */
export function notApplied(
  world: Pick<EnvironmentWorld, 'environment' | 'classes' | 'now'>,
  action: EnvironmentAction,
  answer: string,
): Situation {
  switch (action.do) {
    case 'RemoveNamespace':
    case 'LetGo':
      return {
        kind: 'NotApplied',
        phase: action.expired === undefined ? 'Terminating' : 'Expired',
        answer,
        lifetime: action.expired,
      };
    case 'Admit':
    case 'Apply':
      return { kind: 'NotApplied', phase: 'Provisioning', answer, lifetime: action.lifetime };
    case 'RemoveOrphans':
    case 'GiveBack':
    case 'AskApps':
    case 'TryReach':
    case 'Copy':
    case 'Leave':
      return { kind: 'NotApplied', phase: phaseOf(world.environment), answer, lifetime: lifetimeIn(world) };
  }
}

/** Of one that nothing was done for: what it was on its way to stays. */
function phaseOf({ metadata, status }: TwinEnvironment): Extract<Situation, { kind: 'NotApplied' }>['phase'] {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return status?.phase === 'Expired' ? 'Expired' : 'Provisioning';
}
