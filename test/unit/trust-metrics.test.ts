import test from 'ava';
import { Registry } from 'prom-client';
import { trustMetrics } from '../../operator/trust/metrics.ts';
import type { Sealing } from '../../operator/trust/gather/index.ts';
import { acceptanceWatch } from '../../operator/trust/wire.ts';
import { Chain, keyring, policy, type Name } from './trust-world.ts';

const people: readonly Name[] = ['alice', 'bob', 'carol'];
const three = keyring(people);

const listing = <T>(list: () => T[]) => ({ lister: { get: () => undefined, list, byIndex: () => [], size: 0 } });

test('each scrape counts what is not as people signed it, what is gone unsigned, and tells a chain that broke', async (t) => {
  const registry = new Registry();
  const chain = new Chain(three);
  chain.change(policy('default', 2), 'alice', 'bob');
  let policies = [policy('default', 2)];
  // What of it is asked.
  const sealing = {
    state: () => chain.state,
    standing: (object: Parameters<Chain['standing']>[0]) => chain.standing(object),
  } as unknown as Sealing;
  trustMetrics({ registry }, sealing, [listing(() => [three]), listing(() => policies)]);
  const shown = async (): Promise<readonly string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.deepEqual(await shown(), ['twinlock_trust_not_accepted 0', 'twinlock_trust_broken 0']);
  policies = [policy('default', 1), policy('new', 1)];
  t.deepEqual(await shown(), ['twinlock_trust_not_accepted 2', 'twinlock_trust_broken 0']);
  policies = [];
  t.deepEqual(await shown(), ['twinlock_trust_not_accepted 1', 'twinlock_trust_broken 0'], 'it is gone');
  chain.append({ type: 'Outcome', time: '2026-11-21T10:00:00Z' });
  t.is((await shown()).at(-1), 'twinlock_trust_broken 1');
});

interface Handler {
  add(object: object, how: { readonly initial: boolean }): void;
  update(object: object, old: object): void;
}

test('whatever is accepted is a reason to look at what people sign, and no other record is', (t) => {
  const handlers: Handler[] = [];
  const informer = {
    addHandler: (handler: Handler) => {
      handlers.push(handler);
      return () => undefined;
    },
  } as unknown as Parameters<typeof acceptanceWatch>[0];
  const asked: string[] = [];
  acceptanceWatch(informer, () => [{ name: 'default' }]).connect(({ name }) => void asked.push(name));
  const [handler] = handlers;
  const trust = { spec: { type: 'Trust' } };
  handler?.add({ spec: { type: 'Outcome' } }, { initial: false });
  t.deepEqual(asked, []);
  handler?.add(trust, { initial: false });
  t.deepEqual(asked, ['default']);
  handler?.update({ ...trust }, trust);
  t.deepEqual(asked, ['default'], 'what a record says never changes');
});
