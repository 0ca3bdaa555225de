import { concat, text } from '../cel.ts';
import { UNPROTECT } from '../names.ts';

/**
 * The object carries its own name in the annotation by which a person says "this one". A tool that prunes, or applies what
 * it has in Git, holds every verb and never does so by itself.
 *
 * @param object CEL of the object as it is stored
 */
export function asksToUnprotect(object: string): string {
  return `${object}.metadata.?annotations[?${text(UNPROTECT)}] == optional.of(${object}.metadata.name)`;
}

/** CEL of the rest of a message: the line that a person types first. */
export const unprotectHint = concat(
  "': a person takes that off, not a tool: first kubectl annotate ' + request.kind.kind.lowerAscii() + ' ' + oldObject.metadata.name",
  "(has(request.namespace) && request.namespace != '' && request.kind.kind != 'Namespace' ? ' -n ' + request.namespace : '')",
  `' ${UNPROTECT}=' + oldObject.metadata.name`,
);
