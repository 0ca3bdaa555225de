/** What of a namespace's configuration goes when nothing approved refers to it any more, and what stays. */
import test from 'ava';
import type { WorkloadLock } from '../../operator/api/index.ts';
import { ApiError, silentLogger, type EventInput } from '../../operator/kube/index.ts';
import { nameOf, sealRecord, type RecordEntry, type RecordSpec } from '../../operator/records/index.ts';
import { unreferencedReconcile } from '../../operator/targets/unreferenced.ts';
import { images, targetRef } from './promotion-world.ts';
import { namespaceWith } from './target-world.ts';

const { signal } = new AbortController();
const hour = (at: number): string => `2026-11-20T${String(at).padStart(2, '0')}:00:00Z`;

/** A content that is configured by these, as a record has it. */
function content(...names: readonly string[]): NonNullable<RecordSpec['currentSpecs']>[number] {
  const envFrom = names.map((name) =>
    name.startsWith('token') ? { secretRef: { name } } : { configMapRef: { name } },
  );
  const template = { spec: { containers: [{ name: 'web', image: images.first, envFrom }] } };
  return { kind: 'Deployment', name: 'web', digest: `sha256:${'a'.repeat(64)}`, spec: { template } };
}

/** A chain in which each of these was decided an hour after the one before: the first one adopted, the others approved. */
function chainOf(contents: readonly (readonly string[])[], last: 'Completed' | 'Approved' | 'Asked' = 'Completed') {
  const chain: RecordSpec[] = [];
  const append = (entry: RecordEntry): RecordSpec => {
    const record = sealRecord(targetRef, chain, entry);
    chain.push(record);
    return record;
  };
  contents.forEach((names, index) => {
    const time = hour(index + 1);
    if (index === 0) return void append({ type: 'Adopted', time, currentSpecs: [content(...names)] });
    const promotion = { namespace: 'shop', name: `next-${index}`, uid: `uid-${index}` };
    const [before = []] = contents.slice(index - 1);
    const currentSpecs = [content(...before)];
    const round = append({ type: 'Round', time, promotion, currentSpecs, desiredSpecs: [content(...names)] });
    const isLast = index === contents.length - 1;
    if (isLast && last === 'Asked') return;
    const of = { record: nameOf(round), nonce: '', openedAt: time, notAfter: time };
    for (const result of ['Approved', 'Completed'] as const)
      if (!isLast || result === 'Approved' || last === 'Completed')
        append({ type: 'Outcome', time, promotion, round: of, outcome: { result, reason: 'Tested', message: '' } });
  });
  return chain;
}

interface Cluster {
  readonly chain?: readonly RecordSpec[];
  readonly frozen?: readonly string[];
  /** When each object was made, by name: `label: false` where nothing says that it may go. */
  readonly objects?: Readonly<
    Record<string, { readonly made: string; readonly label?: false; readonly ending?: true }>
  >;
  readonly label?: string;
}

function leaving({ chain = chainOf([]), frozen = [], objects = {}, label = 'true' }: Cluster) {
  const there = new Map(Object.entries(objects));
  const asked: string[] = [];
  const deleted: string[] = [];
  const told: EventInput[] = [];
  const lock = {
    spec: {
      approved: [],
      frozen: frozen.map((name) => ({ kind: name.startsWith('token') ? 'Secret' : 'ConfigMap', name })),
    },
  } as unknown as WorkloadLock;
  const found = (name: string): object | undefined => {
    const object = there.get(name);
    if (object === undefined) return undefined;
    const { made, label: says, ending } = object;
    const labels = says === false ? {} : { 'twinlock.dev/unreferenced': 'Delete' };
    const deletionTimestamp = ending === true ? { deletionTimestamp: made } : {};
    return { metadata: { uid: name, resourceVersion: '7', labels, creationTimestamp: made, ...deletionTimestamp } };
  };
  const client = {
    find: async ({ kind }: { readonly kind: string }, { name }: { readonly name: string }) => {
      if (kind === 'WorkloadLock') return lock;
      asked.push(`${kind}/${name}`);
      return found(name);
    },
    delete: async ({ kind }: { readonly kind: string }, { name }: { readonly name: string }, of: object) => {
      deleted.push(`${kind}/${name} ${JSON.stringify(of)}`);
      return there.delete(name);
    },
  };
  const reconcile = unreferencedReconcile({
    client,
    targets: { lister: { list: () => [{ metadata: { name: 'web' } }] } },
    namespaces: { lister: { get: () => namespaceWith(label) } },
    records: { of: () => chain },
    events: { record: (event: EventInput) => void told.push(event), flush: async () => undefined },
    logger: silentLogger,
  } as unknown as Parameters<typeof unreferencedReconcile>[0]);
  return { asked, deleted, told, client, there, look: () => reconcile({ name: 'shop' }, signal) };
}

const three = chainOf([['config-1', 'token-1'], ['config-2'], ['config-3']]);
const old = { made: hour(0) };

test('what an approval let go is deleted as it was read, an event tells it, and nothing more is asked', async (t) => {
  const { look, deleted, told, asked } = leaving({
    chain: three,
    frozen: ['config-2', 'config-3'],
    objects: { 'config-1': old, 'token-1': old, 'config-2': old, 'config-3': old },
  });
  t.is(await look(), undefined);
  t.deepEqual(deleted, [
    'ConfigMap/config-1 {"uid":"config-1","resourceVersion":"7"}',
    'Secret/token-1 {"uid":"token-1","resourceVersion":"7"}',
  ]);
  t.deepEqual(
    told.map(({ reason, note }) => `${reason}: ${note.split(':')[0]}`),
    ['Unreferenced: ConfigMap config-1 is deleted', 'Unreferenced: Secret token-1 is deleted'],
  );
  const before = asked.length;
  await look();
  t.is(asked.length, before);
});

const stays: Readonly<Record<string, Cluster>> = {
  'it has no label': { chain: three, objects: { 'config-1': { ...old, label: false } } },
  'the lock holds it': { chain: three, frozen: ['config-1'], objects: { 'config-1': old } },
  'it was made after the last approval': { chain: three, objects: { 'config-1': { made: hour(4) } } },
  'nobody can read when it was made': { chain: three, objects: { 'config-1': { made: 'once' } } },
  'it goes already': { chain: three, objects: { 'config-1': { ...old, ending: true } } },
  'no approved content ever referred to it': { chain: three, objects: { other: old } },
  'an undo let it go, and Git still has it': {
    chain: chainOf([['config-1'], ['config-2']]),
    frozen: ['config-1'],
    objects: { 'config-2': old },
  },
  'it was only asked for': { chain: chainOf([['config-1'], ['config-2']], 'Asked'), objects: { 'config-2': old } },
  'a rollout is under way': {
    chain: chainOf([['config-1'], ['config-2'], ['config-3']], 'Approved'),
    objects: { 'config-1': old },
  },
  'nothing is refused in the namespace': { chain: three, objects: { 'config-1': old }, label: 'warn' },
};
for (const [why, cluster] of Object.entries(stays))
  test(`it stays: ${why}`, async (t) => {
    const { look, deleted } = leaving(cluster);
    await look();
    t.deepEqual(deleted, []);
  });

test('what was changed since it was read is read again', async (t) => {
  const { look, client, deleted, there } = leaving({ chain: three, objects: { 'config-1': old } });
  const { delete: remove } = client;
  let races = 1;
  client.delete = async (...args) => {
    if (races-- <= 0) return remove(...args);
    there.set('config-1', { ...old, label: false });
    throw new ApiError({ method: 'DELETE', path: '/config-1', status: 409, body: { reason: 'Conflict' } });
  };
  t.is(await look(), undefined);
  t.deepEqual(deleted, []);
});
