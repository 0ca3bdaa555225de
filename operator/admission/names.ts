/** Names that the policies know; what a user or the operator writes stands in the API's own module. */
export const GROUP = 'twinlock.dev';
export const VERSION = 'v1alpha1';
export const LOCK_NAME = 'lock';
export const PROTECTED_LABEL = 'twinlock.dev/protected';
export const ENVIRONMENT_LABEL = 'twinlock.dev/environment';
export const REQUESTED_BY = 'twinlock.dev/requested-by';
export const VOTE_PREFIX = 'vote.twinlock.dev/';
export const PROMOTIONS = 'twinlock-promotions';
export const ENVIRONMENTS = 'twinlock-environments';
/** Field manager of the dry run that asks the API server what the desired spec is. */
export const PLAN_MANAGER = 'twinlock-plan';
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
