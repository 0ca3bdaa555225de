import { Promotion, WorkloadLock, workloadLockName } from '../../api/index.ts';
import { Job, type Client } from '../../kube/index.ts';
import type { Standing } from '../../records/index.ts';
import type { Caches } from '../gather/caches.ts';

/** What is known to need records, without a request; of Jobs nothing is. Undefined: there is no lock. */
export function knownStanding(
  { locks, promotions }: Pick<Caches, 'locks' | 'promotions'>,
  namespace: string,
): Standing | undefined {
  return standingOf(locks.lister.get({ namespace, name: workloadLockName }), promotions.lister.list(namespace), []);
}

/** The same as the API server has it: before anything is deleted. */
export async function liveStanding(
  client: Pick<Client, 'find' | 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  const [lock, promotions, jobs] = await Promise.all([
    client.find(WorkloadLock, { namespace, name: workloadLockName }, { signal }),
    client.list(Promotion, { namespace, signal }),
    client.list(Job, { namespace, signal }),
  ]);
  return standingOf(lock, promotions.items, jobs.items);
}

function standingOf(
  lock: WorkloadLock | undefined,
  promotions: readonly Promotion[],
  jobs: readonly Job[],
): Standing | undefined {
  if (lock === undefined) return undefined;
  const { approved, objects = [], jobs: running = [] } = lock.spec;
  return {
    approved: new Set([...approved, ...objects, ...running].map(({ record }) => record)),
    promotions: new Set(promotions.flatMap(({ metadata }) => metadata.uid ?? [])),
    jobs: new Set(jobs.map(({ metadata }) => metadata.name)),
  };
}
