import { approval } from './approval.ts';
import { audit } from './audit.ts';
import { environments } from './environments.ts';
import { install } from './install.ts';
import { onCall } from './on-call.ts';
import { production } from './production.ts';
import { promotion } from './promotion.ts';
import { refusals } from './refusals.ts';
import { removal } from './removal.ts';
import type { Step } from '../story.ts';

export { installTwinlock } from './install.ts';

/** The story, in order; each step builds on those before. */
export const steps: readonly Step[] = [
  install,
  production,
  environments,
  refusals,
  promotion,
  approval,
  onCall,
  audit,
  removal,
];
