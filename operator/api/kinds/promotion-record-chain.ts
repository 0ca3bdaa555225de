/** What holds the chain of PromotionRecords together where one is too large, or its time is over. */
import { z } from 'zod';

import { listOf } from '../schema/lists.ts';
import { duration, objectName, patterned, sha256 } from '../schema/text.ts';
import { count } from '../schema/values.ts';

/** Fields that may be too large for one object. */
const partFields = [
  'currentSpecs',
  'desiredSpecs',
  'currentObjects',
  'desiredObjects',
  'jobs',
  'statements',
  'votes',
  'allowedSigners',
  'keyring',
  'gates',
  'artifacts',
  'accepted',
] as const;

/** Some of what was too large. */
export const part = z
  .object({
    index: count('Place among the parts of one text, from 1.', 1, 64),
    digest: sha256('Digest of the whole text.'),
    text: patterned('JSON of the fields, or a piece of it.', 400_000, /^[ -~]*$/),
  })
  .describe('Some of what was too large for the record that names it.');

/** Where it is. */
export const parts = listOf(
  'What is in parts, since it was too large: the fields, and the records that hold them as one text.',
  z.object({
    fields: listOf('Fields that are not in this record.', z.enum(partFields), { min: 1, max: 8 }),
    digest: sha256('Digest of the text.'),
    records: listOf('The parts, in order.', objectName('Record of type Part.'), { min: 1, max: 64 }),
  }),
  { max: 2 },
);

/** Records before a cut that stay, and what it says of each. */
export const MAX_KEPT = 512;

const stays = (description: string) =>
  listOf(
    description,
    z.object({ sequence: count('Place in the chain.', 1, 999_999), digest: sha256('Digest of the record.') }),
    { max: MAX_KEPT },
  );

/** What is gone since its time was over. */
export const cut = z
  .object({
    size: count('Sequence of the last record that may be gone.', 1, 999_999),
    digest: sha256('Its digest.'),
    keepFor: duration('How long the target kept records.'),
    kept: stays('Records up to that one that stay: they say why something stands.').optional(),
    going: stays('Records that a cut before this one kept and that go now.').optional(),
  })
  .describe(
    'Which records are gone since their time was over: all up to a place in the chain, beside those that are named.',
  );
