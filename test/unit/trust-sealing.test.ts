import test from 'ava';
import { AsWritten, Sealing, type LastSigned } from '../../operator/trust/gather/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { Chain, keyring, policy, removed, target } from './trust-world.ts';

const { signal } = new AbortController();
const three = keyring(['alice', 'bob', 'carol']);

/** What counts by that chain, where so much of it was signed for. */
function sealing(chain: Chain, signed: { last?: LastSigned } = {}, asked: string[] = []): Sealing {
  return new Sealing({
    records: {
      of: () => chain.records,
      upToDate: async ({ namespace, name }, mayLack) => {
        asked.push(`${mayLack(chain.records) ? 'head' : 'cache'} of ${namespace}/${name}`);
        return chain.records;
      },
    },
    terms: { chain: 'trust', keyring: 'default', digest: chain.digest, cluster: { name: 'test', uid: chain.cluster } },
    namespace: 'twinlock-system',
    clock: new ManualClock(chain.now),
    lastSigned: async ({ namespace, target: of }) =>
      namespace === 'twinlock-system' && of === 'trust' ? signed.last : undefined,
  });
}

function signedChain(): Chain {
  const chain = new Chain(three);
  chain.change(policy('default', 2), 'alice', 'bob');
  chain.change(target({ minReplicas: 3 }), 'alice', 'bob');
  return chain;
}

test('what counts is what was signed, whatever stands in the cluster', async (t) => {
  const inForce = sealing(signedChain());
  const written = target({ minReplicas: 0, liveAccess: 'Allow' });
  t.like(inForce.target(written)?.spec, { minReplicas: 3, liveAccess: 'Deny' });
  t.is(inForce.target(written)?.metadata.uid, 'u-web');
  t.is(inForce.target({ ...written, metadata: { name: 'other', namespace: 'shop' } }), undefined);
  t.is(inForce.target(undefined), undefined);
  t.like(await inForce.policy('default', signal), { object: { spec: { quorum: [{ count: 2 }] } } });
  t.deepEqual(await inForce.policy('other', signal), { missing: 'other', because: 'nobody has signed it' });
  t.deepEqual(
    inForce.policies().map(({ metadata }) => metadata.name),
    ['default'],
  );
  t.deepEqual(await inForce.keyring('default', signal), {
    object: {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ApproverKeyring',
      metadata: { name: 'default' },
      spec: three.spec,
    },
  });
  t.deepEqual(inForce.kept('shop'), { names: ['web'], warn: false });
  t.deepEqual(inForce.kept('other'), { names: [], warn: true });
});

test('how long records are kept counts as people signed it', (t) => {
  t.is(sealing(signedChain()).target(target({ records: { keepFor: '720h' } }))?.spec.records, undefined);
});

test('holds count as they stand', (t) => {
  const holds = [{ name: 'freeze', owner: 'captain', reason: 'sale', scope: 'Rollouts' as const }];
  t.deepEqual(sealing(signedChain()).target(target({ holds }))?.spec.holds, holds);
});

test('what was signed away counts no more', (t) => {
  const chain = signedChain();
  chain.change(removed(target()), 'alice', 'bob');
  const inForce = sealing(chain);
  t.is(inForce.target(target()), undefined);
  t.deepEqual(inForce.kept('shop').names, []);
});

test('where nothing is signed, what stands counts and keeps nothing beyond it', (t) => {
  const client = { find: async () => undefined };
  const inForce = new AsWritten(client, {
    lister: { get: () => undefined, list: () => [], byIndex: () => [], size: 0 },
  });
  t.deepEqual(inForce.kept(), { names: [], warn: false });
});

test('a chain that ends before what was signed for approves nothing; what a target says stands', async (t) => {
  const chain = signedChain();
  const last = chain.records.at(-1);
  if (last === undefined) throw new Error('it is empty');
  const cut = Object.assign(signedChain(), { records: chain.records.slice(0, 2) });
  const inForce = sealing(cut, { last: { size: 3, digest: last.digest } });
  t.like(await inForce.keyring('default', signal), {
    missing: 'default',
    because:
      'the chain of what was signed does not hold: record 3 was signed for and the last one is 2: record 3 was cut off',
  });
  t.like(await inForce.policy('default', signal), { missing: 'default' });
  t.is(inForce.standing(policy('default', 1)).state, 'Refused');
  const whole = sealing(chain, { last: { size: 3, digest: last.digest } });
  t.like(await whole.keyring('default', signal), { object: { metadata: { name: 'default' } } });
});

test('a chain that was written anew since it was signed for approves nothing', async (t) => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const answer = await sealing(signedChain(), { last: { size: 2, digest } }).keyring('default', signal);
  t.like(answer, { missing: 'default' });
});

test('who asks at one time is answered with one question, and what counts is read again each time', async (t) => {
  const asked: string[] = [];
  const inForce = sealing(signedChain(), {}, asked);
  await Promise.all([inForce.keyring('default', signal), inForce.policy('default', signal)]);
  t.deepEqual(asked, ['head of twinlock-system/trust']);
  await inForce.keyring('default', signal);
  t.is(asked.length, 2);
});

test('the chain is walked once, and anew with each record', (t) => {
  const chain = signedChain();
  const inForce = sealing(chain);
  const before = inForce.state();
  t.is(inForce.state(), before);
  chain.change(policy('default', 3), 'alice', 'bob');
  t.not(inForce.state(), before);
});

test('what was signed for counts as it is now: another digest of the same length, and none any more', async (t) => {
  const chain = signedChain();
  const { digest = '' } = chain.records.at(-1) ?? {};
  const signed: { last?: LastSigned } = { last: { size: 3, digest } };
  const inForce = sealing(chain, signed);
  t.true('object' in (await inForce.keyring('default', signal)));
  const before = inForce.state();
  signed.last = { size: 3, digest };
  await inForce.fresh(signal);
  t.is(inForce.state(), before, 'the same again is no reason to walk the chain again');
  signed.last = { size: 3, digest: `sha256:${'0'.repeat(64)}` };
  t.true('missing' in (await inForce.keyring('default', signal)));
  signed.last = { size: 2, digest: chain.records[1]?.digest ?? '' };
  t.true('object' in (await inForce.keyring('default', signal)));
});
