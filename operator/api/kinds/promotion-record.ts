import { z } from 'zod';

import {
  DECISIONS,
  MAX_ARMOR_CHARACTERS,
  MAX_KEY_CHARACTERS,
  MAX_STATEMENT_BYTES,
  MAX_VOTES,
} from '../../votes/index.ts';
import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { kindName } from '../schema/defined-kinds.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_JOBS, MAX_WORKLOADS } from '../workload-kinds.ts';
import { listOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import {
  dnsLabel,
  duration,
  objectName,
  patterned,
  personName,
  reason,
  sha256,
  text,
  timestamp,
} from '../schema/text.ts';
import {
  choice,
  count,
  embedded,
  flag,
  nameOfObject,
  objectKind,
  printable,
  workloadKind,
  workloadName,
} from '../schema/values.ts';
import { gateResults, gateTypes } from './promotion-status.ts';

const recordTypes = ['Adopted', 'Round', 'Job', 'Outcome', 'Trust', 'Tampered', 'Part', 'Cut'] as const;
/** Kinds that sealed trust holds. */
export const sealedKinds = ['ApproverKeyring', 'ApprovalPolicy', 'ProductionTarget'] as const;
/** `Approved` is a step, its rollout follows; every other one is an end. */
const outcomeResults = ['Approved', 'Completed', 'Rejected', 'Failed', 'RolledBack', 'Expired', 'Superseded'] as const;

/** When a Job of a promotion runs. */
const jobTimes = ['before', 'after'] as const;

const uid = (description: string): z.ZodString => printable(description, 63);

const workloadSpecs = (description: string) =>
  listOf(
    description,
    z.object({
      kind: workloadKind,
      name: workloadName,
      digest: sha256('Digest of the spec.'),
      spec: embedded("The workload's spec without replicas."),
    }),
    { max: MAX_WORKLOADS },
  );

const objectContents = (description: string) =>
  listOf(
    description,
    z.object({
      kind: objectKind,
      name: nameOfObject,
      digest: sha256('Digest of the content. Left out: the object is not there.').optional(),
      content: embedded('All that users write of the object. Left out: the object is not there.').optional(),
    }),
    { max: MAX_OBJECTS },
  );

const vote = z
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

const change = z
  .object({
    kind: workloadKind,
    name: workloadName,
    from: sha256('Digest of the spec before. Left out: the workload did not exist.').optional(),
    to: sha256('Digest of the spec after. Left out: the workload does not exist.').optional(),
    revision: text(
      'Revision of the workload when it was approved; a later one shows that the new content was applied at some time.',
      32,
    ).optional(),
    uid: uid('UID of a workload that is removed: its namesake is another one.').optional(),
    replicas: count('Replicas of a workload that is removed, for bringing it back.', 0, 1_000_000).optional(),
    suspend: flag('A workload that is removed was suspended, and is when it is brought back.').optional(),
  })
  .describe('What became of a workload.');

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

const part = z
  .object({
    index: count('Place among the parts of one text, from 1.', 1, 64),
    digest: sha256('Digest of the whole text.'),
    text: patterned('JSON of the fields, or a piece of it.', 400_000, /^[ -~]*$/),
  })
  .describe('Some of what was too large for the record that names it.');

const parts = listOf(
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

const cut = z
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

const trust = z
  .object({
    kind: choice('Kind of what changes.', sealedKinds),
    namespace: dnsLabel('Its namespace. Left out: the kind has none.').optional(),
    name: objectName('Its name.'),
    version: count('Which version of it, from 1.', 1, 999_999),
    from: sha256('Digest of the version before. Left out: there was none, or it had been removed.').optional(),
    digest: sha256('Digest of this version. Left out: it is removed.').optional(),
    notAfter: timestamp('Until when its statement could be signed. Left out: nobody signed, it was pinned.').optional(),
    pinned: flag('The first keyring, by the digest that the installation names.').optional(),
  })
  .describe('A version of a keyring, a policy or a target that counts from here on.');

const foundContent = z
  .object({
    kind: kindName('Kind of what has it.'),
    name: workloadName,
    from: sha256('Digest of the content that is approved. Left out: nothing is.').optional(),
    to: sha256('Digest of the content that was found.').optional(),
    message: text('What differs, in a sentence.', 1024, 0).optional(),
  })
  .describe('Content that nobody approved.');

/** `spec` of a PromotionRecord. */
const promotionRecordSpec = withRules(
  z.object({
    type: choice(
      'Adopted: taken over as found, signed by nobody. Round: what was asked. Job: what became of a Job of a promotion. Outcome: what came of it. Trust: a keyring, a policy or a target that counts from here on. Tampered: production had content that was never approved. Part: some of what was too large for the record that names it. Cut: records before it are gone, since their time was over.',
      recordTypes,
    ),
    target: z
      .object({
        namespace: dnsLabel('Namespace of the ProductionTarget.'),
        name: objectName('Name of the ProductionTarget.'),
        uid: uid('UID of the ProductionTarget.'),
      })
      .describe('Target whose chain this is.'),
    sequence: count('Place in the chain of the target, from 1.', 1, 999_999),
    previous: z
      .object({
        name: objectName('Name of the record before.'),
        digest: sha256('Its digest.'),
      })
      .describe('The record before. Left out in the first record of a chain.')
      .optional(),
    digest: sha256('Digest over the JCS form of this spec without this field.'),
    time: timestamp('When the record was written.'),
    part: part.optional(),
    cut: cut.optional(),
    parts: parts.optional(),
    message: text('Why, in a sentence, where the rest does not say it.', 1024, 0).optional(),
    promotion: z
      .object({
        namespace: dnsLabel('Namespace of the Promotion.'),
        name: objectName('Name of the Promotion.'),
        uid: uid('UID of the Promotion.'),
        specDigest: sha256("Digest of the Promotion's spec.").optional(),
        requestedBy: printable('Who asked for it, from userInfo.', 253).optional(),
        reason: text('Why, as the Promotion says.', 8192, 0).optional(),
      })
      .describe('The promotion that the record is about.')
      .optional(),
    round: z
      .object({
        nonce: printable('What tells this round from all others.', 64),
        openedAt: timestamp('When the round opened.'),
        notAfter: timestamp('When its votes stop counting.'),
        record: objectName('Record of type Round; left out in that record itself.').optional(),
        because: listOf('Why a round before this one was closed; left out in the first.', text('One line.', 1024), {
          max: 32,
        }).optional(),
      })
      .describe('The round.')
      .optional(),
    artifacts: listOf(
      'Images that are promoted: what ran in the environment when the first round opened.',
      z.object({
        kind: workloadKind,
        name: workloadName,
        container: dnsLabel('Container.'),
        image: text('Image by digest.', 512),
      }),
      { max: 512 },
    ).optional(),
    statements: z
      .object({
        approve: text('What an approver signs.', MAX_STATEMENT_BYTES),
        reject: text('What somebody who objects signs.', MAX_STATEMENT_BYTES),
      })
      .describe('The two texts, exactly as they are signed.')
      .optional(),
    votes: listOf('Votes that counted.', vote, { max: MAX_VOTES }).optional(),
    allowedSigners: text('The keys of these votes as a file for `ssh-keygen -Y verify -f`.', 262_144).optional(),
    keyring: z
      .object({
        name: objectName('Name of the ApproverKeyring.'),
        digest: sha256('Digest of the parts that were used.').optional(),
        entries: listOf('Entries that were used.', keyringEntry, { max: 256 }).optional(),
      })
      .describe('The keyring, as it was.')
      .optional(),
    policy: z
      .object({ name: objectName('Name of the ApprovalPolicy.'), digest: sha256('Digest of its spec.') })
      .describe('The policy, as it was.')
      .optional(),
    gates: listOf(
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
    ).optional(),
    currentSpecs: workloadSpecs('Specs before: the signed fallback.').optional(),
    desiredSpecs: workloadSpecs('Specs after.').optional(),
    currentObjects: objectContents('Further objects before: the signed fallback.').optional(),
    desiredObjects: objectContents('Further objects after.').optional(),
    jobs: listOf(
      'Jobs that run before and after, in their order.',
      z.object({
        when: choice('Before anything else is changed, or after all of it is verified.', jobTimes),
        name: dnsLabel('Name in the Promotion.'),
        job: dnsLabel('Name of the Job that runs.'),
        digest: sha256('Digest of the spec.'),
        spec: embedded('Its spec, without what the API server adds.'),
      }),
      { max: 2 * MAX_JOBS },
    ).optional(),
    job: z
      .object({
        name: dnsLabel('Name in the Promotion.'),
        job: dnsLabel('Name of the Job.'),
        uid: uid('UID of the Job. Left out: it could not be made.').optional(),
        result: choice('What became of it.', ['Succeeded', 'Failed']),
        message: text('Cause in a sentence.', 2048, 0),
      })
      .describe('A Job that is over: it does not run again.')
      .optional(),
    outcome: z
      .object({
        result: choice(
          'What came of it. Approved: the votes suffice and the lock opens next; every other one is an end.',
          outcomeResults,
        ),
        reason: reason('Cause in one word, for programs.'),
        message: text('Cause in a sentence.', 2048, 0),
        changes: listOf('What becomes of the workloads.', change, { max: MAX_WORKLOADS }).optional(),
      })
      .describe('What came of it.')
      .optional(),
    acceptedBy: objectName(
      'Of Adopted, where trust is sealed: record of the version of the target that took this over.',
    ).optional(),
    trust: trust.optional(),
    accepted: embedded('The content of that version: its spec, of a target without holds.').optional(),
    tampered: listOf('Content that was found and never approved.', foundContent, {
      max: MAX_WORKLOADS + MAX_OBJECTS,
    }).optional(),
  }),
  { cel: 'self == oldSelf', message: 'a PromotionRecord cannot be changed' },
  {
    cel: '(self.sequence == 1) == !has(self.previous)',
    message: 'name the previous record, except in the first one of a chain',
    fieldPath: '.previous',
    check: (r) => (r.sequence === 1) === (r.previous === undefined),
  },
  {
    cel: "self.type != 'Round' || (has(self.promotion) && has(self.round) && (has(self.parts) || (has(self.statements) && has(self.desiredSpecs))))",
    message: 'a Round has promotion, round, statements and desiredSpecs',
    check: (r) =>
      r.type !== 'Round' ||
      (![r.promotion, r.round].includes(undefined) &&
        (r.parts !== undefined || ![r.statements, r.desiredSpecs].includes(undefined))),
  },
  {
    cel: "(self.type == 'Outcome') == has(self.outcome)",
    message: 'an Outcome has outcome, and no other record has',
    check: (r) => (r.type === 'Outcome') === (r.outcome !== undefined),
  },
  {
    cel: "self.type != 'Adopted' || has(self.currentSpecs) || has(self.parts)",
    message: 'Adopted has currentSpecs: what was found',
    check: (r) => r.type !== 'Adopted' || r.currentSpecs !== undefined || r.parts !== undefined,
  },
  {
    cel: "(self.type == 'Job') == has(self.job)",
    message: 'a Job, and nothing else, has a job',
    check: (r) => (r.type === 'Job') === (r.job !== undefined),
  },
  {
    cel: "(self.type == 'Tampered') == has(self.tampered)",
    message: 'Tampered has tampered: what was found, and no other record has',
    check: (r) => (r.type === 'Tampered') === (r.tampered !== undefined),
  },
  {
    cel: "(self.type == 'Trust') == has(self.trust)",
    message: 'Trust has trust: what counts from here on, and no other record has',
    check: (r) => (r.type === 'Trust') === (r.trust !== undefined),
  },
  {
    cel: "(self.type == 'Part') == has(self.part)",
    message: 'a Part has part, and no other record has',
    check: (r) => (r.type === 'Part') === (r.part !== undefined),
  },
  {
    cel: "(self.type == 'Cut') == has(self.cut)",
    message: 'a Cut has cut, and no other record has',
    check: (r) => (r.type === 'Cut') === (r.cut !== undefined),
  },
  {
    cel: '!has(self.cut) || self.cut.size < self.sequence',
    message: 'a Cut is of records before it',
    fieldPath: '.cut',
    check: (r) => r.cut === undefined || r.cut.size < r.sequence,
  },
).describe('What happened. It cannot be changed.');

export type PromotionRecordSpec = z.output<typeof promotionRecordSpec>;
export type PromotionRecord = TwinlockObject<'PromotionRecord', PromotionRecordSpec>;

export const promotionRecordKind = {
  kind: 'PromotionRecord',
  plural: 'promotionrecords',
  shortNames: [],
  namespaced: true,
  description:
    'One link of the audit chain of a ProductionTarget. Written by the promotions controller only, never changed.',
  spec: promotionRecordSpec,
  columns: columns(
    [
      { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'What it records.' },
      {
        name: 'Promotion',
        type: 'string',
        jsonPath: '.spec.promotion.name',
        description: 'Promotion that it is about.',
      },
      { name: 'Result', type: 'string', jsonPath: '.spec.outcome.result', description: 'What came of it.' },
    ],
    { ready: false },
  ),
  rules: [
    {
      rule: "self.metadata.name.startsWith(self.spec.target.name + '-') && self.metadata.name.size() == self.spec.target.name.size() + 7 && self.metadata.name.matches('-[0-9]{6}$') && int(self.metadata.name.substring(self.metadata.name.size() - 6)) == self.spec.sequence",
      message: 'name it <target>-<sequence in 6 digits>: the name settles races',
    },
  ],
} as const satisfies KindDefinition;

export const PromotionRecord = resourceOf<PromotionRecord>(promotionRecordKind);

/** Name of a record (security.md, "Records"): AlreadyExists settles a race for the same place in the chain. */
export function recordName(target: string, sequence: number): string {
  return `${target}-${String(sequence).padStart(6, '0')}`;
}
