import { z } from 'zod';

import { MAX_STATEMENT_BYTES } from '../../votes/index.ts';
import { linesOf } from './lists.ts';
import { sha256, text, timestamp } from './text.ts';
import { count } from './values.ts';

/** Bounds of what a status says of signatures; who writes it fits the words to them. */
export const trustBounds = {
  why: { count: 16, length: 2048 },
  votes: { count: 32, length: 1024 },
} as const;

const version = (description: string): z.ZodNumber => count(description, 1, 999_999);

/** `status.trust` of the kinds that sealed trust holds: shown only, records say what counts. */
export const trust = z
  .object({
    accepted: z
      .object({
        version: version('Which version counts.'),
        digest: sha256('Digest of its content.'),
        record: text('PromotionRecord in the namespace of Twinlock that has it, with the signatures.', 253),
      })
      .describe('The version that counts, whatever stands in spec. Left out: none does.')
      .optional(),
    pending: z
      .object({
        version: version('Which version it would become.'),
        digest: sha256('Digest of the content in spec. Left out: it would be removed.').optional(),
        notAfter: timestamp('Signatures on these texts count until then; later ones are asked for anew.'),
        statements: z
          .object({
            approve: text('What somebody signs who is for the change.', MAX_STATEMENT_BYTES),
            reject: text('What somebody signs who objects.', MAX_STATEMENT_BYTES),
          })
          .describe('The two texts to choose from, exactly as they are signed (with a final newline).'),
        votes: linesOf('What became of each signature, by annotation.', trustBounds.votes).optional(),
        why: linesOf('What it still waits for, and the commands.', trustBounds.why).optional(),
      })
      .describe('What stands here and does not count until it is signed.')
      .optional(),
  })
  .describe('What people signed of this object, where trust is sealed.');

export type TrustStatus = z.output<typeof trust>;
