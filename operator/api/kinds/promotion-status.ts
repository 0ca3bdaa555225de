import { z } from 'zod';

import { DECISIONS, MAX_ARMOR_CHARACTERS, MAX_STATEMENT_BYTES, MAX_VOTES } from '../../votes/index.ts';
import { conditions, lastHandledReconcileAt, observedGeneration } from '../schema/conditions.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { keyedList, linesOf, listOf } from '../schema/lists.ts';
import { MAX_QUORUM } from '../schema/quorum.ts';
import { reason, sha256, text, timestamp } from '../schema/text.ts';
import { nameOfObject, objectKind, workloadKind } from '../schema/promoted.ts';
import { choice, count, flag } from '../schema/values.ts';

const promotionPhases = [
  'Pending',
  'Gating',
  'AwaitingApproval',
  'Approved',
  'RollingOut',
  'Verifying',
  'Completed',
  'Rejected',
  'Failed',
  'RolledBack',
  'Expired',
  'Superseded',
] as const;

export const gateTypes = ['Environment', 'Window'] as const;
/** Types that the environments process observes, each in a GateRun. */
export const observedGateTypes = ['Soak'] as const;
export const gateResults = ['Pending', 'Passed', 'Failed'] as const;

/** Bounds of what a Promotion's status says; who writes it fits the words to them. */
export const promotionBounds = {
  /** Sentences about a vote or a workload. */
  message: 1024,
  /** Of one object: there are many. */
  object: 256,
  annotation: 317,
  missing: { count: 32, length: 1024 },
  why: { count: 32, length: 2048 },
} as const;

const gate = z
  .object({
    name: text('Name of the gate.', 63),
    type: choice('Type of the gate.', gateTypes),
    result: choice('Result. Only Passed opens.', gateResults),
    finishedAt: timestamp('When it passed.').optional(),
    evidenceDigest: sha256('Digest of what the gate saw, without times.').optional(),
    summary: text('The result in a sentence.', 2048, 0).optional(),
  })
  .describe('Result of a gate.');

const vote = z
  .object({
    annotation: text(
      'Annotation that brought it first; its name is a label for people.',
      promotionBounds.annotation,
    ).optional(),
    principal: text('Whose key signed. Left out: no enrolled key did.', 63).optional(),
    decision: choice('Which of the two statements was signed.', DECISIONS).optional(),
    keyFingerprint: text('SHA256 fingerprint of the key, as ssh-keygen -l prints it.', 128).optional(),
    valid: flag('Whether it counts.'),
    reason: reason('Why it counts, or not, in one word.', 63),
    message: text('The same in a sentence, and what to do.', promotionBounds.message, 0).optional(),
    firstSeen: timestamp('When the controller saw it first.'),
    armor: text('The signature, verified anew at every count.', MAX_ARMOR_CHARACTERS),
  })
  .describe('A vote. Once seen it stays, whatever becomes of the annotation.');

const approval = z
  .object({
    round: z
      .object({
        nonce: text('What tells this round from all others.', 64),
        openedAt: timestamp('When the round opened.'),
        notAfter: timestamp('When its votes stop counting.'),
        record: text('PromotionRecord of type Round that holds its statements.', 253),
      })
      .describe('The round that is open.')
      .optional(),
    statements: z
      .object({
        approve: text('What an approver signs.', MAX_STATEMENT_BYTES),
        reject: text('What somebody who objects signs.', MAX_STATEMENT_BYTES),
      })
      .describe('The two texts to choose from, exactly as they are signed (with a final newline).')
      .optional(),
    votes: listOf('Votes of this round and stale ones of those before.', vote, { max: MAX_VOTES }).optional(),
    quorum: listOf(
      'Votes that are needed, and that there are.',
      z.object({
        group: text('Group. Left out: any principal.', 63).optional(),
        need: count('Principals that must approve.', 1, 100),
        have: count('Principals that did.', 0, 1000),
      }),
      { max: MAX_QUORUM },
    ).optional(),
    missing: linesOf('What the approval still lacks, one line each.', promotionBounds.missing).optional(),
  })
  .describe('State of the approval.');

const rollout = z
  .object({
    startedAt: timestamp('When the lock was opened.').optional(),
    finishedAt: timestamp('When the rollout was verified, or taken back.').optional(),
    appliedAt: timestamp(
      'With apply External: when all that was signed had arrived. How long the rollout may take counts from then.',
    ).optional(),
    drainsUntil: timestamp(
      'Until then old pods may still be ending and take the room of new ones: deadlines run from then.',
    ).optional(),
    workloads: keyedList(
      'State per workload.',
      ['kind', 'name'],
      z.object({
        kind: workloadKind,
        name: text('Name of the workload.', 253),
        state: choice('State.', ['Pending', 'Applied', 'Available', 'Removed', 'Failed', 'RolledBack']),
        message: text('The state in a sentence.', promotionBounds.message, 0).optional(),
      }),
      { max: MAX_WORKLOADS },
    ).optional(),
    objects: keyedList(
      'State per object beside the workloads.',
      ['kind', 'name'],
      z.object({
        kind: objectKind,
        name: nameOfObject,
        state: choice('State.', ['Pending', 'Applied', 'Removed', 'Failed', 'RolledBack']),
        message: text('The state in a sentence.', promotionBounds.object, 0).optional(),
      }),
      { max: MAX_OBJECTS },
    ).optional(),
  })
  .describe('State of the rollout.');

/** Changes that `status.plan` shows; a statement has room for more. */
export const maxPlannedChanges = 200;

const plan = z
  .object({
    changes: listOf(
      'Every difference between what production is and what it would be.',
      z.object({
        path: text('Where.', 1024),
        from: text('What production has. Left out: nothing.', 1024, 0).optional(),
        to: text('What it would get. Left out: nothing.', 1024, 0).optional(),
      }),
      { max: maxPlannedChanges },
    ).optional(),
    notExercised: listOf('Changes that the environment did not run with.', text('Path of the change.', 1024), {
      max: maxPlannedChanges,
    }).optional(),
    omitted: count('Changes that there was no room for; the statement has all of them.', 0, 1_000_000).optional(),
  })
  .describe(
    'What would change, as the API server answers a dry run; shown before any gate, until the lock opens. Signed is the statement.',
  );

/** `status` of a Promotion. Output only. */
export const promotionStatus = z
  .object({
    observedGeneration,
    phase: choice('Summary for people; programs read the conditions.', promotionPhases).optional(),
    gates: keyedList('Results of the gates.', ['name'], gate, { max: 32 }).optional(),
    plan: plan.optional(),
    approval: approval.optional(),
    rollout: rollout.optional(),
    why: linesOf(
      'What it still waits for: one line each, with who can act and the command.',
      promotionBounds.why,
    ).optional(),
    record: text('PromotionRecord of the outcome.', 253).optional(),
    lastHandledReconcileAt,
    conditions,
  })
  .describe('What was observed and decided. Written by the controller only.');
