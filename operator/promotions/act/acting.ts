import { isRefusalBy } from '../../api/index.ts';
import { ApiError, sleep, type Client, type Clock, type EventRecorder } from '../../kube/index.ts';
import type { ObjectTypes } from '../../objects/index.ts';

/** What a write to production needs. */
export interface Acting {
  readonly client: Pick<Client, 'create' | 'replace' | 'delete'>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly types: ObjectTypes;
}

/** Milliseconds: an API server takes a moment to see a new lock, since admission reads it from a cache. */
const FIRST_PAUSE = 3;
const LONGEST_WAIT = 3000;

const LOCK_RULES = ['workloads', 'cronJobs', 'jobs', 'jobRuns', 'objects', 'definedObjects', 'removal'] as const;

/**
 * Writes what the lock is open for, again where admission has not seen that yet.
 *
 * @throws what the API server answers last, when its time is over or something else than the lock refuses
 */
export async function despiteStaleLock(
  clock: Clock,
  write: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const start = clock.monotonic();
  for (let pause = FIRST_PAUSE; ; pause *= 2) {
    try {
      await write();
      return;
    } catch (error) {
      const late = clock.monotonic() - start > LONGEST_WAIT;
      if (!isLockDenial(error) || late || signal.aborted) throw error;
      await sleep(clock, pause, signal);
    }
  }
}

function isLockDenial(error: unknown): boolean {
  return error instanceof ApiError && LOCK_RULES.some((rule) => isRefusalBy(rule, error.message));
}
