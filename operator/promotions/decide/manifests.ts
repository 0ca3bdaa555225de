import { printable } from '../../canonical/index.ts';
import { manifestOf } from './plan/index.ts';
import { isImagePath } from '../../votes/statement/index.ts';
import { REFUSED_INTERVAL_MS, stall, type DecisionStep } from './steps.ts';

/** Paths that a message names. */
const NAMED = 3;

/** What is wrong with a manifest is told before any gate: no environment can mend it. */
export const manifests: DecisionStep = ({ promotion, workloads }, { manifestFault }) => {
  if (manifestFault !== undefined) return stall(manifestFault.reason, manifestFault.message);
  for (const { kind, name, planned } of workloads)
    if (planned !== undefined && 'reason' in planned && manifestOf(promotion.spec, { kind, name }) !== undefined)
      return stall(planned.reason, planned.message, REFUSED_INTERVAL_MS);
  return undefined;
};

/** Rule 1: an image that did not run in the environment is promoted by nobody's leave; the rest as the policy says. */
export const exercised: DecisionStep = ({ policy }, { changes, notExercised }) => {
  const open = new Set(notExercised);
  const image = changes.find(({ path, to }) => to !== undefined && open.has(path) && isImagePath(path));
  if (image !== undefined)
    return stall(
      'ImageNotInEnvironment',
      `${printable(image.path, 300)} would become ${printable(String(image.to), 200)}, which did not run in the environment: promote what ran there`,
    );
  if (!('object' in policy) || policy.object.spec.notExercised !== 'Deny' || notExercised.length === 0)
    return undefined;
  const named = notExercised.slice(0, NAMED).map((path) => printable(path, 300));
  const more = notExercised.length > NAMED ? ` and ${notExercised.length - NAMED} more` : '';
  return stall(
    'NotExercised',
    `the policy wants nothing in production that the environment did not run with: ${named.join(', ')}${more}; give the environment's workload a template with the same, and promote that`,
  );
};
