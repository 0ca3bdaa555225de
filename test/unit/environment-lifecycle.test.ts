import test from 'ava';
import {
  blockersOf,
  lifetimeOf,
  turnOf,
  type Candidate,
  type EndingNamespace,
} from '../../operator/environments/decide/lifecycle/index.ts';
import { environmentNamespace, madeFor, ownerLabels } from '../../operator/environments/naming/index.ts';
import { environment, twinClass } from './environment-fixtures.ts';

const created = Date.parse('2026-11-21T08:00:00Z');
const hour = 3_600_000;
const ttl = twinClass({ ttl: { default: '2h', max: '10h' } }).spec.ttl;
const at = (hours: number): string => new Date(created + hours * hour).toISOString().replace('.000Z', 'Z');

interface Case {
  readonly spec?: object;
  /** Hours after creation. */
  readonly now: number;
  readonly lastActivity?: number;
  readonly generation?: number;
  readonly extendAt?: string;
  readonly wakeAt?: string;
  readonly handled?: string;
  readonly expires: number | undefined;
  readonly expired?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  'begins with its creation': { now: 0, expires: 2 },
  'counts from the last activity': { now: 3, lastActivity: 2, expires: 4 },
  'ends at the last activity plus inactivity': { now: 4, lastActivity: 2, expires: 4, expired: true },
  'is active when its spec changes': { now: 3, lastActivity: 0, generation: 2, expires: 5 },
  'is extended by a new token': { now: 3, lastActivity: 1.5, extendAt: 'b', handled: 'a', expires: 5 },
  'is not extended by a token that was handled': {
    now: 3,
    lastActivity: 1.5,
    extendAt: 'a',
    handled: 'a',
    expires: 3.5,
  },
  'is active when somebody wakes it': { now: 3, lastActivity: 1.5, wakeAt: 'b', handled: 'a', expires: 5 },
  'is not active by a waking that was handled': { now: 3, lastActivity: 1.5, wakeAt: 'a', handled: 'a', expires: 3.5 },
  'never lives longer than the ceiling': { now: 9, lastActivity: 9, expires: 10 },
  'is over at the ceiling whatever happens': { now: 10, lastActivity: 9.5, generation: 2, expires: 10, expired: true },
  'asks for less': { spec: { ttl: { inactivity: '1h' } }, now: 0, expires: 1 },
  'cannot ask for more than the class gives': { spec: { ttl: { inactivity: '20h' } }, now: 0, expires: 10 },
  'ends at a max of its own': {
    spec: { ttl: { inactivity: '1h', max: '90m' } },
    now: 1,
    lastActivity: 1,
    expires: 1.5,
  },
  'lives on when LongLived': { spec: { lifecycle: 'LongLived' }, now: 1000, lastActivity: 0, expires: undefined },
  'ends when LongLived asks for it': {
    spec: { lifecycle: 'LongLived', ttl: { inactivity: '3h' } },
    now: 0,
    expires: 3,
  },
};
for (const [
  title,
  { spec = {}, now, lastActivity, generation = 1, extendAt, wakeAt, handled, expires, expired = false },
] of Object.entries(cases)) {
  test(`an environment ${title}`, (t) => {
    const status =
      lastActivity === undefined
        ? undefined
        : {
            observedGeneration: 1,
            lastActivityAt: at(lastActivity),
            ...(handled === undefined ? {} : { lastHandledExtendAt: handled, lastHandledWakeAt: handled }),
          };
    const annotations = {
      ...(extendAt === undefined ? {} : { 'twinlock.dev/extendAt': extendAt }),
      ...(wakeAt === undefined ? {} : { 'twinlock.dev/wakeAt': wakeAt }),
    };
    const metadata = { generation, annotations };
    const subject = environment(spec, { metadata, ...(status === undefined ? {} : { status }) });
    const lifetime = lifetimeOf(subject, ttl, created + now * hour);
    t.is(lifetime.expiresAt, expires === undefined ? undefined : created + expires * hour);
    t.is(lifetime.expired, expired);
  });
}

const told: Readonly<Record<string, Pick<Case, 'spec' | 'now' | 'lastActivity'> & { at: number; by: string }>> = {
  'a quarter of its inactivity before': { now: 1, lastActivity: 1, at: 2.5, by: 'Inactivity' },
  'when that is over': { now: 2.5, lastActivity: 1, at: 2.5, by: 'Inactivity' },
  'a quarter of the ceiling before it, where no extension helps': { now: 9, lastActivity: 9, at: 7.5, by: 'Max' },
};
for (const [title, { spec = {}, now, lastActivity = 0, at: from, by }] of Object.entries(told)) {
  test(`who uses an environment is told that it ends ${title}`, (t) => {
    const status = { observedGeneration: 1, lastActivityAt: at(lastActivity) };
    const { ending } = lifetimeOf(environment(spec, { status }), ttl, created + now * hour);
    t.deepEqual(ending, { by, warnAt: created + from * hour, soon: now >= from });
  });
}

test('who uses an environment is told a day before its end, however long it lives', (t) => {
  const long = twinClass({ ttl: { default: '200h', max: '400h' } }).spec.ttl;
  t.is(lifetimeOf(environment({}), long, created).ending?.warnAt, created + 176 * hour);
});

test('one that does not expire is told nothing', (t) => {
  t.is(lifetimeOf(environment({ lifecycle: 'LongLived' }), ttl, created).ending, undefined);
});

test('a token longer than a status holds acts once, too', (t) => {
  const token = 'x'.repeat(1000);
  const metadata = { annotations: { 'twinlock.dev/extendAt': token, 'twinlock.dev/wakeAt': token } };
  const first = lifetimeOf(environment({}, { metadata }), ttl, created);
  t.true(first.extended);
  const { handledExtendAt = '', handledWakeAt = '' } = first;
  t.deepEqual([handledExtendAt.length, handledWakeAt.length], [256, 256]);
  const status = {
    observedGeneration: 1,
    lastActivityAt: at(0),
    lastHandledExtendAt: handledExtendAt,
    lastHandledWakeAt: handledWakeAt,
  };
  const again = lifetimeOf(environment({}, { metadata, status }), ttl, created + hour);
  t.false(again.extended);
  t.is(again.lastActivityAt, created);
});

const candidate = (key: string, age: number, holds = false): Candidate => ({
  key,
  namespace: key.split('/')[0] ?? '',
  createdAt: at(age),
  holds,
});
const caps = { maxEnvironments: 2, maxPerNamespace: 1 };

test('whoever has a namespace keeps it, even above the cap', (t) => {
  const all = ['a/1', 'b/1', 'c/1'].map((key) => candidate(key, 0, true));
  for (const { key } of all) t.deepEqual(turnOf(key, all, caps), { admitted: true });
});

test('first come, first served', (t) => {
  const all = [candidate('a/1', 0, true), candidate('b/1', 2), candidate('c/1', 1)];
  t.deepEqual(turnOf('c/1', all, caps), { admitted: true });
  t.deepEqual(turnOf('b/1', all, caps), { admitted: false, position: 1 });
});

test('a full namespace holds up nobody else', (t) => {
  const all = [candidate('a/1', 0, true), candidate('a/2', 1), candidate('b/1', 2)];
  t.deepEqual(turnOf('a/2', all, caps), { admitted: false, position: 1 });
  t.deepEqual(turnOf('b/1', all, caps), { admitted: true });
});

test('positions count those who wait', (t) => {
  const all = [
    candidate('a/1', 0, true),
    candidate('b/1', 0, true),
    ...[1, 2, 3].map((age) => candidate(`d/${age}`, age)),
  ];
  t.deepEqual(
    [1, 2, 3].map((age) => turnOf(`d/${age}`, all, caps)),
    [1, 2, 3].map((position) => ({ admitted: false, position })),
  );
});

test('a namespace says what holds it up, and what is usual is no blocker', (t) => {
  const conditions = [
    condition('NamespaceDeletionDiscoveryFailure', 'False', 'All resources successfully discovered'),
    condition(
      'NamespaceFinalizersRemaining',
      'True',
      'Some content has finalizers remaining: example.com/hold in 1 instances\u202e',
    ),
  ];
  const [blocker, ...more] = blockersOf({ name: 'pr-1-x', conditions });
  t.deepEqual(more, []);
  t.regex(blocker?.message ?? '', /example\.com\/hold in 1 instances\\u202e.*check that they run/);
});

function condition(type: string, status: 'True' | 'False', message: string): EndingNamespace['conditions'][number] {
  return { type, status, message };
}

const gone = { namespace: 'shop-dev', name: 'pr-42', uid: 'uid-1' };
const left = environmentNamespace({ ...gone, lifecycle: 'Ephemeral' });
const namespaces: readonly [
  title: string,
  metadata: { name: string; labels?: Record<string, string> },
  made: boolean,
][] = [
  ['its own', { name: left, labels: { ...ownerLabels(gone) } }, true],
  [
    'that of a LongLived one',
    { name: environmentNamespace({ ...gone, lifecycle: 'LongLived' }), labels: { ...ownerLabels(gone) } },
    true,
  ],
  ['one that was labelled like it', { name: 'shop', labels: { ...ownerLabels(gone) } }, false],
  [
    'one of its name that says another uid',
    { name: left, labels: { ...ownerLabels({ ...gone, uid: 'uid-2' }) } },
    false,
  ],
  ['one without labels', { name: left }, false],
  [
    'one that holds production',
    { name: left, labels: { ...ownerLabels(gone), 'twinlock.dev/protected': 'true' } },
    false,
  ],
];
for (const [title, metadata, made] of namespaces) {
  test(`a namespace that was made for an environment: ${title} ${made ? 'is' : 'is not'}`, (t) => {
    t.deepEqual(madeFor(metadata), made ? gone : undefined);
  });
}
