import test from 'ava';
import { full, run, sharedApi } from '../harness/index.ts';
import { leaveControlGroups, ownedNow, traces } from './footprint.ts';

const handedOver = process.env['TWINLOCK_KUBECONFIG'];
const removal = handedOver ? test.skip : test.serial;

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
