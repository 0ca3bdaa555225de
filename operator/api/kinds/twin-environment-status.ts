import { z } from 'zod';

import { conditions, lastHandledReconcileAt, maxRequest, observedGeneration } from '../schema/conditions.ts';
import { keyedList, listOf } from '../schema/lists.ts';
import { sha256, text, timestamp } from '../schema/text.ts';
import { choice, count, embedded, flag } from '../schema/values.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';

const environmentPhases = ['Queued', 'Provisioning', 'Ready', 'Sleeping', 'Expired', 'Terminating', 'Failed'] as const;

/** Bounds of what an environment's status lists; who writes it leaves out what is more. `entry`: bytes of its JSON. */
export const environmentBounds = { variables: 256, value: 2048, blockedBy: 64, entry: 16_384 } as const;

const variable = z
  .object({
    workload: text('Workload.', 253),
    container: text('Container.', 253),
    env: text('Variable.', 253),
    value: text(
      'Value: a URL, host, port, dummy key, or text with those in it. Never one of a Secret.',
      environmentBounds.value,
      0,
    ).optional(),
  })
  .describe('A variable of a container.');

const service = z
  .object({
    name: text('Name of the service.', 63),
    mode: choice('Mode that the spec asks for.', ['Twin', 'Real', 'Disabled']),
    vendorTwin: text('VendorTwin that it is of; left out where the spec gives an image or a URL.', 63).optional(),
    version: text('Version of the VendorTwin: chosen once, kept until the spec names another.', 63).optional(),
    entry: embedded('That version as the catalogue had it when it was chosen: what the environment runs.').optional(),
    outdated: flag(
      'true: the catalogue has other content of that version by now; a new value of the annotation twinlock.dev/renewTwinsAt takes it.',
    ).optional(),
    url: text('URL of the twin within the cluster.', 2048).optional(),
    exposedURL: text('URL at which the twin is reached from outside; left out where it is not.', 2048).optional(),
    rendered: listOf('Variables that were written to the workloads.', variable, {
      max: environmentBounds.variables,
    }).optional(),
    running: listOf('The same variables, as the live Ready pods have them.', variable, {
      max: environmentBounds.variables,
    }).optional(),
    reported: z
      .object({
        mode: text('Mode that the app reports.', 63).optional(),
        url: text('URL that the app reports.', 2048).optional(),
      })
      .describe("The app's own report.")
      .optional(),
    verified: flag('Whether what runs, and what the app reports where it does, is what was rendered.'),
    ready: flag('Whether the twin answers.'),
    reason: text('Why it is not ready or not verified.', 1024).optional(),
  })
  .describe('State of a service.');

const workload = z
  .object({
    name: text('Name of the workload.', 63),
    images: listOf(
      'Images that run in all Ready pods.',
      z.object({ container: text('Container.', 63), image: text('Image by digest.', 512) }),
      { max: 32 },
    ).optional(),
    templateDigest: sha256('Digest of the pod template that was applied.').optional(),
    ready: flag('Whether all pods run the spec of today and are Ready.'),
    url: text('URL at which the workload is reached.', 2048).optional(),
  })
  .describe('State of a workload.');

const object = {
  group: text("API group; '' for the core group.", 253, 0),
  kind: text('Kind.', 63),
  namespace: text('Namespace; left out for cluster-scoped objects.', 63).optional(),
  name: text('Name.', 253),
};

/** `status` of a TwinEnvironment. Output only. */
export const twinEnvironmentStatus = z
  .object({
    observedGeneration,
    phase: choice('Summary for people; programs read the conditions.', environmentPhases).optional(),
    namespace: text("The environment's own namespace.", 63).optional(),
    url: text('URL of the environment.', 2048).optional(),
    observedRevision: text('spec.source.revision that runs.', 64).optional(),
    services: keyedList('The registry, as observed.', ['name'], service, { max: 32 }).optional(),
    workloads: keyedList('The app, as observed.', ['name'], workload, { max: MAX_WORKLOADS }).optional(),
    reached: sha256('Digest of the pods through which all that is exposed was reached.').optional(),
    copied: listOf(
      "Secrets and ConfigMaps that were brought into the environment's namespace, and are kept as their originals are, or as `ownConfigMaps` has them.",
      z.object({ kind: choice('Kind.', ['Secret', 'ConfigMap']), name: text('Name.', 253) }),
      { max: 88 },
    ).optional(),
    queue: z
      .object({ position: count('1 is next.', 1, 1_000_000) })
      .describe('Set while the environment waits for room in its class.')
      .optional(),
    expiresAt: timestamp('When the environment expires, if nothing happens until then.').optional(),
    lastActivityAt: timestamp('Last change of the spec, extension or waking by hand.').optional(),
    inventory: listOf(
      'Every object that was made for the environment and must go with it.',
      z.object({ ...object, uid: text('UID.', 63).optional() }),
      { max: 512 },
    ).optional(),
    blockedBy: listOf(
      'What keeps the environment from going away.',
      z.object({ ...object, message: text('Why, and what to do.', 1024) }),
      { max: environmentBounds.blockedBy },
    ).optional(),
    lastHandledExtendAt: text(
      'Last value of the annotation twinlock.dev/extendAt that was acted on.',
      maxRequest,
      0,
    ).optional(),
    lastHandledWakeAt: text(
      'Last value of the annotation twinlock.dev/wakeAt that was acted on.',
      maxRequest,
      0,
    ).optional(),
    lastHandledRenewTwinsAt: text(
      'Last value of the annotation twinlock.dev/renewTwinsAt that was acted on.',
      maxRequest,
      0,
    ).optional(),
    lastHandledReconcileAt,
    conditions,
  })
  .describe('What was observed. Written by the controller only.');
