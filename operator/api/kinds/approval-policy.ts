import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { acceptedColumn, columns, resourceOf } from '../kind.ts';
import { conditions, observedGeneration } from '../schema/conditions.ts';
import { keyedList, setOf } from '../schema/lists.ts';
import { quorum } from '../schema/quorum.ts';
import { dnsLabel, duration } from '../schema/text.ts';
import { withRules } from '../schema/rule.ts';
import { trust } from '../schema/trust.ts';
import { choice, flag } from '../schema/values.ts';
import { window } from '../schema/window.ts';
import { gateTypes } from './promotion-status.ts';

/** `spec` of an ApprovalPolicy. */
export const approvalPolicySpec = withRules(
  z.object({
    default: flag('Whether targets that name no policy get this one. With two default policies, none is.').default(
      false,
    ),
    gates: keyedList(
      'Gates that must pass before votes are asked for.',
      ['name'],
      withRules(
        z.object({
          name: dnsLabel('Name of the gate.'),
          type: choice(
            'Environment: the environment is Ready and wired, and runs what is promoted. Window: production may change now; people sign whenever they like.',
            gateTypes,
          ),
          window: window.optional(),
        }),
        {
          cel: "(self.type == 'Window') == has(self.window)",
          message: 'write window for a gate of type Window, and for no other',
          check: (gate) => (gate.type === 'Window') === (gate.window !== undefined),
        },
      ),
      { min: 1, max: 16 },
    ).default([{ name: 'environment', type: 'Environment' }]),
    quorum: quorum(
      'Votes that a promotion needs: every entry must be met. One principal may count for several groups.',
    ).default([{ count: 1 }]),
    separation: z
      .object({ requester: flag('Whether the vote of who asked for the promotion is not counted.').default(true) })
      .describe('Separation of duties.')
      .prefault({}),
    requireTouch: flag('Whether only hardware keys that were touched count.').default(false),
    requireUserVerification: flag('Whether only hardware keys that asked for a PIN or a fingerprint count.').default(
      false,
    ),
    notExercised: choice(
      'What becomes of a promotion that would give production something that the environment did not run with. Allow: the statement lists it. Deny: it is not put to the vote.',
      ['Allow', 'Deny'],
    ).default('Allow'),
    evidenceMaxAge: duration('A gate that passed longer ago than this must run again before a round opens.').default(
      '168h',
    ),
    emergency: z
      .object({
        quorum: quorum('Votes that an emergency needs, in the place of the others.'),
        skipGates: setOf(
          'Names of gates that an emergency skips; Environment is never skipped.',
          dnsLabel('Name of a gate.'),
          {
            max: 16,
          },
        ).default([]),
      })
      .describe('What a promotion needs that asks for it in spec.emergency. Left out: there are no emergencies.')
      .optional(),
  }),
  {
    cel: "!has(self.emergency) || self.emergency.skipGates.all(s, self.gates.exists(g, g.name == s && g.type != 'Environment'))",
    message: 'write names of gates of this policy that are not of type Environment: that one is never skipped',
    fieldPath: '.emergency.skipGates',
    check: ({ emergency, gates }) =>
      (emergency?.skipGates ?? []).every((name) =>
        gates.some((gate) => gate.name === name && gate.type !== 'Environment'),
      ),
  },
).describe('What a promotion needs.');

/** `status` of an ApprovalPolicy. Output only; with sealed trust alone. */
const approvalPolicyStatus = z
  .object({ observedGeneration, trust: trust.optional(), conditions })
  .describe('What was observed. Written by the controller only, where trust is sealed.');

export type ApprovalPolicySpec = z.output<typeof approvalPolicySpec>;
export type ApprovalPolicyStatus = z.output<typeof approvalPolicyStatus>;
export type ApprovalPolicy = TwinlockObject<'ApprovalPolicy', ApprovalPolicySpec, ApprovalPolicyStatus>;
/** A window of a policy. */
export type WindowSpec = NonNullable<ApprovalPolicy['spec']['gates'][number]['window']>;

export const approvalPolicyKind = {
  kind: 'ApprovalPolicy',
  plural: 'approvalpolicies',
  shortNames: [],
  namespaced: false,
  description: 'Which gates and whose signatures a promotion needs.',
  spec: approvalPolicySpec,
  status: approvalPolicyStatus,
  columns: columns(
    [
      { name: 'Default', type: 'boolean', jsonPath: '.spec.default', description: 'Whether it is the default policy.' },
      acceptedColumn,
    ],
    { ready: false },
  ),
} as const satisfies KindDefinition;

export const ApprovalPolicy = resourceOf<ApprovalPolicy>(approvalPolicyKind);
