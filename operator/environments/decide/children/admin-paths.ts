/**
 * One regular expression (RE2, as Caddy runs it) over the path of a request as it would be sent to a twin: what is an admin
 * path, or could be read as one by some server. Twins are other people's programs in every language: one decodes twice,
 * another takes a backslash for a slash, drops what follows a semicolon, or reads `//name/x` as a host and `/x`. So it
 * matches every way to write the path, and refuses besides what no honest client of a vendor sends.
 */
export function adminPattern(paths: readonly string[]): string {
  const written = paths.map((path) => path.split('/').slice(1).map(anyhow).join(`${SLASHES}${BLANKS}`));
  // Whatever is no part of a name ends a path: what is below it, a dot and a suffix, parameters, anything encoded.
  const admin = `${SLASHES}${BLANKS}(?:${written.join('|')})(?:$|[^A-Za-z0-9_~-])`;
  return `(?i)^(?:${admin}|${SLASH}${SLASH}|[^?]*${UP}|[^?]*${MALFORMED})`;
}

/** A character as itself, or encoded so many times. */
function encoded(hex: string, itself: string): string {
  return `(?:${itself}|%(?:25)*${hex})`;
}

const SLASH = `(?:${encoded('2f', '/')}|${encoded('5c', '\\\\')})`;
const DOT = encoded('2e', '[.]');
/** What some servers take off the end of a segment: parameters, dots, blanks. */
const ENDING = `(?:(?:${encoded('3b', ';')}|${DOT}|%(?:25)*(?:20|09|0a|0d))[^?]*)?`;
/** One slash or more, with segments between them that mean nothing. */
const SLASHES = `${ENDING}${SLASH}(?:${ENDING}${SLASH})*`;
/** What some servers take off the start of a segment. */
const BLANKS = '(?:%(?:25)*(?:20|09|0a|0d))*';
/** A segment that leads up. */
const UP = `${SLASH}${DOT}${DOT}(?:$|[?]|${SLASH}|${encoded('3b', ';')})`;
/**
 * Slashes and dots in more bytes than UTF-8 needs, %u002f, and what ends a string in C: no encoder writes them. Fullwidth
 * forms (U+FF0E, U+FF0F, U+FF3C), which are dots and slashes to who normalises (NFKC).
 */
const MALFORMED = '%(?:25)*(?:c[01]|[ef]0%(?:25)*8|u[0-9a-f]|00|ef%(?:25)*bc%(?:25)*(?:8e|8f|bc))|[\uff0e\uff0f\uff3c]';

/** A segment, each of its characters as it is or encoded; the case does not count. */
function anyhow(segment: string): string {
  return [...segment]
    .map((character) => {
      const [lower, upper] = [character.toLowerCase(), character.toUpperCase()].map(hexOf);
      const plain = /[a-z0-9_]/i.test(character) ? character : `\\x${hexOf(character)}`;
      return encoded(lower === upper ? `${lower}` : `(?:${lower}|${upper})`, plain);
    })
    .join('');
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}
