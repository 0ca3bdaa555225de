import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import { ApiError, type Client, type Informer } from '../../operator/kube/index.ts';
import { Actor } from '../../operator/promotions/act/actor.ts';
import { promotionReconcile } from '../../operator/promotions/reconcile.ts';
import { ObjectTypes } from '../../operator/objects/index.ts';
import type { RecordStore } from '../../operator/records/index.ts';
import { sealRecord } from '../../operator/records/index.ts';
import type { WorkloadObject } from '../../operator/workloads/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { podOf } from './promotion-pods.ts';
import {
  crowd,
  deployment,
  environment,
  images,
  keys,
  liveOf,
  lockOf,
  now,
  promotion,
  run,
  statusOf,
  target,
  targetRef,
  unreadableStatusOf,
  until,
  voted,
  withLive,
  withRunning,
  world,
  worldOf,
  type Scene,
} from './promotion-world.ts';

type Status = ReturnType<typeof statusOf>;
type Said = Readonly<Record<string, string>>;

const said = ({ conditions = [] }: Status): Said =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
const rolled = ({ rollout }: Status): Said =>
  Object.fromEntries((rollout?.workloads ?? []).map(({ name, state }) => [name, state]));

const timeOf = ({ conditions }: Status, type: string): string | undefined =>
  conditions?.find((condition) => condition.type === type)?.lastTransitionTime;

const open = run(world()).world;
const approving = voted(open, keys.alice);
const approved = until(approving, 'Approved');
const opened = until(approving, 'OpenLock');
const half = until(approving, 'Apply');
const applied = until(approving, 'Apply', 2);
const completed = run(approving).world;

const refused: Scene['workloads'][number]['planned'] = { reason: 'PlanRefused', message: 'no' };
const hanging = { observedGeneration: 1, replicas: 3, updatedReplicas: 1, availableReplicas: 2 };
const young = (given: Scene): Scene =>
  withRunning(given, liveOf(given), {
    pods: [1, 2].map((number) =>
      podOf(liveOf(given), { name: `web-${number}`, since: new Date(now - 10_000).toISOString() }),
    ),
  });
const undone = run(withLive(applied, deployment(images.first, {}, '3'))).world;
const gone = (given: Scene): Scene => ({ ...given, target: undefined });
const replaced: Scene = {
  ...completed,
  records: [
    ...applied.records,
    sealRecord({ ...targetRef, uid: 'second' }, applied.records, { type: 'Adopted', time: '2026-11-21T10:00:00Z' }),
  ],
  target: { ...target(), metadata: { ...target().metadata, uid: 'second' } },
  lock: lockOf([liveOf(completed), liveOf(completed, 'api')]),
};

const waits = { Approved: 'False', RolledOut: 'False' };
const pending = (reason: string): Said => ({ Ready: `False/${reason}`, Reconciling: `True/${reason}` });
const failed = (reason: string): Said => ({ Ready: `False/${reason}`, Stalled: `True/${reason}` });
const current = (reason: string): Said => ({ Ready: `True/${reason}` });

/** Every stage with each kind of verdict: title, world, phase, what kstatus reads, the kind's own conditions. */
const states: readonly (readonly [
  title: string,
  world: Scene,
  phase: Status['phase'],
  outcome: Said,
  own?: readonly string[],
])[] = [
  ['waits behind others', world({ siblings: crowd }), 'Pending', pending('TooManyOpen')],
  ['has no target', world({ target: undefined }), 'Pending', pending('TargetMissing')],
  ['has a clock that is off', world({ skewSeconds: 3600 }), 'Pending', failed('ClockSkew'), ['GatesPassed']],
  ['has a gate that is not done', world({ environment: undefined }), 'Gating', pending('GatePending')],
  ['has a gate that failed', world({ environment: environment('web:latest') }), 'Gating', failed('GateFailed')],
  [
    'has a plan that is refused',
    world({ workloads: world().workloads.map((workload) => ({ ...workload, planned: refused })) }),
    'Pending',
    failed('PlanRefused'),
    ['GatesPassed'],
  ],
  ['asks for votes', open, 'AwaitingApproval', current('AwaitingApproval'), ['GatesPassed']],
  [
    'is approved while another reads it as unfit',
    { ...approved, skewSeconds: NaN },
    'Pending',
    failed('ClockSkew'),
    ['GatesPassed', 'Approved'],
  ],
  ['is approved', approved, 'Approved', pending('Opening'), ['GatesPassed', 'Approved']],
  ['has its lock open', opened, 'RollingOut', pending('Applying'), ['GatesPassed', 'Approved']],
  ['is applied by half', half, 'RollingOut', pending('Applying'), ['GatesPassed', 'Approved']],
  [
    'comes up',
    withLive(applied, { ...liveOf(applied), status: hanging }),
    'Verifying',
    pending('Verifying'),
    ['GatesPassed', 'Approved'],
  ],
  ['settles', young(applied), 'Verifying', pending('Settling'), ['GatesPassed', 'Approved']],
  [
    'is rolled out over content that nobody approved',
    withLive(applied, deployment(images.evil, {}, '3')),
    'RollingOut',
    failed('Tampered'),
    ['GatesPassed', 'Approved'],
  ],
  ['lost its target', gone(approved), 'Pending', pending('TargetMissing'), ['GatesPassed', 'Approved']],
  [
    'has a target that was made again',
    run(replaced).world,
    'Completed',
    current('TargetReplaced'),
    ['GatesPassed', 'Approved', 'RolledOut'],
  ],
  ['is completed', completed, 'Completed', current('Verified'), ['GatesPassed', 'Approved', 'RolledOut']],
  ['is rejected', run(voted(open, keys.bob, 'reject')).world, 'Rejected', failed('Rejected'), ['GatesPassed']],
  ['was undone', undone, 'RolledBack', failed('Undone'), ['GatesPassed', 'Approved']],
  [
    'lost a workload',
    run(withLive(applied, undefined)).world,
    'Failed',
    failed('WorkloadMissing'),
    ['GatesPassed', 'Approved'],
  ],
  [
    'is expired',
    world({ promotion: promotion('web-42', { createdAt: 'never' }) }),
    'Expired',
    failed('Expired'),
    ['GatesPassed'],
  ],
  [
    'is superseded',
    run(world({ environment: environment(images.first) })).world,
    'Superseded',
    current('AlreadyCurrent'),
  ],
];

for (const [title, given, phase, outcome, own = []] of states)
  test(`the status of one that ${title}`, (t) => {
    const status = statusOf(given);
    t.is(status.phase, phase);
    const found = said(status);
    const { Ready, Reconciling, Stalled, ...others } = found;
    t.deepEqual(
      Object.fromEntries(Object.entries({ Ready, Reconciling, Stalled }).filter(([, value]) => value !== undefined)),
      outcome,
    );
    t.deepEqual(Object.keys(others), ['GatesPassed', ...Object.keys(waits)]);
    t.deepEqual(
      Object.keys(others).filter((type) => others[type]?.startsWith('True')),
      own,
    );
    t.deepEqual(statusOf({ ...given, promotion: { ...given.promotion, status } }), status, 'the same again is no news');
  });

test('what cannot be decided is told as it is, and what was seen of the rollout stays', (t) => {
  const before = statusOf(half);
  const again: Scene = { ...half, promotion: { ...half.promotion, status: before } };
  const status = unreadableStatusOf(again, { reason: 'NotReadable', message: 'forbidden' });
  t.is(status.phase, 'RollingOut');
  t.is(said(status)['Stalled'], 'True/NotReadable');
  t.deepEqual(rolled(status), { web: 'Available', api: 'Pending' });
  t.deepEqual(status.rollout?.workloads, before.rollout?.workloads);
});

test('each workload has its own state and message', (t) => {
  t.deepEqual(rolled(statusOf(approved)), { api: 'Pending', web: 'Pending' });
  const { rollout } = statusOf(half);
  t.deepEqual(rolled(statusOf(half)), { web: 'Available', api: 'Pending' });
  t.is(new Set(rollout?.workloads?.map(({ message }) => message)).size, 2);
  t.deepEqual(rolled(statusOf(completed)), { api: 'Available', web: 'Available' });
});

test('a condition changes its time only with its status', (t) => {
  const first = statusOf(world({ target: undefined }));
  const later = world({ now: now + 60_000, promotion: promotion('web-42', { status: first }) });
  const next = statusOf({ ...later, environment: undefined });
  t.is(timeOf(next, 'Ready'), timeOf(first, 'Ready'));
  const asked = statusOf({ ...open, now: now + 60_000, promotion: { ...open.promotion, status: first } });
  t.is(timeOf(asked, 'Ready'), '2026-11-21T10:01:00Z');
});

test('texts are fitted: a status that its own schema refuses would never be written', (t) => {
  const long = 'x'.repeat(9000);
  const status = unreadableStatusOf(half, { reason: 'NotReadable', message: `\u001b[2J${long}` });
  t.true(status.conditions?.every(({ message }) => message.length <= 8192));
  t.true(status.why?.every((line) => line.length <= 2048 && !line.includes('\u001b')));
});

test('a recorded reason of another version is called that, with its message', (t) => {
  const records = completed.records.map((record) =>
    record.outcome?.result === 'Completed'
      ? { ...record, outcome: { ...record.outcome, reason: 'LongAgo', message: 'done' } }
      : record,
  );
  const status = statusOf({ ...completed, records });
  t.is(said(status)['Ready'], 'True/OfAnotherVersion');
});

const active = async (): Promise<{ readonly active: true; readonly message: '' }> => ({ active: true, message: '' });
const events = { record: () => undefined, flush: async () => undefined };

/** Reconciles over an API server that has this world and answers a write as it is told; a record's name is its outcome. */
async function reconciled(
  start: Scene,
  answer: (kind: string, name: string) => ApiError | undefined,
  chains: unknown[] = [],
): Promise<Status> {
  let seen = start;
  let written: Status | undefined;
  const client = {
    replace: async (_type: unknown, object: WorkloadObject & { readonly spec: never }) => {
      const refusal = answer(object.kind, object.metadata.name);
      if (refusal !== undefined) throw refusal;
      seen =
        object.kind === 'WorkloadLock'
          ? { ...seen, lock: { ...seen.lock!, spec: object.spec } }
          : withRunning(seen, object);
      return object;
    },
    patch: async (_type: unknown, _key: unknown, { body }: { body: readonly { readonly value: Status }[] }) => {
      written = body[1]?.value;
      return seen.promotion;
    },
  } as unknown as Client;
  const records = {
    append: async (at: unknown, _chain: unknown, entry: Parameters<typeof sealRecord>[2]) => {
      chains.push(at);
      const refusal = answer('PromotionRecord', entry.outcome?.result ?? entry.type);
      if (refusal !== undefined) throw refusal;
      seen = { ...seen, records: [...seen.records, sealRecord(targetRef, seen.records, entry)] };
      return true;
    },
  } as unknown as RecordStore;
  const reconcile = promotionReconcile({
    client,
    reader: { read: async () => worldOf(seen), known: () => worldOf(seen) },
    actor: new Actor({
      client,
      records,
      canary: { check: active, ensure: active },
      events,
      clock: new ManualClock(),
      types: new ObjectTypes(),
      absorb: () => undefined,
    }),
    events,
    promotions: { absorb: () => undefined } as unknown as Informer<Promotion>,
    onRolledOut: () => undefined,
    monotonic: () => 0,
  });
  await reconcile({ namespace: 'shop', name: 'web-42' }, new AbortController().signal).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  });
  if (written === undefined) throw new Error('no status was written');
  return checkedStatus(start.promotion, written);
}

const no = new ApiError({ method: 'PUT', path: '/x', status: 403, body: { message: 'quota says no' } });

test('a lock that the API server refuses to open is not Ready: it goes on, and the answer is told', async (t) => {
  const status = await reconciled(approved, (kind) => (kind === 'WorkloadLock' ? no : undefined));
  t.is(status.phase, 'Approved');
  const { Ready, Reconciling, Stalled } = said(status);
  t.deepEqual([Ready, Reconciling, Stalled], ['False/Opening', 'True/Opening', undefined]);
  t.regex(status.why?.[0] ?? '', /quota says no/);
});

test('of two workloads, one applied and one refused, each shows its own state and message', async (t) => {
  const status = await reconciled(approved, (kind, name) => (kind === 'Deployment' && name === 'web' ? no : undefined));
  t.deepEqual(rolled(status), { api: 'Available', web: 'Pending' });
  const messages = Object.fromEntries((status.rollout?.workloads ?? []).map(({ name, message }) => [name, message]));
  t.regex(messages['web'] ?? '', /quota says no/);
  t.notRegex(messages['api'] ?? '', /quota/);
});

const unrecorded = (kind: string): ApiError | undefined => (kind === 'PromotionRecord' ? no : undefined);
const ends: readonly (readonly [title: string, start: Scene, phase: Status['phase']])[] = [
  ['a rollout that is verified', applied, 'RollingOut'],
  ['a rollout whose workload was deleted', withLive(applied, undefined), 'RollingOut'],
  ['a promotion that somebody rejected', voted(open, keys.alice, 'reject'), 'Pending'],
  ['an approval', approving, 'Pending'],
  ['an approval whose time was over', { ...approved, now: now + 73 * 3_600_000 }, 'Approved'],
];
for (const [title, start, phase] of ends)
  test(`what is not recorded is not so: ${title}`, async (t) => {
    const status = await reconciled(start, unrecorded);
    t.is(status.phase, phase);
    const { Ready, Reconciling, RolledOut } = said(status);
    t.is(Ready?.split('/')[0], 'False');
    t.is(Reconciling?.split('/')[0], 'True');
    t.is(RolledOut?.split('/')[0], 'False');
    t.regex(status.why?.[0] ?? '', /^it is so once it is recorded: .*; the API server answered: .*quota says no/);
  });

test('a rollout whose target is gone while the lock is open ends with a record in the chain that it began in', async (t) => {
  const late = { ...gone(applied), now: now + 11 * 60_000 };
  const chain: unknown[] = [];
  const status = await reconciled(late, (kind) => (kind === 'PromotionRecord' ? undefined : no), chain);
  t.is(status.phase, 'Failed');
  t.is(said(status)['Ready'], 'False/TargetMissing');
  t.is(status.record, 'web-000004');
  t.regex(
    status.conditions?.[0]?.message ?? '',
    /approved \(record web-000003\), and ProductionTarget web was deleted since and not made again in time/,
  );
  t.deepEqual(chain, [targetRef]);
});
