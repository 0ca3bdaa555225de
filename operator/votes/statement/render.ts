import { canonicalJSON, escapeNonPrintable, isList, sortedBy, type JSONValue } from '../../canonical/index.ts';

/**
 * A JSON value as text for people and for signing: keys sorted by code unit, two spaces of indent, everything outside
 * 0x20-0x7e as `\uXXXX` in names too, integers only, one final newline. Equal values give equal bytes.
 *
 * @throws CanonicalError for lone surrogates, numbers that are no safe integers, and what is no JSON.
 */
export function renderText(value: JSONValue): string {
  // Refuses what has no single text; from here on the value is known to be plain, shallow JSON.
  canonicalJSON(value);
  return `${render(value, '')}\n`;
}

function render(value: JSONValue, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}  `;
  if (isList(value)) {
    const items = value.map((item) => `${inner}${render(item, inner)}`);
    return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`;
  }
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  const members = sortedBy(present, ([key]) => key).map(
    ([key, member]) => `${inner}${quote(key)}: ${render(member, inner)}`,
  );
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`;
}

/** Not JSON.stringify: it would write a line break as `\n` and leave most of Unicode as it is. */
function quote(text: string): string {
  return `"${escapeNonPrintable(text.replace(/["\\]/g, '\\$&'))}"`;
}
