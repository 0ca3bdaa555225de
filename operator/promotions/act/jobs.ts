import { fieldManagers } from '../../api/index.ts';
import { ApiError, Job } from '../../kube/index.ts';
import type { Action, ActingWorld } from '../decide/index.ts';
import { newJob } from '../decide/plan/index.ts';
import { despiteStaleLock, type Acting } from './acting.ts';

/** Makes a Job under a name that is always the same: whoever made it before was this process. */
export async function runJob(
  acting: Acting,
  { promotion, target }: ActingWorld,
  { name, spec }: Extract<Action, { do: 'RunJob' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events } = acting;
  const { namespace = '' } = promotion.metadata;
  const options = { fieldManager: fieldManagers.promotions, signal };
  try {
    await despiteStaleLock(acting.clock, () => client.create(Job, newJob(namespace, name, spec), options), signal);
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
    throw error;
  }
  events.record({
    regarding: promotion,
    related: target,
    type: 'Normal',
    reason: 'JobStarted',
    action: 'RunJob',
    note: `Job ${name} runs what was signed`,
  });
  return true;
}

/** Deletes a Job that did not end in its time, and its pods. */
export async function stopJob(
  acting: Acting,
  { promotion }: ActingWorld,
  { name, uid }: Extract<Action, { do: 'StopJob' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { namespace } = promotion.metadata;
  const options = { uid, propagationPolicy: 'Background', signal } as const;
  await despiteStaleLock(acting.clock, () => acting.client.delete(Job, { namespace, name }, options), signal);
  return true;
}
