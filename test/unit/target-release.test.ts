import test from 'ava';
import type { ProductionTarget, WorkloadLock } from '../../operator/api/index.ts';
import { ApiError, type Client, type EventInput } from '../../operator/kube/index.ts';
import { decideRelease, type ReleaseWorld } from '../../operator/targets/decide/index.ts';
import { releaseReconcile } from '../../operator/targets/release.ts';
import { target } from './promotion-world.ts';
import { fresh, namespaceWith, settle } from './target-world.ts';

const { signal } = new AbortController();
const adopted = settle(fresh()).world;
const lock = {
  ...adopted.lock,
  metadata: { name: 'lock', namespace: 'shop', uid: 'l1', resourceVersion: '5' },
} as WorkloadLock;
const chain = new Map([['web', adopted.records]]);
const labelled = namespaceWith('true');
const bare: ReleaseWorld = {
  namespace: namespaceWith(),
  targets: [],
  lock: undefined,
  records: new Map(),
  kept: { names: [], warn: false },
};

const cases: readonly (readonly [title: string, changes: Partial<ReleaseWorld>, what: string])[] = [
  ['nothing protects it, and nothing is left', {}, 'nothing'],
  ['a target protects it', { namespace: labelled, targets: [target()], lock, records: chain }, 'nothing'],
  ['its last target is gone', { namespace: labelled, lock }, 'Unlabel'],
  ['its last target is gone, and the label', { lock }, 'DeleteLock'],
  ['it is about to be taken over', { targets: [target()], lock, records: chain }, 'nothing'],
  ['it was restored with its label', { namespace: labelled }, 'Unlabel with news'],
  ['it was restored with its label and a target', { namespace: labelled, targets: [target()] }, 'Unlabel with news'],
  ['the lock of an adopted target was lost', { namespace: labelled, targets: [target()], records: chain }, 'nothing'],
  [
    'its target is gone, which people did not sign',
    { namespace: labelled, lock, kept: { names: ['web'], warn: false } },
    'nothing',
  ],
  [
    'its target is gone, and the label, which people did not sign',
    { lock, kept: { names: ['web'], warn: false } },
    'Label with news',
  ],
  [
    'its target, which people did not sign away, its label and its lock are gone',
    { kept: { names: ['web'], warn: false } },
    'nothing',
  ],
  [
    'the lock of a namesake was lost',
    {
      namespace: labelled,
      targets: [{ ...target(), metadata: { ...target().metadata, uid: 'another' } }],
      records: chain,
    },
    'Unlabel with news',
  ],
];
for (const [title, changes, what] of cases)
  test(`released where ${title}: ${what}`, (t) => {
    const { action } = decideRelease({ ...bare, ...changes });
    const news = (action?.do === 'Unlabel' || action?.do === 'Label') && action.news !== undefined ? ' with news' : '';
    t.is(`${action?.do ?? 'nothing'}${news}`, what);
  });

interface Cluster {
  namespace: object | undefined;
  lock: WorkloadLock | undefined;
  readonly targets: readonly ProductionTarget[];
}

/** Releases in a cluster of one namespace; `before` may change it before a write. */
function releasing(cluster: Cluster, before: (write: string) => void = () => undefined) {
  const told: EventInput[] = [];
  const writes: string[] = [];
  const write = (what: string): void => {
    before(what);
    writes.push(what);
  };
  const client = {
    find: async ({ kind }: { readonly kind: string }) => (kind === 'Namespace' ? cluster.namespace : cluster.lock),
    list: async () => ({ items: cluster.targets }),
    patch: async () => {
      write('unlabel');
      cluster.namespace = namespaceWith();
    },
    delete: async ({ kind }: { readonly kind: string }) => {
      write(kind === 'RoleBinding' ? 'unbind' : 'delete the lock');
      if (kind !== 'RoleBinding') cluster.lock = undefined;
      return true;
    },
  } as unknown as Client;
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const reconcile = releaseReconcile({
    client,
    records: { of: () => adopted.records },
    events: { record: (event) => void told.push(event), flush: async () => undefined },
    logger: quiet,
    inForce: { kept: () => ({ names: [], warn: false }) },
  });
  return { told, writes, run: () => reconcile({ name: 'shop' }, signal) };
}

test('the label goes before the lock, in one reconcile, and nobody is told', async (t) => {
  const { run, writes, told } = releasing({ namespace: labelled, lock, targets: [] });
  t.is(await run(), undefined);
  t.deepEqual(writes, ['unlabel', 'unbind', 'delete the lock']);
  t.deepEqual(told, []);
});

test('a label without a lock is told of the target that waits', async (t) => {
  const waiting = { ...target(), metadata: { ...target().metadata, uid: 'another' } };
  const { run, told } = releasing({ namespace: labelled, lock: undefined, targets: [waiting] });
  await run();
  t.deepEqual(
    told.map(({ reason, regarding }) => `${reason} ${regarding.kind}`),
    ['LabelWithoutLock ProductionTarget'],
  );
});

test('denied: a namespace that was protected while it was looked at stays protected', async (t) => {
  const conflict = new ApiError({ method: 'PATCH', path: '/shop', status: 409, body: { reason: 'Conflict' } });
  const cluster: Cluster = { namespace: labelled, lock: undefined, targets: [] };
  const { run, writes } = releasing(cluster, () => {
    cluster.lock = lock;
    Object.assign(cluster, { targets: [target()] });
    throw conflict;
  });
  t.is(await run(), undefined);
  t.deepEqual(writes, []);
  t.is(cluster.lock, lock);
});

test('a namespace that goes takes everything with it', async (t) => {
  const going = { ...labelled, metadata: { ...labelled.metadata, deletionTimestamp: '2026-11-21T08:30:00Z' } };
  for (const namespace of [undefined, going]) {
    const { run, writes } = releasing({ namespace, lock, targets: [] });
    await run();
    t.deepEqual(writes, []);
  }
});
