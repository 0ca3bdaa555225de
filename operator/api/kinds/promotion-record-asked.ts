/** What a PromotionRecord says of what people were asked, and of what they signed. */
import { z } from 'zod';

import { DECISIONS, MAX_ARMOR_CHARACTERS, MAX_KEY_CHARACTERS, MAX_STATEMENT_BYTES } from '../../votes/index.ts';
import { listOf } from '../schema/lists.ts';
import { dnsLabel, objectName, personName, sha256, text, timestamp } from '../schema/text.ts';
import { workloadKind, workloadName } from '../schema/promoted.ts';
import { choice, flag, printable } from '../schema/values.ts';
import { gateResults, gateTypes } from './promotion-status.ts';

/** When votes were asked for. */
export const round = z
  .object({
    nonce: printable('What tells this round from all others.', 64),
    openedAt: timestamp('When the round opened.'),
    notAfter: timestamp('When its votes stop counting.'),
    record: objectName('Record of type Round; left out in that record itself.').optional(),
    because: listOf('Why a round before this one was closed; left out in the first.', text('One line.', 1024), {
      max: 32,
    }).optional(),
  })
  .describe('The round.');

/** What ran before production. */
export const artifacts = listOf(
  'Images that are promoted: what ran in the environment when the first round opened.',
  z.object({
    kind: workloadKind,
    name: workloadName,
    container: dnsLabel('Container.'),
    image: text('Image by digest.', 512),
  }),
  { max: 512 },
);

/** What was signed. */
export const statements = z
  .object({
    approve: text('What an approver signs.', MAX_STATEMENT_BYTES),
    reject: text('What somebody who objects signs.', MAX_STATEMENT_BYTES),
  })
  .describe('The two texts, exactly as they are signed.');

/** Who signed what, with the signature. */
export const vote = z
  .object({
    principal: personName('Whose key signed.'),
    decision: choice('What was signed.', DECISIONS),
    keyFingerprint: printable('SHA256 fingerprint of the key, as ssh-keygen -l prints it.', 128),
    firstSeen: timestamp('When the controller saw it first.'),
    armor: text('The signature, as ssh-keygen -Y verify takes it.', MAX_ARMOR_CHARACTERS),
  })
  .describe('A vote that counted.');

const keyringEntry = z
  .object({
    principal: personName('Name of the person.'),
    groups: listOf('Groups of the person.', personName('Group.'), { max: 16 }).optional(),
    kubernetesUsers: listOf("The person's users in the cluster.", printable('User.', 253), { max: 16 }).optional(),
    publicKey: text('Public key.', MAX_KEY_CHARACTERS),
    notBefore: timestamp('Votes count from then on.').optional(),
    notAfter: timestamp('Votes count until then.').optional(),
    revokedAt: timestamp('When the key was revoked.').optional(),
    requireTouch: flag('Whether the key must be touched.').optional(),
  })
  .describe('An entry of the keyring, as it was.');

/** Whose keys counted. */
export const keyring = z
  .object({
    name: objectName('Name of the ApproverKeyring.'),
    digest: sha256('Digest of the parts that were used.').optional(),
    entries: listOf('Entries that were used.', keyringEntry, { max: 256 }).optional(),
  })
  .describe('The keyring, as it was.');

/** How many had to sign. */
export const policy = z
  .object({ name: objectName('Name of the ApprovalPolicy.'), digest: sha256('Digest of its spec.') })
  .describe('The policy, as it was.');

/** What had to hold before people were asked. */
export const gates = listOf(
  'Results of the gates.',
  z.object({
    name: dnsLabel('Name of the gate.'),
    type: choice('Type of the gate.', gateTypes),
    result: choice('Result.', gateResults),
    finishedAt: timestamp('When it finished.').optional(),
    evidenceDigest: sha256('Digest of what the gate saw.').optional(),
    summary: text('The result in a sentence.', 2048, 0).optional(),
  }),
  { max: 32 },
);
