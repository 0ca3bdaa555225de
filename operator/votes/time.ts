const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch of an RFC 3339 time; NaN for anything else, so that every comparison with it fails. */
export function parseTime(text: string): number {
  return typeof text === 'string' && RFC3339.test(text) ? Date.parse(text) : Number.NaN;
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes times; empty when the number is no time. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().slice(0, 19)}Z`;
}
