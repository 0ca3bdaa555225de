import { escapeNonPrintable } from '../../canonical/index.ts';

const CUT = '...';

/**
 * A text that a schema with `maxLength: max` takes and any terminal shows: everything outside 0x20-0x7e is escaped, and
 * what is too long is cut with `...` within the bound. A status that its own schema refuses would never be written, and
 * with it nothing that it says.
 */
export function fittedText(text: string, max: number): string {
  const escaped = escapeNonPrintable(text);
  return escaped.length <= max ? escaped : `${escaped.slice(0, max - CUT.length)}${CUT}`;
}

/** Lines for a list with `maxItems: count`, each fitted to `length`; the last one says how many are left out. */
export function fittedLines(
  lines: readonly string[],
  { count, length }: { readonly count: number; readonly length: number },
): string[] {
  const fitted = lines.slice(0, count).map((line) => fittedText(line, length));
  if (lines.length <= count) return fitted;
  return [...fitted.slice(0, count - 1), `and ${lines.length - count + 1} more`];
}
