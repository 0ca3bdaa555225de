import { z } from 'zod';

import { patterns } from './patterns.ts';
import { celMatches, withRules } from './rule.ts';
import { patterned } from './text.ts';

/** Printable ASCII without a space at either end. */
export const printable = (description: string, max: number): z.ZodString =>
  patterned(description, max, patterns.printable);

/** TCP or UDP port. */
export const port = (description: string): z.ZodInt => z.int().min(1).max(65_535).describe(description);

/** A whole number within bounds. */
export const count = (description: string, min: number, max: number): z.ZodInt =>
  z.int().min(min).max(max).describe(description);

/** Yes or no, described for `kubectl explain`. */
export const flag = (description: string): z.ZodBoolean => z.boolean().describe(description);

/** One of a few words in CamelCase, none of which YAML reads as something else. */
export const choice = <const T extends readonly [string, ...string[]]>(
  description: string,
  values: T,
): z.ZodEnum<{ [K in T[number]]: K }> => z.enum(values).describe(description);

/** A Kubernetes quantity, `500m` or `1Gi`; a bare number is one too, hence int-or-string. */
export const quantity = (description: string): z.ZodUnion<readonly [z.ZodInt, z.ZodString]> =>
  z
    .union([z.int().min(0).max(Number.MAX_SAFE_INTEGER), z.string().min(1).max(32).regex(patterns.quantity)])
    .describe(description);

/** An object whose content Kubernetes defines; kept as it stands, checked by the API server's dry run. */
export const embedded = (description: string): z.ZodObject<Record<never, never>, z.core.$loose> =>
  z.looseObject({}).describe(description);

/** Label selector by equality. */
export const matchLabels = (description: string) =>
  z
    .object({
      matchLabels: withRules(
        z
          .record(z.string(), z.string().max(63))
          .refine((labels) => Object.keys(labels).length <= 16, { message: 'write at most 16 labels' })
          .meta({ description: 'Labels that the object must have.', maxProperties: 16 }),
        {
          cel: `self.all(k, k.size() <= 317 && ${celMatches(patterns.labelKey, 'k')} && ${celMatches(patterns.labelValue, 'self[k]')})`,
          message: 'write labels as Kubernetes has them, e.g. team: checkout',
          check: (labels) =>
            Object.entries(labels).every(
              ([key, value]) => key.length <= 317 && patterns.labelKey.test(key) && patterns.labelValue.test(value),
            ),
        },
      ),
    })
    .describe(description);
