import { patterns } from './schema/patterns.ts';

const units = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/**
 * Reads a duration of the API (`8h`, `1h30m`, `90s`).
 *
 * @returns milliseconds
 * @throws {RangeError} when the text is not one; the API server refuses those, so only unchecked input gets here
 */
export function parseDuration(value: string): number {
  if (!isDuration(value)) {
    throw new RangeError(`"${value.slice(0, 40)}" is not a duration: write one such as 30m, 8h or 1h30m`);
  }
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/([0-9]+)([hms])/g)) {
    // The pattern lets no other unit through.
    total += Number(amount) * units[unit as keyof typeof units];
  }
  return total;
}

/** Whether a text is a duration of the API. */
export function isDuration(value: string): boolean {
  return value !== '' && patterns.duration.test(value);
}

/** Rule for an object: the first duration is not longer than the second, where both are given. */
export function durationOrder<Short extends string, Long extends string>(
  short: Short,
  long: Long,
): {
  readonly cel: string;
  readonly message: string;
  readonly check: (value: { readonly [K in Short | Long]?: string | undefined }) => boolean;
} {
  return {
    cel: `!has(self.${short}) || !has(self.${long}) || duration(self.${short}) <= duration(self.${long})`,
    message: `${short} is longer than ${long}: shorten it, or raise ${long}`,
    check: (value): boolean => {
      const [shorter, longer] = [value[short], value[long]];
      // zod checks an object even when a field of it was refused; the field's own rule says what is wrong with it then.
      const decidable = shorter !== undefined && longer !== undefined && isDuration(shorter) && isDuration(longer);
      return !decidable || parseDuration(shorter) <= parseDuration(longer);
    },
  };
}
