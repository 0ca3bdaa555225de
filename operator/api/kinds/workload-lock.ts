import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { keyedList, setOf } from '../schema/lists.ts';
import { dnsLabel, objectName, sha256 } from '../schema/text.ts';
import { allowedMutations, injectedContainers, podWriters } from '../schema/mutations.ts';
import { nameOfObject, objectKind, workloadKind, workloadName } from '../schema/promoted.ts';
import { choice, count, embedded, printable } from '../schema/values.ts';

/** The only name that a WorkloadLock has; admission reads no other. */
export const workloadLockName = 'lock';

const rollbackUsers = setOf('Users of service accounts that may roll back.', printable('User.', 320), {
  max: 16,
}).optional();

const closed = choice(
  'Nobody applies it any more, and what has it keeps it. Late: it did not arrive in time. TakenBack: its rollout failed.',
  ['Late', 'TakenBack'],
).optional();

/** `spec` of a WorkloadLock. */
const workloadLockSpec = z
  .object({
    liveAccess: choice('Whether exec and the like are let into the pods.', ['Deny', 'Allow']).default('Deny'),
    podWriters: podWriters.optional(),
    routing: choice('Listed: what routes traffic and stands in no entry of objects stays as it is.', [
      'Free',
      'Listed',
    ]).optional(),
    approved: keyedList(
      'Approved contents: at most one Current and one Fallback per workload.',
      ['kind', 'name', 'role'],
      z.object({
        kind: workloadKind,
        name: workloadName,
        role: choice('Current: anybody may apply it. Fallback: who may roll back.', ['Current', 'Fallback']),
        digest: sha256('Digest of the spec.'),
        target: objectName('ProductionTarget that the workload belongs to.'),
        minReplicas: count('Below this nobody can scale the workload.', 0, 1000).default(1),
        injected: injectedContainers.optional(),
        mutations: allowedMutations.optional(),
        rollbackUsers,
        rotators: setOf('Users of service accounts that exchange Secrets.', printable('User.', 320), {
          max: 16,
        }).optional(),
        closed,
        record: objectName('PromotionRecord that says why this is approved.'),
        spec: embedded("The workload's spec without replicas."),
      }),
      { max: 2 * MAX_WORKLOADS },
    ),
    objects: keyedList(
      'Approved contents of further objects: at most one Current and one Fallback of each.',
      ['kind', 'name', 'role'],
      z.object({
        kind: objectKind,
        name: nameOfObject,
        role: choice('Current: anybody may apply it. Fallback: who may roll back.', ['Current', 'Fallback']),
        digest: sha256('Digest of the content. Left out: what is approved is that the object is not there.').optional(),
        target: objectName('ProductionTarget that the object belongs to.'),
        rollbackUsers,
        closed,
        record: objectName('PromotionRecord that says why this is approved.'),
        content: embedded('All that users write of the object, without what the API server allocates.').optional(),
      }),
      { max: 2 * MAX_OBJECTS },
    ).optional(),
    jobs: keyedList(
      'Jobs of promotions, each while its step runs: the promotions process makes it, and nobody deletes it.',
      ['name'],
      z.object({
        kind: choice('Kind.', ['Job']),
        name: dnsLabel('Name of the Job.'),
        digest: sha256('Digest of the spec.'),
        target: objectName('ProductionTarget of the promotion.'),
        injected: injectedContainers.optional(),
        mutations: allowedMutations.optional(),
        record: objectName('PromotionRecord that approved the promotion.'),
        spec: embedded('Its spec, without what the API server adds.'),
      }),
      { max: 16 },
    ).optional(),
    frozen: keyedList(
      'ConfigMaps and Secrets that approved contents refer to: nobody changes what they hold, deletes them, or makes one that is absent.',
      ['kind', 'name'],
      z.object({
        kind: choice('Kind.', ['ConfigMap', 'Secret']),
        name: objectName('Name of the object.'),
        rotators: setOf(
          'Of a Secret: users who exchange what it holds, of every content that refers to it.',
          printable('User.', 320),
          {
            max: 16,
          },
        ).optional(),
        promotions: setOf(
          'Uids of the promotions that asked for it, before votes are asked for.',
          printable('Uid.', 64),
          { max: 64 },
        ).optional(),
        opening: printable(
          'Uid of the promotion that the lock opens for next: for this moment nobody exchanges what it holds, rotators included.',
          64,
        ).optional(),
      }),
      { max: 512 },
    ).optional(),
  })
  .describe('What admission compares with.');

export type WorkloadLockSpec = z.output<typeof workloadLockSpec>;
export type WorkloadLock = TwinlockObject<'WorkloadLock', WorkloadLockSpec>;

export const workloadLockKind = {
  kind: 'WorkloadLock',
  plural: 'workloadlocks',
  shortNames: [],
  namespaced: true,
  description:
    'The approved content of a protected namespace, which admission compares with. Written by the promotions controller only.',
  spec: workloadLockSpec,
  columns: columns(
    [{ name: 'LiveAccess', type: 'string', jsonPath: '.spec.liveAccess', description: 'Whether exec is let in.' }],
    { ready: false },
  ),
  rules: [
    {
      rule: `self.metadata.name == '${workloadLockName}'`,
      message: `name it ${workloadLockName}: admission reads no other`,
    },
  ],
} as const satisfies KindDefinition;

export const WorkloadLock = resourceOf<WorkloadLock>(workloadLockKind);
