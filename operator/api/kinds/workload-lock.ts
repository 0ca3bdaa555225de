import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { keyedList, setOf } from '../schema/lists.ts';
import { objectName, sha256 } from '../schema/text.ts';
import {
  allowedMutations,
  choice,
  count,
  embedded,
  injectedContainers,
  podWriters,
  printable,
  workloadKind,
  workloadName,
} from '../schema/values.ts';

/** The only name that a WorkloadLock has; admission reads no other. */
export const workloadLockName = 'lock';

/** `spec` of a WorkloadLock. */
const workloadLockSpec = z
  .object({
    liveAccess: choice('Whether exec and the like are let into the pods.', ['Deny', 'Allow']).default('Deny'),
    podWriters: podWriters.optional(),
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
        rollbackUsers: setOf('Users of service accounts that may roll back.', printable('User.', 320), {
          max: 16,
        }).optional(),
        record: objectName('PromotionRecord that says why this is approved.'),
        spec: embedded("The workload's spec without replicas."),
      }),
      { max: 2 * MAX_WORKLOADS },
    ),
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
