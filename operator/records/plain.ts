/**
 * A copy in which every string holds 0x20-0x7e and line breaks only; everything else becomes `\uXXXX`. RFC 8785 and jq
 * escape exactly these the same way (jq writes DEL as an escape, JCS as itself; they sort astral keys differently).
 */
export function plainJSON<T>(value: T): T {
  // Text becomes other text; the shape stays.
  return plain(value) as T;
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [plainText(key), plain(member)]));
}

function plainText(text: string): string {
  return text.replace(/[^\x20-\x7e\n]/g, escaped);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON of printable ASCII only: what is outside stands escaped, and reads back as it was. */
export function asciiJSON(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
}
