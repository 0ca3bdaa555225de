/** What a PromotionRecord says of production: what it was, what it becomes, what was found there. */
import { z } from 'zod';

import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_JOBS, MAX_WORKLOADS } from '../workload-kinds.ts';
import { kindName } from '../schema/defined-kinds.ts';
import { listOf } from '../schema/lists.ts';
import { dnsLabel, reason, sha256, text } from '../schema/text.ts';
import { nameOfObject, objectKind, workloadKind, workloadName } from '../schema/promoted.ts';
import { choice, count, embedded, flag, printable } from '../schema/values.ts';

/** When a Job of a promotion runs. */
const jobTimes = ['before', 'after'] as const;

/** UID of an object, which tells it from its namesakes. */
export const uid = (description: string): z.ZodString => printable(description, 63);

/** Contents of workloads by digest. */
export const workloadSpecs = (description: string) =>
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

/** The same of objects beside them. */
export const objectContents = (description: string) =>
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

/** `Approved` is a step, its rollout follows; every other one is an end. */
const outcomeResults = ['Approved', 'Completed', 'Rejected', 'Failed', 'RolledBack', 'Expired', 'Superseded'] as const;

/** Jobs that were signed. */
export const recordedJobs = listOf(
  'Jobs that run before and after, in their order.',
  z.object({
    when: choice('Before anything else is changed, or after all of it is verified.', jobTimes),
    name: dnsLabel('Name in the Promotion.'),
    job: dnsLabel('Name of the Job that runs.'),
    digest: sha256('Digest of the spec.'),
    spec: embedded('Its spec, without what the API server adds.'),
  }),
  { max: 2 * MAX_JOBS },
);

/** What became of one of them. */
export const endedJob = z
  .object({
    name: dnsLabel('Name in the Promotion.'),
    job: dnsLabel('Name of the Job.'),
    uid: uid('UID of the Job. Left out: it could not be made.').optional(),
    result: choice('What became of it.', ['Succeeded', 'Failed']),
    message: text('Cause in a sentence.', 2048, 0),
  })
  .describe('A Job that is over: it does not run again.');

/** What came of a promotion. */
export const outcome = z
  .object({
    result: choice(
      'What came of it. Approved: the votes suffice and the lock opens next; every other one is an end.',
      outcomeResults,
    ),
    reason: reason('Cause in one word, for programs.'),
    message: text('Cause in a sentence.', 2048, 0),
    changes: listOf('What becomes of the workloads.', change, { max: MAX_WORKLOADS }).optional(),
  })
  .describe('What came of it.');

/** What nobody approved. */
export const foundContent = z
  .object({
    kind: kindName('Kind of what has it.'),
    name: workloadName,
    from: sha256('Digest of the content that is approved. Left out: nothing is.').optional(),
    to: sha256('Digest of the content that was found.').optional(),
    message: text('What differs, in a sentence.', 1024, 0).optional(),
  })
  .describe('Content that nobody approved.');
