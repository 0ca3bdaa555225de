/** RFC 9110 section 5.6.7, IMF-fixdate: what every sender of HTTP has to write. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

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
  return typeof text === 'string' && RFC3339.test(text) ? Date.parse(text) : Number.NaN;
}

/** Milliseconds since the epoch of the time in an HTTP header (`Date`); NaN for anything else. */
export function parseHttpDate(text: unknown): number {
  return typeof text === 'string' && HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
}

/** A `metav1.MicroTime`: RFC 3339 in UTC with six digits of the second. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
