import test from 'ava';
import type { ApprovalPolicy, Promotion } from '../../operator/api/index.ts';
import type { Client, Informer, ObjectKey } from '../../operator/kube/index.ts';
import { decide, MOST_OPEN } from '../../operator/promotions/decide/index.ts';
import { WorldReader, type ReaderOptions } from '../../operator/promotions/gather/world.ts';
import { ObjectTypes } from '../../operator/objects/index.ts';
import type { RecordStore } from '../../operator/records/index.ts';
import { AsWritten } from '../../operator/trust/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { keys, now, promotion, run, until, voted, world } from './promotion-world.ts';

type Shop = ReturnType<typeof world>;

/** What the caches say where the API server says something else by now. */
interface Stale {
  readonly promotions?: readonly Promotion[];
  readonly lock?: Shop['lock'];
  /** The chain as it is until the keyring was asked for; somebody else writes it then. */
  readonly records?: Shop['records'];
}

const { signal } = new AbortController();
const key: ObjectKey = { namespace: 'shop', name: 'web-42' };

const informer = (...held: readonly unknown[]) => ({ lister: { get: () => held[0], list: () => held } });

/** A reader over an API server that has this, and over caches that say the same but for `stale`. */
function reading(live: Shop, stale: Stale = {}): { readonly reader: WorldReader; readonly asked: string[] } {
  const asked: string[] = [];
  const { policy, keyring, promotion: own, target, environment } = live;
  const objects: Readonly<Record<string, unknown>> = {
    Promotion: own,
    ProductionTarget: target,
    TwinEnvironment: environment,
    WorkloadLock: live.lock,
    ApprovalPolicy: 'object' in policy ? policy.object : undefined,
    ApproverKeyring: 'object' in keyring ? keyring.object : undefined,
  };
  const workloadOf = (name: string): Shop['workloads'][number] | undefined =>
    live.workloads.find((workload) => workload.name === name);
  const ask = <Answer>(what: string, answer: Answer): Promise<Answer> => {
    asked.push(what);
    return Promise.resolve(answer);
  };
  const client = {
    find: ({ kind }: { kind: string }, { name }: ObjectKey) =>
      ask(`find ${kind}`, kind === 'Deployment' ? workloadOf(name)?.live : objects[kind]),
    replace: ({ kind }: { kind: string }, object: { readonly metadata: { readonly name: string } }) => {
      const planned = workloadOf(object.metadata.name)?.planned;
      return ask(
        `try ${kind}`,
        planned !== undefined && 'spec' in planned ? { ...object, spec: planned.spec } : object,
      );
    },
    list: ({ kind }: { kind: string }) => ask(`list ${kind}`, { items: [] }),
    serverDate: () => ask('date', { date: new Date(now), skew: 0 }),
  };
  const caches = {
    promotions: informer(...(stale.promotions ?? [own])),
    targets: informer(target),
    records: informer(),
    locks: informer('lock' in stale ? stale.lock : live.lock),
    policies: informer(objects['ApprovalPolicy']),
    keyrings: informer(objects['ApproverKeyring']),
    environments: informer(environment),
    classes: informer({ spec: { namespaceSelector: { matchLabels: { twins: 'yes' } } } }),
    namespaces: informer({ metadata: { name: 'shop-dev', labels: { twins: 'yes' } } }),
  };
  const enforcement = { active: true, message: '' };
  const of = () => (asked.includes('find ApproverKeyring') ? live.records : (stale.records ?? live.records));
  const records: Pick<RecordStore, 'of' | 'upToDate'> = { of, upToDate: async () => of() };
  const reader = new WorldReader({
    // Fakes of what the reader asks for, no more.
    client: client as unknown as Client,
    caches: caches as unknown as ReaderOptions['caches'],
    records: records as unknown as RecordStore,
    followed: { get: () => undefined },
    canary: { state: () => enforcement, ensure: async () => enforcement },
    clock: new ManualClock(now),
    types: new ObjectTypes(),
    cluster: { name: 'test', uid: 'cluster-uid' },
    systemNamespace: 'twinlock-system',
    inForce: new AsWritten(client as unknown as Client, caches.policies as unknown as Informer<ApprovalPolicy>),
    nonce: () => 'f'.repeat(32),
  });
  return { reader, asked };
}

async function reasonOf(live: Shop, stale: Stale = {}): Promise<string | undefined> {
  const seen = await reading(live, stale).reader.read(key, signal);
  return seen && decide(seen).verdict.reason;
}

const open = run(world()).world;
const approving = voted(open, keys.alice);
const rolling = until(approving, 'OpenLock');
const over = run(approving).world;
const withOwn = (shop: Shop, metadata: Partial<Promotion['metadata']>): Shop => ({
  ...shop,
  promotion: { ...shop.promotion, metadata: { ...shop.promotion.metadata, ...metadata } },
});
const deletionTimestamp = '2026-11-21T09:59:00Z';

test('what is read is what is decided from: a vote, an approval and an open lock each go on', async (t) => {
  t.is(await reasonOf(open), 'AwaitingApproval');
  t.is(await reasonOf(approving), 'QuorumReached');
  t.is(await reasonOf(until(approving, 'Approved')), 'Opening');
  t.is(await reasonOf(rolling), 'Applying');
});

test('one that is being deleted is not counted, be it that only the API server knows yet', async (t) => {
  const deleting = withOwn(approving, { deletionTimestamp });
  t.is(await reasonOf(deleting), undefined);
  t.is(await reasonOf(deleting, { promotions: [approving.promotion] }), undefined);
});

test('one of the same name that was made anew has no part in what the first one was given', async (t) => {
  t.is(await reasonOf(withOwn(approving, { uid: 'another' }), { promotions: [approving.promotion] }), undefined);
});

test('one that is over costs no request, whatever comes', async (t) => {
  const { reader, asked } = reading({ ...over, lock: open.lock, target: undefined });
  const seen = await reader.read(key, signal);
  t.is(seen && decide(seen).verdict.phase, 'Completed');
  t.deepEqual(asked, []);
});

test('one that waits behind others costs no request', async (t) => {
  const before = Array.from({ length: MOST_OPEN }, (_, index) =>
    promotion(`earlier-${index}`, {
      createdAt: '2026-11-21T08:00:00Z',
      annotations: { 'twinlock.dev/requested-by': `${index}` },
    }),
  );
  const { reader, asked } = reading(world(), { promotions: [promotion(), ...before] });
  const seen = await reader.read(key, signal);
  t.is(seen && decide(seen).verdict.reason, 'TooManyOpen');
  t.deepEqual(asked, []);
});

test('once the lock is open nothing that only a count needs is asked for', async (t) => {
  const { reader, asked } = reading(rolling);
  await reader.read(key, signal);
  const counting = ['find ApprovalPolicy', 'find ApproverKeyring', 'find TwinEnvironment', 'date', 'try Deployment'];
  t.deepEqual(
    asked.filter((each) => counting.includes(each)),
    [],
  );
  t.true(asked.includes('list Pod'));
});

test('a lock that is open while the cache has it shut is a rollout', async (t) => {
  t.is(await reasonOf(rolling, { lock: open.lock }), 'Applying');
});

test('a lock that is shut while the cache has it open is counted for, not stalled for what was not read', async (t) => {
  t.is(await reasonOf(until(approving, 'Approved'), { lock: rolling.lock }), 'Opening');
});

test('an approval that another process records meanwhile opens nothing by a keyring that was read before it', async (t) => {
  const { reader, asked } = reading(until(approving, 'Approved'), { records: approving.records });
  const seen = await reader.read(key, signal);
  t.is(seen && decide(seen).verdict.reason, 'Opening');
  t.is(asked.filter((each) => each === 'find ApproverKeyring').length, 2);
});
