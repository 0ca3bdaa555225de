import test from 'ava';
import { ServerAddresses, type EndpointSlice } from '../../operator/kube/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

interface World {
  endpoints: readonly string[] | undefined;
  failing: boolean;
  asked: number;
}

const names: Readonly<Record<string, readonly string[]>> = {
  'api.example': ['192.0.2.10', '2001:db8::10'],
  '10.96.0.1': ['10.96.0.1'],
  'fd00::1': ['fd00::1'],
};

function addressesOf(
  world: Partial<World>,
  { server = 'https://api.example:6443', serviceHost = '10.96.0.1' } = {},
): { readonly addresses: ServerAddresses; readonly clock: ManualClock; readonly world: World } {
  const state: World = { endpoints: ['172.18.0.2', '172.18.0.3'], failing: false, asked: 0, ...world };
  const clock = new ManualClock();
  const find = async (): Promise<EndpointSlice | undefined> => {
    state.asked++;
    if (state.failing) throw new Error('no answer');
    if (state.endpoints === undefined) return undefined;
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default' },
      addressType: 'IPv4',
      endpoints: state.endpoints.map((address) => ({ addresses: [address] })),
    };
  };
  const addresses = new ServerAddresses({
    // Only EndpointSlices are looked for.
    client: { find: find as never },
    clock,
    server,
    serviceHost,
    resolve: async (name) => names[name] ?? [],
  });
  return { addresses, clock, world: state };
}

test('the API server is where the client finds it, where its Service is, and where each of it answers', async (t) => {
  const { addresses } = addressesOf({});
  t.deepEqual(await addresses.get(), ['192.0.2.10', '2001:db8::10', '10.96.0.1', '172.18.0.2', '172.18.0.3']);
});

test('a host that is an IPv6 address is one address', async (t) => {
  const { addresses } = addressesOf(
    { endpoints: undefined },
    { server: 'https://[fd00::1]:443', serviceHost: 'fd00::1' },
  );
  t.deepEqual(await addresses.get(), ['fd00::1']);
});

test('it is read again after a minute, once for all who ask', async (t) => {
  const { addresses, clock, world } = addressesOf({});
  await Promise.all([addresses.get(), addresses.get()]);
  clock.advance(59_000);
  await addresses.get();
  t.is(world.asked, 1);
  clock.advance(1000);
  world.endpoints = ['172.18.0.9'];
  t.true((await addresses.get()).includes('172.18.0.9'));
  t.is(world.asked, 2);
});

test('while it cannot be read, what was known stands; nothing known is no answer', async (t) => {
  const { addresses, clock, world } = addressesOf({ failing: true });
  await t.throwsAsync(addresses.get());
  world.failing = false;
  const known = await addresses.get();
  world.failing = true;
  clock.advance(60_000);
  t.deepEqual(await addresses.get(), known);
});
