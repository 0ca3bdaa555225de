import { printable } from '../../canonical/index.ts';
import { isImagePath } from '../../votes/statement/index.ts';
import type { DecisionStep } from './steps.ts';
import { stall } from './verdict.ts';

/** Paths that a message names. */
const NAMED = 3;

/** Rule 1: an image that did not run in the environment is promoted by nobody's leave. */
export const imageNotExercised: DecisionStep = (_world, { changes, notExercised }) => {
  const open = new Set(notExercised);
  const image = changes.find(({ path, to }) => to !== undefined && open.has(path) && isImagePath(path));
  return image === undefined
    ? undefined
    : stall(
        'ImageNotInEnvironment',
        `${printable(image.path, 300)} would become ${printable(String(image.to), 200)}, which did not run in the environment: promote what ran there`,
      );
};

/** The rest as the policy says. */
export const notExercised: DecisionStep = ({ policy }, { notExercised: paths }) => {
  if (!('object' in policy) || policy.object.spec.notExercised !== 'Deny' || paths.length === 0) return undefined;
  const named = paths.slice(0, NAMED).map((path) => printable(path, 300));
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
  return stall(
    'NotExercised',
    `the policy wants nothing in production that the environment did not run with: ${named.join(', ')}${more}; give the environment's workload a template with the same, and promote that`,
  );
};
