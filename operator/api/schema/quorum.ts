import { z } from 'zod';

import { listOf } from './lists.ts';
import { withRules } from './rule.ts';
import { personName } from './text.ts';
import { count } from './values.ts';

/** Entries that one quorum has, and that a status shows. */
export const MAX_QUORUM = 16;

const entry = z.object({
  group: personName('Group of the keyring that counts. Left out: any principal.').optional(),
  count: count('Different principals that must approve.', 1, 100),
});

/** How many people, of which groups. */
export const quorum = (description: string): z.ZodArray<typeof entry> =>
  withRules(listOf(description, entry, { min: 1, max: MAX_QUORUM }), {
    cel: 'self.all(a, self.exists_one(b, has(a.group) ? has(b.group) && a.group == b.group : !has(b.group)))',
    message: 'write each group once, and at most one entry without a group',
    check: (entries) => new Set(entries.map(({ group }) => group)).size === entries.length,
  });
