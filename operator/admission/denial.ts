import { concat, text } from './cel.ts';

/** The object of a request for messages: a CREATE may have a prefix only. */
const NAME =
  "(has(request.name) && request.name != '' ? request.name : object.metadata.?name.orValue(object.metadata.?generateName.orValue('')))";
const HINT = '; production changes by promotion: kubectl create a Promotion (kubectl explain promotion.spec)';

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
    "(has(request.namespace) && request.namespace != '' ? ' in ' + request.namespace : '')",
    problem,
  );
}
