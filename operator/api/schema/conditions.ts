import { z } from 'zod';

import { conditionBounds } from '../../kube/status/bounds.ts';
import { keyedList } from './lists.ts';
import { patterned, reason, text, timestamp } from './text.ts';
import { choice } from './values.ts';

const { message } = conditionBounds;

/** `status.conditions`, as `metav1.Condition` (Kubernetes API conventions, "Typical status properties"). */
export const conditions = keyedList(
  'Conditions. Ready, Reconciling and Stalled are what kstatus (Flux, kubectl wait) reads.',
  ['type'],
  z.object({
    type: patterned('Name of the condition.', 63, /^[A-Z][A-Za-z]*$/),
    status: choice('Whether the condition holds.', ['True', 'False', 'Unknown']),
    observedGeneration: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .describe('Generation of the object that the condition speaks about.')
      .optional(),
    lastTransitionTime: timestamp('When the status of the condition changed last.'),
    reason: reason('Cause in one word, for programs.'),
    message: text('Cause in a sentence, and what to do next.', message.max, 0),
  }),
  { max: 24 },
).optional();

/** The generation of a status that no controller has written yet: the one that Flux and cert-manager use. */
export const NOT_OBSERVED = -1;

export const observedGeneration = z
  .int()
  .min(NOT_OBSERVED)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Generation of the object that this status speaks about.')
  .optional();

/** Characters that a status repeats of an annotation that asks for something. */
export const maxRequest = 256;

export const lastHandledReconcileAt = text(
  'Last value of the annotation reconcile.fluxcd.io/requestedAt that was acted on.',
  maxRequest,
  0,
).optional();
