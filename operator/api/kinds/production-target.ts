import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { isDuration, parseDuration } from '../duration.ts';
import { acceptedColumn, columns, nameFitsLabel, resourceOf } from '../kind.ts';
import { MAX_OBJECTS } from '../object-kinds.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { conditions, lastHandledReconcileAt, observedGeneration } from '../schema/conditions.ts';
import { keyedList, linesOf, listOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, duration, objectName, sha256, text, timestamp } from '../schema/text.ts';
import { trust } from '../schema/trust.ts';
import { allowedMutations, injectedContainers, podWriters } from '../schema/mutations.ts';
import { nameOfObject, objectKind, workloadKind, workloadName } from '../schema/promoted.ts';
import { choice, count, flag } from '../schema/values.ts';

const serviceAccounts = (description: string) =>
  keyedList(
    description,
    ['namespace', 'name'],
    z.object({
      namespace: dnsLabel('Namespace of the ServiceAccount.'),
      name: objectName('Name of the ServiceAccount.'),
    }),
    { max: 16 },
  );

/** Thirty days. */
const MIN_KEEP = '720h';

/** `spec` of a ProductionTarget. */
export const productionTargetSpec = z
  .object({
    workloads: keyedList(
      'Workloads of production. What runs when the target is made is taken over; what does not exist yet is created by its first promotion.',
      ['kind', 'name'],
      z.object({ kind: workloadKind, name: workloadName }),
      { min: 1, max: MAX_WORKLOADS },
    ),
    objects: keyedList(
      'Further objects of production that change only by promotion, there or not: what is there when the target is made is taken over.',
      ['kind', 'name'],
      z.object({ kind: objectKind, name: nameOfObject }),
      { max: MAX_OBJECTS },
    ).optional(),
    approvalPolicyRef: z
      .object({ name: objectName('Name of the ApprovalPolicy.') })
      .describe('What a promotion needs. Left out: the default ApprovalPolicy.')
      .optional(),
    keyringRef: z
      .object({ name: objectName('Name of the ApproverKeyring.').default('default') })
      .describe('Whose signatures count.')
      .prefault({}),
    allowedFrom: keyedList(
      'Namespaces whose environments may be promoted here. Left out or empty: those that the namespaceSelector of a TwinClass matches.',
      ['namespace'],
      z.object({ namespace: dnsLabel('Name of the namespace.') }),
      { max: 64 },
    ).optional(),
    apply: choice(
      'Who brings what was signed. Controller: the promotions process. External: whoever applies it, Argo CD, Flux, Helm or a person; the lock opens for exactly that, and the controller verifies that it arrived.',
      ['Controller', 'External'],
    ).default('Controller'),
    applyDeadline: duration(
      'With apply External: how long after the approval what was signed may arrive. What arrived until then stays, the rest is closed and the promotion is Failed.',
    ).default('1h'),
    mode: choice(
      'Enforce: what was not approved is refused. Warn: nothing is refused, everything is told to who did it and to the audit log.',
      ['Enforce', 'Warn'],
    ).default('Enforce'),
    injected: injectedContainers.optional(),
    mutations: allowedMutations.optional(),
    podWriters: podWriters.optional(),
    rotators: serviceAccounts(
      'Service accounts that exchange what Secrets hold which approved contents refer to: cert-manager, External Secrets. Left out: nobody; a Secret changes under a new name.',
    ).optional(),
    holds: keyedList(
      'What keeps promotions from production for a while, beside the votes: a freeze, an incident. Several people and tools may each have one; an undo is never held.',
      ['name'],
      z.object({
        name: dnsLabel('Name of the hold, unique in the target.'),
        owner: text('Who holds it, and lets go: a person, a team, a tool.', 253),
        reason: text('Why, for everybody who waits.', 512),
        until: timestamp('It ends by itself at this time. Left out: it stands until it is removed.').optional(),
        scope: choice(
          'Rollouts: people are asked and their votes count; what they approve is rolled out when the hold is over. Promotions: nobody is asked.',
          ['Rollouts', 'Promotions'],
        ).default('Rollouts'),
      }),
      { max: 16 },
    ).optional(),
    minReplicas: count('Below this nobody can scale a workload. 0 lets it be switched off.', 0, 1000).default(1),
    liveAccess: choice(
      'Whether exec, attach, port-forward and ephemeral containers are let into the pods of production.',
      ['Deny', 'Allow'],
    ).default('Deny'),
    routing: choice(
      'Listed: Services, Ingresses and HTTPRoutes of the namespace that no target lists in objects are neither made nor changed nor deleted. Free: only those that are listed are held. The strictest target of the namespace decides.',
      ['Free', 'Listed'],
    ).default('Free'),
    records: z
      .object({
        keepFor: withRules(
          duration(
            'How long each record is kept at least; what still says why something stands is kept longer. A tenth of it later at most it is gone.',
          ),
          {
            cel: `duration(self) >= duration('${MIN_KEEP}')`,
            message: `records are evidence: keep them for ${MIN_KEEP} at least`,
            check: (value) => !isDuration(value) || parseDuration(value) >= parseDuration(MIN_KEEP),
          },
        ),
      })
      .describe('What becomes of records that are old. Left out: they are kept for ever.')
      .optional(),
    rollback: z
      .object({
        automatic: flag('Whether a rollout that fails is taken back to the fallback that was signed with it.').default(
          true,
        ),
        progressDeadline: duration('How long a rollout may take.').default('10m'),
        settle: duration(
          'How long the new pods must stay available without a restart until a rollout counts as verified; at least minReadySeconds of the workload.',
        ).default('30s'),
        serviceAccounts: serviceAccounts(
          'Service accounts that may roll back, beside people: each needs the verb rollback too. Left out: none, so that a GitOps tool cannot undo an approval.',
        ).optional(),
      })
      .describe('When a rollout counts, and what becomes of one that fails.')
      .prefault({}),
  })
  .describe('What is production here, and which policy guards it.');

/** Bounds of what a target's status says; who writes it fits the words to them. */
export const targetBounds = { images: 32, image: 512, warnings: { count: 32, length: 1024 } } as const;

/** `status` of a ProductionTarget. Output only. */
const productionTargetStatus = z
  .object({
    observedGeneration,
    enforcement: choice('Active: the API server refused the last forbidden change that was tried.', [
      'Active',
      'Inactive',
    ]).optional(),
    current: keyedList(
      'What production runs.',
      ['kind', 'name'],
      z.object({
        kind: workloadKind,
        name: text('Name of the workload.', 253),
        specDigest: sha256('Digest of the approved spec.'),
        images: listOf(
          'Images of the approved spec.',
          z.object({ container: text('Container.', 63), image: text('Image.', targetBounds.image) }),
          { max: targetBounds.images },
        ).optional(),
        promotion: text(
          'Promotion that brought it. Left out: adopted when the target was made, not signed by anybody.',
          253,
        ).optional(),
      }),
      { max: MAX_WORKLOADS },
    ).optional(),
    objects: keyedList(
      'What production has beside its workloads, of what the target lists.',
      ['kind', 'name'],
      z.object({
        kind: objectKind,
        name: nameOfObject,
        digest: sha256('Digest of the approved content. Left out: approved is that it is not there.').optional(),
        fallback: choice('What who rolls back puts in its place: what was there before, or nothing.', [
          'Content',
          'Absent',
        ]).optional(),
        promotion: text(
          'Promotion that brought it. Left out: adopted when the target was made, not signed by anybody.',
          253,
        ).optional(),
      }),
      { max: MAX_OBJECTS },
    ).optional(),
    warnings: linesOf(
      'What works and will hurt one day, one line each, with what to do.',
      targetBounds.warnings,
    ).optional(),
    trust: trust.optional(),
    lastHandledReconcileAt,
    conditions,
  })
  .describe('What was observed. Written by the controller only.');

export type ProductionTargetSpec = z.output<typeof productionTargetSpec>;
export type ProductionTargetStatus = z.output<typeof productionTargetStatus>;
export type ProductionTarget = TwinlockObject<'ProductionTarget', ProductionTargetSpec, ProductionTargetStatus>;

export const productionTargetKind = {
  kind: 'ProductionTarget',
  plural: 'productiontargets',
  shortNames: ['prodtarget'],
  namespaced: true,
  description: 'Protects its namespace, which holds production and nothing else: its pods run approved content only.',
  spec: productionTargetSpec,
  status: productionTargetStatus,
  alwaysObserved: true,
  columns: columns(
    [
      { name: 'Enforcement', type: 'string', jsonPath: '.status.enforcement', description: 'Whether the lock holds.' },
      {
        name: 'Holds',
        type: 'string',
        jsonPath: '.spec.holds[*].name',
        description: 'What keeps promotions from production.',
      },
      {
        name: 'Promotion',
        type: 'string',
        jsonPath: '.status.current[0].promotion',
        description: 'Promotion that the first workload runs.',
        priority: 1,
      },
      { ...acceptedColumn, priority: 1 },
    ],
    { ready: true },
  ),
  rules: [nameFitsLabel],
} as const satisfies KindDefinition;

export const ProductionTarget = resourceOf<ProductionTarget>(productionTargetKind);
