/**
 * Orders two resource versions: negative when `a` is older, 0 when equal, positive when newer. Undefined when they cannot
 * be ordered: only decimal numbers can (KEP-5504; true of every built-in kind and every CRD), others are opaque.
 */
export function compareResourceVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === b && a !== undefined) return 0;
  if (a === undefined || b === undefined || !decimal.test(a) || !decimal.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

const decimal = /^[1-9]\d*$/;
