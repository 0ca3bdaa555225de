import test from 'ava';
import type { WorkloadLock } from '../../operator/api/index.ts';
import type { Client, Deployment } from '../../operator/kube/index.ts';
import { ObjectTypes } from '../../operator/objects/index.ts';
import { readSnapshot } from '../../operator/targets/index.ts';
import { deployment, images, lockOf } from './promotion-world.ts';

const web = [{ kind: 'Deployment', name: 'web' }] as const;
const versioned = (lock: WorkloadLock, resourceVersion: string): WorkloadLock => ({
  ...lock,
  metadata: { ...lock.metadata, resourceVersion },
});
const [old, fresh] = [deployment(images.first), deployment(images.second)];
const [shut, open] = [versioned(lockOf(old), '1'), versioned(lockOf(fresh), '2')];

/** Answers from two scripts, one per kind; the last answer stays. */
function scripted(
  locks: WorkloadLock[],
  lives: Deployment[],
): { readonly client: Pick<Client, 'find'>; readonly reads: () => number } {
  let reads = 0;
  const find = (type: { readonly kind: string }): Promise<unknown> => {
    reads++;
    return Promise.resolve(type.kind === 'WorkloadLock' ? next(locks) : next(lives));
  };
  // The reader asks for these two kinds only.
  return { client: { find } as unknown as Pick<Client, 'find'>, reads: () => reads };
}

function next<T>(script: T[]): T | undefined {
  return script.length > 1 ? script.shift() : script[0];
}

const read = (client: Pick<Client, 'find'>): ReturnType<typeof readSnapshot> =>
  readSnapshot(
    { client, types: new ObjectTypes() },
    'shop',
    { workloads: web, objects: [] },
    AbortSignal.timeout(5000),
  );

test('content that is Current costs one read of each', async (t) => {
  const { client, reads } = scripted([shut], [old]);
  const { lock, workloads } = await read(client);
  t.is(lock?.metadata.resourceVersion, '1');
  t.is(workloads[0]?.live, old);
  t.is(reads(), 2);
});

test('content that was applied after the lock was read is not taken for unapproved', async (t) => {
  const { client } = scripted([shut, open], [fresh]);
  const { lock } = await read(client);
  t.is(lock?.metadata.resourceVersion, '2');
});

test('content that was taken back before the lock was read is not taken for unapproved', async (t) => {
  const { client } = scripted([shut], [fresh, old]);
  const { workloads } = await read(client);
  t.is(workloads[0]?.live, old);
});

test('a lock that changes while content is read makes it read again', async (t) => {
  const { client } = scripted([shut, shut, open, open], [fresh, fresh, fresh]);
  const { lock } = await read(client);
  t.is(lock?.metadata.resourceVersion, '2');
});

test('content that stays unapproved beside a lock that stays is what is there', async (t) => {
  const { client } = scripted([shut], [fresh]);
  const { lock, workloads } = await read(client);
  t.is(lock?.metadata.resourceVersion, '1');
  t.is(workloads[0]?.live, fresh);
});

test('a lock that never rests is an error, not a verdict', async (t) => {
  const locks = Array.from({ length: 20 }, (_, index) => versioned(lockOf(old), String(index)));
  await t.throwsAsync(() => read(scripted(locks, [fresh]).client), { message: /changes faster than it can be read/ });
});
