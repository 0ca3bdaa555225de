import { concat, text } from './cel.ts';

/** The object of a request: a CREATE may have a prefix for a name, a DELETE of a collection has neither name nor object. */
const NAME = `(has(request.name) && request.name != '' ? request.name
  : object != null ? object.metadata.?name.orValue(object.metadata.?generateName.orValue('')) : '*')`;
/** What a Promotion can carry stands here, since this is where people look for it. */
const HINT =
  '; production changes by promotion: sign the one that waits (kubectl get promotions), or create a Promotion of images by digest that ran in an environment, or of whole manifests in objects[] (kubectl explain promotion.spec)';

/**
 * The message of a denied change of production (CEL): what was refused, why, and how a change gets in.
 *
 * @param problem CEL text that begins with a space
 */
export function denial(problem: string): string {
  return concat(refusal(problem), text(HINT));
}

/** The message of a denial where a promotion is not the way (CEL). */
export function refusal(problem: string): string {
  return concat(
    "'twinlock: ' + request.kind.kind + '/'",
    NAME,
    "(has(request.namespace) && request.namespace != '' && request.kind.kind != 'Namespace' ? ' in ' + request.namespace : '')",
    problem,
  );
}
