import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { linesOf, listOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import { soak } from '../schema/soak.ts';
import { dnsLabel, objectName, sha256, text, timestamp } from '../schema/text.ts';
import { choice, count } from '../schema/values.ts';
import { uid } from './promotion-record-content.ts';
import { observedGateTypes } from './promotion-status.ts';

/** Bounds of what a GateRun's status says; who writes it fits the words to them. */
const gateRunBounds = { report: { count: 32, length: 1024 }, breaks: 1_000_000 } as const;

/** `spec` of a GateRun. */
const gateRunSpec = withRules(
  z.object({
    promotion: z
      .object({
        namespace: dnsLabel('Namespace of the Promotion.'),
        name: objectName('Name of the Promotion.'),
        uid: uid('UID of the Promotion.'),
      })
      .describe('The promotion that asks.'),
    environment: z
      .object({
        namespace: dnsLabel('Namespace of the TwinEnvironment.'),
        name: objectName('Name of the TwinEnvironment.'),
        uid: uid('UID of the TwinEnvironment.'),
      })
      .describe('What is looked at.'),
    gate: withRules(
      z.object({
        name: dnsLabel('Name of the gate.'),
        type: choice('Type of the gate.', observedGateTypes),
        soak: soak.optional(),
      }),
      {
        cel: "(self.type == 'Soak') == has(self.soak)",
        message: 'write soak for a gate of type Soak, and for no other',
        check: (gate) => (gate.type === 'Soak') === (gate.soak !== undefined),
      },
    ).describe('The gate, as the policy had it.'),
    artifacts: listOf(
      'Images that the environment ran when the promotion asked: what is seen counts for these alone.',
      z.object({
        workload: dnsLabel("Name of the environment's workload."),
        container: dnsLabel('Container.'),
        image: text('Image by digest.', 512),
      }),
      { min: 1, max: 512 },
    ),
    number: count('Which look of this gate at these images it is, from 1.', 1, 1_000_000),
  }),
  { cel: 'self == oldSelf', message: 'a GateRun cannot be changed' },
).describe('What is asked. It cannot be changed.');

/** `status` of a GateRun. Output only. */
const gateRunStatus = z
  .object({
    phase: choice('Observing: it goes on. Completed: what was to be seen was seen, and stays so.', [
      'Observing',
      'Completed',
    ]),
    startedAt: timestamp('When it was looked at first.'),
    finishedAt: timestamp('When it was completed.').optional(),
    attempts: count('How often it began: once, and once more after each break.', 1, gateRunBounds.breaks),
    observations: z
      .object({
        soak: z
          .object({
            state: choice('Healthy: Ready and wired, with the images that were asked about.', ['Healthy', 'Unhealthy']),
            since: timestamp('Healthy without a break since then.').optional(),
            message: text('What keeps it from being healthy.', 1024).optional(),
          })
          .describe('Of a gate of type Soak.')
          .optional(),
      })
      .describe('What was seen.'),
    report: linesOf('What ended each attempt that did not last, the last ones.', gateRunBounds.report).optional(),
    evidenceDigest: sha256('Digest of what was asked and seen, without times.'),
  })
  .describe('What was seen. Written by the environments controller only.');

type GateRunSpec = z.output<typeof gateRunSpec>;
type GateRunStatus = z.output<typeof gateRunStatus>;
/** One look of one gate at an environment. */
export type GateRun = TwinlockObject<'GateRun', GateRunSpec, GateRunStatus>;

export const gateRunKind = {
  kind: 'GateRun',
  plural: 'gateruns',
  shortNames: [],
  namespaced: true,
  description:
    'One look of one gate at an environment: what a promotion asked, and what was seen. Written by the operator only.',
  spec: gateRunSpec,
  status: gateRunStatus,
  columns: columns(
    [
      { name: 'Gate', type: 'string', jsonPath: '.spec.gate.name', description: 'Name of the gate.' },
      { name: 'Type', type: 'string', jsonPath: '.spec.gate.type', description: 'Type of the gate.' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far it is.' },
      { name: 'Promotion', type: 'string', jsonPath: '.spec.promotion.name', description: 'Who asks.' },
    ],
    { ready: false },
  ),
} as const satisfies KindDefinition;

export const GateRun = resourceOf<GateRun>(gateRunKind);
