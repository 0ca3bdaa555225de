/** Strings that are held once however many objects say them. */
const pool = new Map<string, string>();
/** Beyond it the pool starts anew, so that it never holds on to more than this many strings that nobody uses. */
const MAX_POOL = 2 ** 17;
const MAX_LENGTH = 256;

/**
 * The same text as one string for all who ask. Each object is parsed on its own, so a cache would otherwise hold names,
 * labels, images and kinds once per object.
 */
export function intern(text: string): string {
  if (text.length > MAX_LENGTH) return text;
  const known = pool.get(text);
  if (known !== undefined) return known;
  if (pool.size >= MAX_POOL) pool.clear();
  pool.set(text, text);
  return text;
}
