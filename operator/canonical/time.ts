/**
 * RFC 3339, section 5.6, as the API server takes it: `T` and `Z` in upper case, at most nanoseconds, no leap second. The
 * API server and CEL compile it too.
 */
export const RFC3339 =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$/;
/** RFC 9110 section 5.6.7, IMF-fixdate: what every sender of HTTP has to write. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * A time as Kubernetes writes it: RFC 3339 in UTC with whole seconds.
 *
 * @param ms milliseconds since the epoch
 * @returns an empty text when the number is no time
 */
export function rfc3339(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of an RFC 3339 time; NaN for anything else, so that every comparison with it fails. */
export function parseTime(text: string): number {
  return typeof text === 'string' && RFC3339.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN;
}

/** `Date.parse` takes the 30th of February for the 2nd of March; the API server refuses it. */
function isDay(day: string): boolean {
  return rfc3339(Date.parse(`${day}T00:00:00Z`)).startsWith(day);
}

/** Milliseconds since the epoch of the time in an HTTP header (`Date`); NaN for anything else. */
export function parseHttpDate(text: unknown): number {
  return typeof text === 'string' && HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
}

/** A `metav1.MicroTime`: RFC 3339 in UTC with six digits of the second. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
