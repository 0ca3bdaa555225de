import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { Client, EventInput, Informer, Namespace } from '../../operator/kube/index.ts';
import type { RecordStore } from '../../operator/records/index.ts';
import { TargetReader, type TargetReaderOptions } from '../../operator/targets/gather/world.ts';
import { targetReconcile } from '../../operator/targets/reconcile.ts';
import { Sealing } from '../../operator/trust/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { Chain, keyring, policy, removed, target } from './trust-world.ts';

type Status = NonNullable<ProductionTarget['status']>;

const key = { namespace: 'shop', name: 'web' };
const week = 7 * 86_400_000;
const written = (changes: Partial<ProductionTarget['metadata']> = {}): ProductionTarget => {
  const object = target();
  return { ...object, metadata: { ...object.metadata, uid: 'u-web', generation: 1, ...changes } };
};
const said = ({ conditions = [] }: Status): readonly string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

/** Reconciles a target that a cache has, by a chain; `live` is what the API server has beside it. */
function reconciling(chain: Chain, cached: ProductionTarget, live: { readonly namespace?: Namespace } = {}) {
  const asked: string[] = [];
  const done: string[] = [];
  const events: EventInput[] = [];
  const statuses: Status[] = [];
  const clock = new ManualClock(chain.now);
  const records: Pick<RecordStore, 'of' | 'upToDate'> = {
    of: ({ name }) => (name === 'trust' ? chain.records : []),
    upToDate: async () => chain.records,
  };
  const sealing = new Sealing({
    records,
    terms: { chain: 'trust', keyring: 'default', digest: chain.digest, cluster: { name: 'test', uid: chain.cluster } },
    namespace: 'twinlock-system',
    clock,
    lastSigned: async () => undefined,
  });
  const client = {
    find: async ({ kind }: { readonly kind: string }) => {
      asked.push(kind);
      return kind === 'ProductionTarget' ? cached : kind === 'Namespace' ? live.namespace : undefined;
    },
    patch: async (
      _type: unknown,
      _key: unknown,
      { body }: { readonly body: readonly { readonly value?: unknown }[] },
    ) => {
      statuses.push(checkedStatus(cached, body[1]?.value as Status));
      return cached;
    },
  };
  const targets = { lister: { get: () => cached, list: () => [cached] }, absorb: () => undefined };
  const reader = new TargetReader({
    // Fakes of what is asked for, no more.
    client,
    targets,
    records,
    inForce: sealing,
    clock,
    systemNamespace: 'twinlock-system',
  } as unknown as TargetReaderOptions);
  const reconcile = targetReconcile({
    client: client as unknown as Client,
    reader,
    actor: {
      act: async (_world, action) => {
        done.push(action.do);
        return undefined;
      },
    },
    targets: targets as unknown as Informer<ProductionTarget>,
    events: { record: (event) => void events.push(event), flush: async () => undefined },
  });
  return { asked, done, events, statuses, run: () => reconcile(key, new AbortController().signal) };
}

const chain = new Chain(keyring(['alice', 'bob', 'carol']));

test('a target of which nobody signed anything says so and what to type, and costs no request but its status', async (t) => {
  const { run, asked, done, events, statuses } = reconciling(chain, written());
  const result = await run();
  t.deepEqual([asked, done, events], [[], [], []]);
  const [status = {}] = statuses;
  t.is(statuses.length, 1);
  t.deepEqual(said(status), ['Ready False NotAccepted', 'Reconciling True NotAccepted', 'Accepted False NotAccepted']);
  t.regex(status.conditions?.[0]?.message ?? '', /^what stands here does not count yet: .*; nothing of it counts$/);
  t.regex(status.trust?.pending?.why?.[1] ?? '', /^kubectl get productiontarget web -n shop -o jsonpath/);
  t.deepEqual(Object.keys(status).toSorted(), ['conditions', 'observedGeneration', 'trust']);
  // The text that people sign ends in a week; no look is later than a day.
  t.deepEqual(result, { requeueAfter: 86_400_000, since: chain.now });
  t.is(Date.parse(status.trust?.pending?.notAfter ?? ''), Math.floor(chain.now / 1000) * 1000 + week);
});

test('a request to look again is answered while nothing of it counts, too', async (t) => {
  const annotations = { 'reconcile.fluxcd.io/requestedAt': 'now' };
  const { run, statuses } = reconciling(chain, written({ annotations }));
  await run();
  t.is(statuses[0]?.lastHandledReconcileAt, 'now');
});

test('one that cannot be put before people is stalled, and is looked at when something changes', async (t) => {
  const { run, asked, events, statuses } = reconciling(chain, removed(written()));
  t.is(await run(), undefined);
  t.deepEqual([asked, events], [[], []]);
  t.deepEqual(said(statuses[0] ?? {}), [
    'Ready False ChangeRefused',
    'Stalled True ChangeRefused',
    'Accepted False ChangeRefused',
  ]);
});

test('of one that is being deleted nothing is said', async (t) => {
  const { run, statuses } = reconciling(chain, written({ deletionTimestamp: '2026-11-21T09:59:00Z' }));
  t.is(await run(), undefined);
  t.deepEqual(statuses, []);
});

test('of one that counts the cluster is read; in a namespace that goes nothing is done any more', async (t) => {
  const signed = new Chain(keyring(['alice', 'bob', 'carol']));
  signed.change(policy('default', 2), 'alice', 'bob');
  signed.change(written(), 'alice', 'bob');
  const namespace: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', deletionTimestamp: '2026-11-21T09:59:00Z' },
  };
  const { run, asked, done, statuses } = reconciling(signed, written(), { namespace });
  t.is(await run(), undefined);
  t.deepEqual(asked.toSorted(), ['Namespace', 'ProductionTarget', 'RoleBinding', 'WorkloadLock']);
  t.deepEqual([done, statuses], [[], []]);
});
