import { z } from 'zod';

import { MAX_VOTES } from '../../votes/index.ts';
import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { listOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, objectName, sha256, text, timestamp } from '../schema/text.ts';
import { choice, count, embedded, flag, printable } from '../schema/values.ts';
import { artifacts, gates, keyring, policy, round, statements, vote } from './promotion-record-asked.ts';
import { cut, part, parts } from './promotion-record-chain.ts';
import {
  endedJob,
  foundContent,
  objectContents,
  outcome,
  recordedJobs,
  uid,
  workloadSpecs,
} from './promotion-record-content.ts';

const recordTypes = ['Adopted', 'Round', 'Job', 'Outcome', 'Trust', 'Tampered', 'Part', 'Cut'] as const;
/** Kinds that sealed trust holds. */
export const sealedKinds = ['ApproverKeyring', 'ApprovalPolicy', 'ProductionTarget'] as const;

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
    round: round.optional(),
    artifacts: artifacts.optional(),
    statements: statements.optional(),
    votes: listOf('Votes that counted.', vote, { max: MAX_VOTES }).optional(),
    allowedSigners: text('The keys of these votes as a file for `ssh-keygen -Y verify -f`.', 262_144).optional(),
    keyring: keyring.optional(),
    policy: policy.optional(),
    gates: gates.optional(),
    currentSpecs: workloadSpecs('Specs before: the signed fallback.').optional(),
    desiredSpecs: workloadSpecs('Specs after.').optional(),
    currentObjects: objectContents('Further objects before: the signed fallback.').optional(),
    desiredObjects: objectContents('Further objects after.').optional(),
    jobs: recordedJobs.optional(),
    job: endedJob.optional(),
    outcome: outcome.optional(),
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
