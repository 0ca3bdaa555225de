import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { keyedList, listOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, duration, personName } from '../schema/text.ts';
import { choice, count, flag } from '../schema/values.ts';
import { gateTypes } from './promotion-status.ts';

const quorum = withRules(
  listOf(
    'Votes that a promotion needs: every entry must be met. One principal may count for several groups.',
    z.object({
      group: personName('Group of the keyring that counts. Left out: any principal.').optional(),
      count: count('Different principals that must approve.', 1, 100),
    }),
    { min: 1, max: 16 },
  ),
  {
    cel: 'self.all(a, self.exists_one(b, has(a.group) ? has(b.group) && a.group == b.group : !has(b.group)))',
    message: 'write each group once, and at most one entry without a group',
    check: (entries) => new Set(entries.map(({ group }) => group)).size === entries.length,
  },
);

/** `spec` of an ApprovalPolicy. */
export const approvalPolicySpec = z
  .object({
    default: flag('Whether targets that name no policy get this one. With two default policies, none is.').default(
      false,
    ),
    gates: keyedList(
      'Gates that must pass before votes are asked for.',
      ['name'],
      z.object({
        name: dnsLabel('Name of the gate.'),
        type: choice('Environment: the environment is Ready and wired, and runs what is promoted.', gateTypes),
      }),
      { min: 1, max: 16 },
    ).default([{ name: 'environment', type: 'Environment' }]),
    quorum: quorum.default([{ count: 1 }]),
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
  })
  .describe('What a promotion needs.');

export type ApprovalPolicySpec = z.output<typeof approvalPolicySpec>;
export type ApprovalPolicy = TwinlockObject<'ApprovalPolicy', ApprovalPolicySpec>;

export const approvalPolicyKind = {
  kind: 'ApprovalPolicy',
  plural: 'approvalpolicies',
  shortNames: [],
  namespaced: false,
  description: 'Which gates and whose signatures a promotion needs.',
  spec: approvalPolicySpec,
  columns: columns(
    [{ name: 'Default', type: 'boolean', jsonPath: '.spec.default', description: 'Whether it is the default policy.' }],
    { ready: false },
  ),
} as const satisfies KindDefinition;

export const ApprovalPolicy = resourceOf<ApprovalPolicy>(approvalPolicyKind);
