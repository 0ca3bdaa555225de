import { matchObject, objectsOf } from '../../lock/index.ts';
import type { DecisionStep } from './steps.ts';
import { pending, stall } from './verdict.ts';

/** What the API server refused may pass later: asked again after so many milliseconds. */
const REFUSED_INTERVAL_MS = 30_000;

/** What is live is what is approved: else there is nothing that a statement could start from. */
export const objectDiffers: DecisionStep = ({ objects }, { lock }) => {
  for (const { kind, name, live } of objects) {
    const found = matchObject(objectsOf(lock, { kind, name }), live);
    if (found === 'None')
      return stall(
        'Tampered',
        `${kind}/${name} is not what is approved: find out how it got there, then put approved content back`,
      );
    if (found === 'Fallback')
      return pending('TargetSettling', `${kind}/${name} was rolled back and is being taken over`);
  }
  return undefined;
};

/** A plan that the API server refused. */
export const objectRefused: DecisionStep = ({ objects }) => {
  for (const { planned } of objects)
    if (planned !== undefined && 'reason' in planned)
      return stall(planned.reason, planned.message, REFUSED_INTERVAL_MS);
  return undefined;
};
