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

/** Values that are held once however many objects have them. Far fewer than texts: each is kept with its JSON. */
const values = new Map<string, unknown>();
const MAX_VALUES = 2 ** 10;
const MAX_JSON = 2048;

/**
 * The same value as one for all who ask, where it is the same JSON. For parts that many objects have alike, such as the
 * containers of a twin: what comes back is shared, hence to be frozen by whoever keeps it.
 */
export function internValue<T>(value: T): T {
  const json = JSON.stringify(value);
  if (json === undefined || json.length > MAX_JSON) return value;
  // Equal JSON, and every caller makes the values of one shape itself.
  const known = values.get(json) as T | undefined;
  if (known !== undefined) return known;
  if (values.size >= MAX_VALUES) values.clear();
  values.set(json, value);
  return value;
}
