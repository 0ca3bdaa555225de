import { z } from 'zod';

import { parseTime } from '../../canonical/index.ts';
import { KEY_TYPES, MAX_KEY_CHARACTERS, MIN_RSA_BITS } from '../../votes/index.ts';
import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { acceptedColumn, columns, resourceOf } from '../kind.ts';
import { conditions, observedGeneration } from '../schema/conditions.ts';
import { keyedList, linesOf, setOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { quorum } from '../schema/quorum.ts';
import { withRules } from '../schema/rule.ts';
import { patterned, personName, text, timestamp } from '../schema/text.ts';
import { trust } from '../schema/trust.ts';
import { flag, printable } from '../schema/values.ts';

/** Warnings that a status shows. */
export const keyringWarnings = { count: 64, length: 1024 } as const;

/**
 * Base64 characters of the smallest RSA key: type (11 bytes), exponent (7) and modulus (its length in 4 bytes), in groups
 * of three bytes. A sign byte, where there is one, fits into the last group.
 */
const rsaCharacters = 4 * Math.ceil((11 + 7 + 4 + MIN_RSA_BITS / 8) / 3);

// The shape is a plain pattern, since a match over so long a string would exceed CEL's budget; the hint is CEL.
const publicKey = withRules(
  patterned(
    `Public key in one line, as in the .pub file. RSA needs ${MIN_RSA_BITS} bits or more. A key that two principals have counts for neither.`,
    MAX_KEY_CHARACTERS,
    patterns.publicKey,
  ),
  {
    cel: KEY_TYPES.map((type) => `self.startsWith('${type} ')`).join(' || '),
    message: `write an OpenSSH public key in one line, as in the .pub file, of one of the types ${KEY_TYPES.join(', ')}`,
    check: (line) => KEY_TYPES.some((type) => line.startsWith(`${type} `)),
  },
  {
    cel: `!self.startsWith('ssh-rsa ') || (self.indexOf(' ', 8) < 0 ? self.size() : self.indexOf(' ', 8)) >= ${8 + rsaCharacters}`,
    message: `this RSA key has fewer than ${MIN_RSA_BITS} bits, so that no vote of it would count: ssh-keygen -t ed25519, or -t rsa -b ${MIN_RSA_BITS}`,
    check: (line) => !line.startsWith('ssh-rsa ') || (line.split(' ')[1]?.length ?? 0) >= rsaCharacters,
  },
);

const key = withRules(
  z.object({
    publicKey,
    notBefore: timestamp('Votes count from then on.').optional(),
    notAfter: timestamp('Votes count until then.').optional(),
    revokedAt: timestamp('Set it to take the key back: no vote of the key counts any more.').optional(),
    reason: text('Why the key was revoked.', 1024).optional(),
    requireTouch: flag('Whether only signatures that the key was touched for count (hardware keys).').default(false),
  }),
  {
    cel: '!has(self.notBefore) || !has(self.notAfter) || self.notBefore < self.notAfter',
    message: 'write a notAfter that is later than notBefore',
    fieldPath: '.notAfter',
    check: (k) =>
      k.notBefore === undefined || k.notAfter === undefined || parseTime(k.notBefore) < parseTime(k.notAfter),
  },
).describe('A key that the principal signs with.');

/** `spec` of an ApproverKeyring. */
export const approverKeyringSpec = z
  .object({
    principals: keyedList(
      'People who may vote. Empty: nobody.',
      ['name'],
      z.object({
        name: personName('Name of the person in statements and records.'),
        groups: setOf('Groups of the person, as quorums name them.', personName('Group.'), { max: 16 }).optional(),
        kubernetesUsers: setOf(
          "The person's users in this cluster: a promotion that one of them asked for is not theirs to approve.",
          printable('User name, as `kubectl auth whoami` prints it.', 253),
          { max: 16 },
        ).optional(),
        emails: setOf("The person's e-mail addresses, for the record.", printable('Address.', 253), {
          max: 16,
        }).optional(),
        keys: keyedList('Keys of the person.', ['publicKey'], key, { max: 16 }),
      }),
      { max: 128 },
    ),
    changeQuorum: quorum(
      'Where trust is sealed, and this keyring is the one that signs: whose signatures a change of keyrings, policies and targets needs. Each of these people alone can take a key back. Left out: more than half of the principals.',
    ).optional(),
  })
  .describe('People and their keys.');

/** `status` of an ApproverKeyring. Output only. */
const approverKeyringStatus = z
  .object({
    observedGeneration,
    warnings: linesOf(
      'Keys and people whose votes cannot count, one line each, with what to do.',
      keyringWarnings,
    ).optional(),
    trust: trust.optional(),
    conditions,
  })
  .describe('What was observed. Written by the controller only.');

export type ApproverKeyringSpec = z.output<typeof approverKeyringSpec>;
export type ApproverKeyringStatus = z.output<typeof approverKeyringStatus>;
export type ApproverKeyring = TwinlockObject<'ApproverKeyring', ApproverKeyringSpec, ApproverKeyringStatus>;

export const approverKeyringKind = {
  kind: 'ApproverKeyring',
  plural: 'approverkeyrings',
  shortNames: [],
  namespaced: false,
  description: 'The people whose signatures count, their keys, and how long those are valid.',
  spec: approverKeyringSpec,
  status: approverKeyringStatus,
  alwaysObserved: true,
  columns: columns(
    [
      {
        name: 'Warning',
        type: 'string',
        jsonPath: '.status.warnings[0]',
        description: 'The first of its warnings.',
        priority: 1,
      },
      acceptedColumn,
    ],
    { ready: true },
  ),
} as const satisfies KindDefinition;

export const ApproverKeyring = resourceOf<ApproverKeyring>(approverKeyringKind);
