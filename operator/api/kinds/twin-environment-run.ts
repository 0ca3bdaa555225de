import { z } from 'zod';

import { setOf } from '../schema/lists.ts';
import { dnsLabel, objectName } from '../schema/text.ts';
import { directory } from '../schema/start.ts';
import { choice, quantity } from '../schema/values.ts';

/** `<name>-<10 characters>` is a label of a StatefulSet's pods, hence has 63 (kubernetes/kubernetes#64023). */
export const MAX_SET_NAME = 52;

/** `needs` of an element of `spec.workloads`. */
export const needs = setOf(
  'Workloads and services that are ready, and Jobs that have succeeded, before this one is started or changed.',
  dnsLabel('Name of another element of `workloads`, or of one of `services`.'),
  { max: 16 },
);

/** `state` of an element of `spec.workloads`. */
export const workloadState = z
  .object({
    path: directory('Directory of the first container that the volume is mounted at.'),
    persistence: choice('Ephemeral: gone with the pod. Durable: on a PersistentVolumeClaim of its own.', [
      'Ephemeral',
      'Durable',
    ]).default('Ephemeral'),
    size: quantity('Size of the volume.').default('1Gi'),
    storageClassName: objectName("StorageClass of the volume. Left out: the cluster's default.").optional(),
  })
  .describe('Where it keeps its state. A Durable volume goes with the environment, or when the spec no longer has it.');
