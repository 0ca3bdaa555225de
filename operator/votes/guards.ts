/** Beyond this the two clocks tell different stories about who is in time (security: "Counting", 1). */
export const MAX_SKEW_SECONDS = 60;

/** False also for an unknown skew: without a clock nothing is counted. */
export function clockTrusted(skew: number | undefined): boolean {
  return Math.abs(skew ?? Number.NaN) <= MAX_SKEW_SECONDS;
}
