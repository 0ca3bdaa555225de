/**
 * Text that is safe on any terminal and page: everything outside 0x20-0x7e becomes `\uXXXX` (bidi marks, homoglyphs,
 * escape sequences, line breaks), and what is longer than `max` characters is cut with `...`. For messages that carry
 * names and values from the cluster; not reversible (a backslash stays one).
 */
export function printable(text: string, max = 120): string {
  const escaped = escapeNonPrintable(text);
  return escaped.length > max ? `${escaped.slice(0, max)}...` : escaped;
}

/** Every UTF-16 code unit outside 0x20-0x7e as `\uXXXX`. */
export function escapeNonPrintable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
