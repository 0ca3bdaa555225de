/** The controllers that a process runs where trust is sealed, over objects that are there and a chain in memory. */
import test from 'ava';
import type { ApprovalPolicy } from '../../operator/api/index.ts';
import { silentLogger } from '../../operator/kube/index.ts';
import type { RecordEntry } from '../../operator/records/index.ts';
import { Metrics } from '../../operator/runtime/index.ts';
import { Sealing } from '../../operator/trust/gather/index.ts';
import { wireTrust, type TrustOptions } from '../../operator/trust/wire.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { Chain, keyring, policy, target, withVotes } from './trust-world.ts';

const three = keyring(['alice', 'bob', 'carol']);

interface There {
  readonly spec?: object;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** An informer that has synced and told of these objects, or tells of nothing. */
function informer(objects: readonly There[], tells = true): unknown {
  const get = ({ name }: { readonly name: string }): There | undefined =>
    objects.find(({ metadata }) => metadata.name === name);
  return {
    synced: true,
    whenSynced: async () => undefined,
    lister: { get, list: () => objects, byIndex: () => [], size: objects.length },
    addHandler: (handler: { add(object: There, how: { readonly initial: boolean }): void }) => {
      for (const object of tells ? objects : []) handler.add(object, { initial: true });
      return () => undefined;
    },
    absorb: () => undefined,
  };
}

/** Turns of the event loop that are given; nothing here waits for anything else. */
const TURNS = 200;

/** What the controllers, by their names, make of these objects. */
async function runs(
  chain: Chain,
  objects: readonly There[],
  accepted: readonly There[] = [],
): Promise<{ readonly names: readonly string[]; readonly happened: readonly string[]; readonly differ: string }> {
  const happened: string[] = [];
  const of = (kind: string): unknown =>
    informer(
      objects.filter((each) => each.kind === kind),
      accepted.length === 0,
    );
  const records = {
    of: () => chain.records,
    upToDate: async () => chain.records,
    append: async (_place: object, _chain: object, entry: RecordEntry) => {
      chain.append(entry);
      happened.push(`${entry.trust?.kind} is accepted`);
      return true;
    },
  };
  const find = async ({ kind }: { readonly kind: string }): Promise<There | undefined> =>
    objects.find((each) => each.kind === kind);
  const patch = async (_type: object, _key: object, { body }: { readonly body: object }): Promise<object> => {
    happened.push(`${(body as Partial<There>).kind ?? 'its'} status`);
    return objects[0] ?? {};
  };
  const clock = new ManualClock(chain.now);
  const metrics = new Metrics();
  const controllers = wireTrust({
    client: { find, patch },
    logger: silentLogger,
    metrics,
    events: { record: () => undefined },
    clock,
    records,
    sealing: new Sealing({
      records,
      terms: {
        chain: 'trust',
        keyring: 'default',
        digest: chain.digest,
        cluster: { name: 'test', uid: chain.cluster },
      },
      namespace: 'twinlock-system',
      clock,
      lastSigned: async () => undefined,
    }),
    informers: {
      keyrings: of('ApproverKeyring'),
      policies: of('ApprovalPolicy'),
      targets: of('ProductionTarget'),
      records: informer(accepted),
    },
    // Fakes of what is asked, no more.
  } as unknown as TrustOptions);
  const stop = new AbortController();
  const running = controllers.map((controller) => controller.run(stop.signal));
  for (let turn = 0; turn < TURNS; turn++) await new Promise((done) => setImmediate(done));
  stop.abort();
  await Promise.all(running);
  const shown = await metrics.registry.getSingleMetricAsString('twinlock_trust_not_accepted');
  return { names: controllers.map(({ name }) => name), happened, differ: shown.split(' ').at(-1) ?? '' };
}

test('each kind that people sign is accepted by a controller of its own, and a policy says where it stands', async (t) => {
  const chain = new Chain(three);
  const next = keyring(['alice', 'bob', 'carol', 'dave']);
  const asked: ApprovalPolicy = { ...policy('default', 2), metadata: { name: 'default', uid: 'u', generation: 1 } };
  for (const object of [next, asked, target()]) {
    const signed = withVotes(object, chain.text(object), 'alice', 'bob');
    const told = asked === object ? ['ApprovalPolicy is accepted', 'its status'] : [`${object.kind} is accepted`];
    const { names, happened, differ } = await runs(new Chain(three), [signed]);
    t.deepEqual(happened.toSorted(), told, object.kind);
    t.is(differ, object === next ? '0' : '1', 'of what counts only the keyring is not there');
    t.deepEqual(names, ['trust-keyrings', 'trust-policies', 'trust-targets', 'approvalpolicies']);
  }
});

test('what is accepted of one object is a reason to look at all of them', async (t) => {
  const chain = new Chain(three);
  const record = { kind: 'PromotionRecord', metadata: { name: 'trust-000001' }, spec: { type: 'Trust' } };
  const signed = withVotes(target(), chain.text(target()), 'alice', 'bob');
  t.deepEqual((await runs(chain, [signed], [record])).happened, ['ProductionTarget is accepted']);
  t.deepEqual((await runs(new Chain(three), [signed], [{ ...record, spec: { type: 'Outcome' } }])).happened, []);
});
