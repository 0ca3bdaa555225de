import test from 'ava';
import { CanonicalError } from '../../operator/canonical/index.ts';
import { specDigest, undoneSpec } from '../../operator/workloads/index.ts';
import {
  changedBy,
  contentOf,
  contentsOf,
  entryOf,
  isContent,
  lockBytes,
  lockOverflow,
  matchLive,
  MAX_LOCK_BYTES,
  mergedWriters,
  ordered,
  sameLock,
  settingsOf,
  wasChangedByController,
  withOnly,
  withOpened,
  withSettings,
  type Approved,
  type LockSpec,
} from '../../operator/lock/index.ts';
import { target } from './promotion-world.ts';

type Spec = Readonly<Record<string, unknown>>;

const spec = (image: string, extra: Spec = {}): Spec => ({
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  ...extra,
});
const entry = (content: Spec, changes: Partial<Approved> = {}): Approved => ({
  kind: 'Deployment',
  name: 'web',
  role: 'Current',
  target: 'web',
  minReplicas: 1,
  record: 'web-000001',
  digest: specDigest('Deployment', content),
  spec: { ...content },
  ...changes,
});
const lock = (...approved: readonly Approved[]): LockSpec => ({ liveAccess: 'Deny', approved: [...approved] });
const [first, second, third] = [spec('a'), spec('b', { minReadySeconds: 5 }), spec('c')];
const names = ({ approved }: LockSpec): readonly string[] =>
  approved.map(({ name, role, digest }) => `${name} ${role} ${digest.slice(7, 13)}`);
/** Of two contents that may be undone there always is one. */
const must = (spec: Spec | undefined): Spec => {
  if (spec === undefined) throw new Error('nothing to undo to');
  return spec;
};
const short = (of: Spec): string => specDigest('Deployment', of).slice(7, 13);

test('the contents of a workload are those of its kind and name, by role', (t) => {
  const current = entry(first);
  const fallback = entry(second, { role: 'Fallback' });
  const other = entry(third, { name: 'worker' });
  const set = entry(third, { kind: 'StatefulSet' as Approved['kind'] });
  const all = lock(other, set, fallback, current);
  t.deepEqual(contentsOf(all, { kind: 'Deployment', name: 'web' }), { current, fallback });
  t.deepEqual(contentsOf(all, { kind: 'Deployment', name: 'worker' }), { current: other, fallback: undefined });
  t.deepEqual(contentsOf(lock(), { kind: 'Deployment', name: 'web' }), { current: undefined, fallback: undefined });
});

test('what is live is the current content, the fallback, an undo of one to the other, or none', (t) => {
  const current = entry(second);
  const fallback = entry(first, { role: 'Fallback' });
  const both = { current, fallback };
  t.is(matchLive(both, { ...second, replicas: 7 }), 'Current');
  t.is(matchLive(both, first), 'Fallback');
  t.is(matchLive(both, must(undoneSpec('Deployment', second, first))), 'Undone');
  t.is(matchLive(both, must(undoneSpec('Deployment', first, second))), 'None');
  t.is(matchLive(both, third), 'None');
  t.is(matchLive({ current, fallback: undefined }, first), 'None');
  t.is(matchLive({ current: undefined, fallback }, first), 'Fallback');
  t.is(matchLive({ current: undefined, fallback }, third), 'None');
  t.is(matchLive({ current: undefined, fallback: undefined }, first), 'None');
  t.is(matchLive(both, { minReadySeconds: 2 ** 60 }), 'None', 'what has no canonical form');
});

test('an undo takes the template alone, without the mark of a restart', (t) => {
  const restarted = {
    ...first,
    template: {
      metadata: { labels: { app: 'web' }, annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } },
      spec: { containers: [{ name: 'web', image: 'a' }] },
    },
  };
  t.deepEqual(undoneSpec('Deployment', { ...second, replicas: 3 }, restarted), {
    ...second,
    template: first['template'],
  });
});

const reloader = [{ field: 'Annotations', names: ['reloader.example/*'], usedBy: 'x' }] as unknown as NonNullable<
  Approved['mutations']
>;
const marked = (of: Spec): Spec => {
  const { metadata, ...rest } = of['template'] as { readonly metadata: Spec } & Spec;
  return { ...of, template: { ...rest, metadata: { ...metadata, annotations: { 'reloader.example/at': '1' } } } };
};

test('a mark that a mutation allows is no change of content, and one that it does not allow is', (t) => {
  const current = entry(second, { mutations: reloader });
  const fallback = entry(first, { role: 'Fallback', mutations: reloader });
  t.true(isContent(marked(second), current));
  t.false(isContent(marked(second), entry(second)));
  t.is(matchLive({ current, fallback }, marked(must(undoneSpec('Deployment', second, first)))), 'Undone');
  t.deepEqual(contentOf(marked(second), current), second);
  t.deepEqual(contentOf(marked(second), entry(second)), marked(second));
  t.deepEqual(contentOf(marked(second), undefined), marked(second));
});

test('opening the lock makes the new content current and the current one the fallback, and drops what was the fallback', (t) => {
  const { role: _role, ...opened } = entry(third, { record: 'web-000003' });
  const before = lock(entry(third, { name: 'worker' }), entry(second), entry(first, { role: 'Fallback' }));
  t.deepEqual(names(withOpened(before, opened)), [
    `web Current ${short(third)}`,
    `web Fallback ${short(second)}`,
    `worker Current ${short(third)}`,
  ]);
  t.deepEqual(names(withOpened(lock(), opened)), [`web Current ${short(third)}`]);
  t.is(withOpened({ ...before, liveAccess: 'Allow' }, opened).liveAccess, 'Allow');
});

test('one content can be made the only one of its workload; other workloads keep theirs', (t) => {
  const { role: _role, ...only } = entry(third);
  const worker = [entry(second, { name: 'worker' }), entry(first, { name: 'worker', role: 'Fallback' })];
  const before = lock(entry(second), entry(first, { role: 'Fallback' }), ...worker);
  t.deepEqual(names(withOnly(before, only)), [
    `web Current ${short(third)}`,
    `worker Current ${short(second)}`,
    `worker Fallback ${short(first)}`,
  ]);
  const namesake = entry(second, { kind: 'StatefulSet' as Approved['kind'] });
  t.deepEqual(withOnly(lock(namesake), only).approved, [entry(third), namesake], 'a namesake of another kind too');
});

test('entries have one order: kind, name, role', (t) => {
  const sorted = [
    entry(first, { kind: 'DaemonSet' as Approved['kind'], name: 'z' }),
    entry(first, { name: 'a', role: 'Fallback' }),
    entry(first, { name: 'b', role: 'Current' }),
    entry(first, { name: 'b', role: 'Fallback' }),
  ];
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 0, 3, 1],
  ])
    t.deepEqual(ordered(order.map((index) => sorted[index]!)), sorted);
  const twice = [entry(first), entry(second)];
  t.deepEqual(ordered(twice), twice, 'what has one place stays as it stands');
});

test('locks are the same whatever the order of their members; one that cannot be digested is the same as none', (t) => {
  const [a, b] = [lock(entry(first)), lock(entry(first))];
  t.true(sameLock(a, { approved: b.approved, liveAccess: b.liveAccess }));
  t.false(sameLock(a, lock(entry(second))));
  const broken = lock(entry(first, { spec: { minReadySeconds: 2 ** 60 } }));
  t.false(sameLock(broken, broken));
  const throws = {
    ...a,
    get liveAccess(): never {
      throw new RangeError('not about JSON');
    },
  };
  t.throws(() => sameLock(throws, throws), { instanceOf: RangeError });
});

test('a lock may hold 128 contents and 1,450,000 bytes, and what is too much says both numbers', (t) => {
  const many = (count: number): LockSpec =>
    lock(...Array.from({ length: count }, (_, index) => entry(first, { name: `w${index}` })));
  t.is(lockOverflow(many(128)), undefined);
  t.is(lockOverflow(many(129)), 'the lock of the namespace would hold 129 contents and may hold 128');
  const padded = (bytes: number): LockSpec => {
    const bare = lock(entry({ pad: '' }));
    return lock(entry({ pad: '' }, { spec: { pad: 'é'.repeat((bytes - lockBytes(bare)) / 2) } }));
  };
  const full = padded(MAX_LOCK_BYTES - ((MAX_LOCK_BYTES - lockBytes(lock(entry({ pad: '' })))) % 2));
  t.is(lockOverflow(full), undefined);
  t.true(lockBytes(full) > MAX_LOCK_BYTES - 2, 'bytes, not characters');
  const [only] = full.approved;
  const over = { ...full, approved: [{ ...only!, spec: { pad: `${String(only!.spec['pad'])}xx` } }] };
  t.is(
    lockOverflow(over),
    `the lock of the namespace would take ${lockBytes(over)} bytes and may take ${MAX_LOCK_BYTES}`,
  );
});

test('the settings of a target come into its entries, and what it no longer says goes', (t) => {
  const plain = target({ minReplicas: 2 });
  t.deepEqual(settingsOf(plain), { target: 'web', minReplicas: 2 });
  const injected = [{ container: 'istio-proxy', imagePrefix: 'docker.io/istio/' }] as const;
  const rich = target({
    injected: [...injected],
    mutations: reloader,
    rollback: {
      automatic: true,
      progressDeadline: '10m',
      settle: '30s',
      serviceAccounts: [{ namespace: 'flux-system', name: 'x' }],
    },
  });
  const settings = {
    target: 'web',
    minReplicas: 1,
    injected: [...injected],
    mutations: reloader,
    rollbackUsers: ['system:serviceaccount:flux-system:x'],
  };
  t.deepEqual(settingsOf(rich), settings);
  t.deepEqual(withSettings(entry(first), rich), { ...entry(first), ...settings });
  t.deepEqual(withSettings({ ...entry(first), ...settings }, plain), { ...entry(first), minReplicas: 2 });
});

test('an entry holds what an approval covers, its digest and its record', (t) => {
  const made = entryOf(target(), { kind: 'Deployment', name: 'web' }, { ...first, replicas: 4 }, 'web-000009');
  const { role: _role, ...expected } = entry(first, { record: 'web-000009' });
  t.deepEqual(made, expected);
  t.throws(() => entryOf(target(), { kind: 'Deployment', name: 'web' }, { x: 0.5 }, 'r'), {
    instanceOf: CanonicalError,
  });
});

test('writers of several targets are one list: each once, in order, with all that they may write', (t) => {
  const lists = [
    [{ user: 'b', annotations: ['z', 'y'] }, { user: 'a' }],
    [
      { user: 'b', annotations: ['x', 'y'], conditions: ['Ready'] },
      { user: 'c', conditions: ['Q', 'P'] },
    ],
  ];
  t.deepEqual(mergedWriters(lists), [
    { user: 'a' },
    { user: 'b', annotations: ['x', 'y', 'z'], conditions: ['Ready'] },
    { user: 'c', conditions: ['P', 'Q'] },
  ]);
  t.deepEqual(mergedWriters([[{ user: 'b' }, { user: 'a' }, { user: 'c' }]]), [
    { user: 'a' },
    { user: 'b' },
    { user: 'c' },
  ]);
  t.deepEqual(mergedWriters([]), []);
});

const live = (annotations?: Readonly<Record<string, string>>, manager?: string): Parameters<typeof changedBy>[1] => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    ...(annotations !== undefined && { annotations }),
    ...(manager !== undefined && {
      managedFields: [
        {
          manager,
          operation: 'Update',
          apiVersion: 'apps/v1',
          time: '2026-11-21T10:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': {} } } },
        },
      ],
    }),
  },
});

test('who changed a workload is said by user and client, as far as they are known', (t) => {
  const unknown = 'somebody whom the audit log of the API server names (field manager unknown)';
  t.is(changedBy({ kind: 'Deployment' }, live()), unknown);
  t.is(changedBy({ kind: 'Deployment' }, live({})), unknown);
  t.is(changedBy({ kind: 'Deployment' }, live({ 'twinlock.dev/changed-by': '' })), unknown);
  t.is(
    changedBy({ kind: 'Deployment' }, live({ 'twinlock.dev/changed-by': 'eve\u0007' }, 'kubectl')),
    'eve\\u0007 (field manager kubectl)',
  );
  t.false(wasChangedByController({ kind: 'Deployment' }, live()));
  t.false(wasChangedByController({ kind: 'Deployment' }, live({}, 'kubectl')));
  t.true(wasChangedByController({ kind: 'Deployment' }, live({}, 'twinlock-promotions')));
});
