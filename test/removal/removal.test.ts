import test from 'ava';
import { engine } from '../harness/full/engine.ts';
import { nodes } from '../harness/full/kind.ts';
import { full, run, sharedApi } from '../harness/index.ts';
import { leaveControlGroups, ownedNow, traces } from './footprint.ts';

const handedOver = process.env['TWINLOCK_KUBECONFIG'];
const removal = handedOver ? test.skip : test.serial;

removal('a cluster that went away is replaced, and nobody is taken for a person of the one before', async (t) => {
  t.timeout(600_000);
  const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'];
  const before = await full();
  const person = await before.persona('erin');
  t.is((await before.kubectl(whoami, { as: person })).stdout, 'erin');

  // As a machine that was restarted leaves it: the files are there, the containers are not.
  const containers = await engine();
  await containers.run(['rm', '--force', '--volumes', '--time', '0', ...(await nodes(containers))]);
  const after = await full();

  t.not(after.server, before.server);
  t.is((await after.kubectl(whoami, { as: await after.persona('erin') })).stdout, 'erin');
});

removal('make demo-down leaves no container, network, volume, process, mount, firewall rule or file', async (t) => {
  t.timeout(600_000);
  const cluster = await full();
  const api = await sharedApi();
  const owned = await ownedNow();
  const kinds = new Set((await traces(owned)).map((trace) => trace.slice(0, trace.indexOf(':'))));
  for (const kind of ['container', 'volume', 'network', 'interface', 'process', 'mount', 'control group', 'file'])
    t.true(kinds.has(kind), `while it runs, a ${kind} of it is seen: otherwise none could be missed`);
  t.true(kinds.has('firewall rule') || kinds.has('packet rule'));
  await leaveControlGroups();

  await run('make', ['demo-down']);

  t.deepEqual(await traces(owned), []);
  for (const { server } of [cluster, api]) await t.throwsAsync(fetch(`${server}/livez`), { message: 'fetch failed' });
  const { stdout, stderr } = await run('make', ['demo-down']);
  t.regex(stdout + stderr, /removing the full cluster: done/, 'nothing to remove is no error');
});
