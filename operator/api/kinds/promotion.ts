import { z } from 'zod';

import { parseTime } from '../../canonical/index.ts';
import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { parseDuration } from '../duration.ts';
import { columns, nameFitsLabel, resourceOf } from '../kind.ts';
import { keyedList } from '../schema/lists.ts';
import { kindName } from '../schema/defined-kinds.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { withRules } from '../schema/rule.ts';
import { jobManifests, manifests } from '../schema/manifest.ts';
import { dnsLabel, duration, objectName, text } from '../schema/text.ts';
import { containerImages } from '../schema/containers.ts';
import { workloadKind, workloadName } from '../schema/promoted.ts';
import { choice } from '../schema/values.ts';
import { promotionStatus } from './promotion-status.ts';

/** `spec` of a Promotion. */
const promotionSpec = withRules(
  z.object({
    environmentRef: z
      .object({
        namespace: dnsLabel('Namespace of the TwinEnvironment.'),
        name: objectName('Name of the TwinEnvironment.'),
      })
      .describe('The environment that shows what is promoted.'),
    targetRef: z
      .object({ name: objectName('Name of the ProductionTarget in the namespace of the Promotion.') })
      .describe('Where it goes.'),
    workloads: keyedList(
      "Which workload of the environment becomes which of the target's. Left out: those of the same name.",
      ['from'],
      z.object({
        from: dnsLabel("Name of the environment's workload."),
        to: z.object({ kind: workloadKind, name: workloadName }).describe("The target's workload."),
      }),
      { min: 1, max: MAX_WORKLOADS },
    ).optional(),
    images: containerImages(
      'Images that must be what the environment runs. Left out: taken from the environment when the round opens.',
      32,
    ).optional(),
    objects: manifests(
      "Whole manifests of the target's workloads and objects, as CI renders them: for when more changes than images. With manifests of workloads, other workloads are promoted only where `workloads` or `images` name them. The changes are shown in status.plan as soon as the API server has looked at them.",
    ).optional(),
    removes: keyedList(
      "The target's workloads and objects that the promotion takes away: objects with the rest, workloads when everything else runs. They stay in the target, and only a promotion makes them again.",
      ['kind', 'name'],
      z.object({
        kind: kindName('Kind of the workload or of the object.'),
        name: objectName('Name of the workload or of the object.'),
      }),
      { min: 1, max: MAX_WORKLOADS + MAX_OBJECTS },
    ).optional(),
    jobs: withRules(
      z.object({
        before: jobManifests(
          'Jobs that run, one after the other, before anything else is changed: migrations. One that fails ends the promotion.',
        ).optional(),
        after: jobManifests(
          'Jobs that run, one after the other, when everything is verified. One that fails takes the workloads back.',
        ).optional(),
      }),
      {
        cel: '!has(self.before) || !has(self.after) || self.before.all(a, !self.after.exists(b, a.metadata.name == b.metadata.name))',
        message: 'write each Job once: what runs before and after has two names',
        check: ({ before = [], after = [] }) =>
          !before.some((a) => after.some((b) => a.metadata.name === b.metadata.name)),
      },
    )
      .describe('Jobs of this promotion. Each runs once, with what was signed; what it did is not undone.')
      .optional(),
    reason: text('Why, for those who approve and for the record.', 1024).optional(),
    overrides: keyedList(
      'Windows of the policy that it shall pass by. Each needs votes of its own, and stands in what people sign.',
      ['gate'],
      z.object({
        gate: dnsLabel('Name of the gate, of type Window, in the policy.'),
        reason: text('Why it cannot wait.', 512),
      }),
      { min: 1, max: 16 },
    ).optional(),
    emergency: z
      .object({ reason: text('What happened, for those who sign and for the record.', 512) })
      .describe(
        "Asks for the policy's emergency path: its quorum, without the gates that it skips. Everybody signs that it is one.",
      )
      .optional(),
    expiresAfter: duration(
      'The promotion expires this long after its creation, unless it was approved until then.',
    ).default('72h'),
    supersedes: choice('Older: older promotions of the same workloads that still wait become Superseded.', [
      'Older',
      'None',
    ]).default('Older'),
  }),
  {
    cel: '!has(self.removes) || !has(self.workloads) || self.removes.all(r, !self.workloads.exists(w, w.to.kind == r.kind && w.to.name == r.name))',
    message: 'a workload is either promoted or removed: take it out of workloads or of removes',
    fieldPath: '.removes',
    check: ({ removes = [], workloads = [] }) =>
      !removes.some(({ kind, name }) => workloads.some(({ to }) => to.kind === kind && to.name === name)),
  },
  { cel: 'self == oldSelf', message: 'a Promotion cannot be changed: create another one' },
).describe('What is to be promoted. It cannot be changed.');

export type PromotionSpec = z.output<typeof promotionSpec>;
export type PromotionStatus = z.output<typeof promotionStatus>;
export type Promotion = TwinlockObject<'Promotion', PromotionSpec, PromotionStatus>;

export const promotionKind = {
  kind: 'Promotion',
  plural: 'promotions',
  shortNames: ['promo'],
  namespaced: true,
  description:
    'One promotion of what ran in an environment to production. Anybody may ask for it; only signatures of people approve it.',
  spec: promotionSpec,
  status: promotionStatus,
  alwaysObserved: true,
  columns: columns(
    [
      { name: 'Target', type: 'string', jsonPath: '.spec.targetRef.name', description: 'Where it goes.' },
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Summary.' },
      {
        name: 'Environment',
        type: 'string',
        jsonPath: '.spec.environmentRef.name',
        description: 'What is promoted.',
        priority: 1,
      },
      { name: 'Why', type: 'string', jsonPath: '.status.why[0]', description: 'What it waits for first.', priority: 1 },
    ],
    { ready: true },
  ),
  rules: [nameFitsLabel],
} as const satisfies KindDefinition;

export const Promotion = resourceOf<Promotion>(promotionKind);

/** When a promotion that nobody approved is over, milliseconds since the epoch. */
export function notAfterOf({ metadata, spec }: Pick<Promotion, 'metadata' | 'spec'>): number {
  return parseTime(metadata.creationTimestamp ?? '') + parseDuration(spec.expiresAfter);
}
