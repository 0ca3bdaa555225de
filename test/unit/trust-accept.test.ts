import test from 'ava';
import { ApprovalPolicy } from '../../operator/api/index.ts';
import type { Client, EventInput } from '../../operator/kube/index.ts';
import { Sealing } from '../../operator/trust/gather/index.ts';
import { acceptance, policyReconciler } from '../../operator/trust/reconcile.ts';
import type { RecordEntry } from '../../operator/records/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { Chain, keyring, policy, withVotes } from './trust-world.ts';

const { signal } = new AbortController();
const three = keyring(['alice', 'bob', 'carol']);

/** The reconcile of a policy that the cache and the API server have so; another process may append first. */
function accepting(chain: Chain, cached: ApprovalPolicy, live = cached, appended = true) {
  const asked: string[] = [];
  const told: EventInput[] = [];
  const records = {
    of: () => chain.records,
    upToDate: async () => {
      asked.push('head');
      return chain.records;
    },
    append: async (_target: object, _records: object, entry: RecordEntry) => {
      asked.push(`append ${entry.trust?.kind ?? ''} ${entry.trust?.version ?? ''}`);
      chain.append(entry);
      return appended;
    },
  };
  const sealing = new Sealing({
    records,
    terms: { chain: 'trust', keyring: 'default', digest: chain.digest, cluster: { name: 'test', uid: chain.cluster } },
    namespace: 'twinlock-system',
    clock: new ManualClock(chain.now),
    lastSigned: async () => undefined,
  });
  const find = async (
    _type: unknown,
    _key: unknown,
    options: { signal?: AbortSignal } = {},
  ): Promise<ApprovalPolicy> => {
    asked.push(options.signal === signal ? 'find' : 'find that nobody can stop');
    return live;
  };
  const reconcile = acceptance<ApprovalPolicy>({
    // Fakes of what is asked, no more.
    client: { find } as unknown as Pick<Client, 'find'>,
    type: ApprovalPolicy,
    informer: { lister: { get: () => cached, list: () => [cached], byIndex: () => [], size: 1 } },
    records,
    sealing,
    events: { record: (event) => void told.push(event) },
  });
  return { asked, told, run: () => reconcile({ name: 'default' }, signal) };
}

test('what enough people signed is read live, counted once more, and appended', async (t) => {
  const chain = new Chain(three);
  const asked = policy('default', 2);
  const { run, asked: requests, told } = accepting(chain, withVotes(asked, chain.text(asked), 'alice', 'bob'));
  await run();
  t.deepEqual(requests, ['find', 'head', 'append ApprovalPolicy 1']);
  t.is(chain.versions['ApprovalPolicy//default'], 1);
  t.regex(told[0]?.note ?? '', /version 1 counts from now on: signed by alice, bob/);
});

test('a world in which nobody signs costs no request, whatever stands there', async (t) => {
  const chain = new Chain(three);
  chain.change(policy('default', 2), 'alice', 'bob');
  for (const there of [policy('default', 2), policy('default', 1), withVotes(policy('default', 1), 'old', 'alice')]) {
    const { run, asked } = accepting(chain, there);
    await run();
    t.deepEqual(asked, []);
  }
});

test('a signature that is there no more, or is for what was there before, accepts nothing', async (t) => {
  const chain = new Chain(three);
  const asked = policy('default', 2);
  const signed = withVotes(asked, chain.text(asked), 'alice', 'bob');
  for (const live of [asked, { ...signed, spec: policy('default', 1).spec }]) {
    const { run, asked: requests } = accepting(chain, signed, live);
    await run();
    t.deepEqual(requests, ['find', 'head']);
  }
  t.is(chain.versions['ApprovalPolicy//default'], undefined);
});

test('whoever was faster is no failure, and nobody is told twice', async (t) => {
  const chain = new Chain(three);
  const asked = policy('default', 2);
  const { run, told } = accepting(chain, withVotes(asked, chain.text(asked), 'alice', 'bob'), undefined, false);
  await run();
  t.deepEqual(told, []);
});

/** The status of a policy that is there so, and what was written. */
function telling(chain: Chain, there: ApprovalPolicy | undefined) {
  const patched: unknown[] = [];
  const reconcile = policyReconciler({
    client: {
      patch: async (_type: unknown, _key: unknown, patch: unknown) => {
        patched.push(patch);
        return there as never;
      },
    },
    policies: { lister: { get: () => there }, absorb: () => undefined } as never,
    // A fake of what is asked, no more.
    sealing: { standing: (policy: ApprovalPolicy) => chain.standing(policy) } as unknown as Sealing,
    clock: new ManualClock(chain.now),
  });
  return { patched, run: () => reconcile({ name: 'default' }, signal) };
}

const observed = { ...policy('default', 2), metadata: { name: 'default', uid: 'u', generation: 1 } };

test("a policy's status comes back when the text that people sign ends", async (t) => {
  const { patched, run } = telling(new Chain(three), observed);
  const result = await run();
  t.is(patched.length, 1);
  t.is(result?.requeueAfter, 86_400_000, 'a day at most');
});

test('nothing is said of a policy that is gone or on its way out', async (t) => {
  const leaving = { ...observed, metadata: { ...observed.metadata, deletionTimestamp: '2026-11-21T10:00:00Z' } };
  for (const there of [undefined, leaving]) {
    const { patched, run } = telling(new Chain(three), there);
    t.is(await run(), undefined);
    t.deepEqual(patched, []);
  }
});
