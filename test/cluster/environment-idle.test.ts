import test from 'ava';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TwinEnvironment, TwinEnvironmentStatus } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { freePorts, waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { own } from '../stage/objects.ts';
import {
  bringUp,
  condition,
  environment,
  given,
  list,
  openEnvironments,
  requestsOf,
  runPods,
  smallest,
  untilStatus,
  isReady,
  type Object_,
  type Stage,
} from '../stage/environments.ts';

let stage: Stage;
test.before(async () => {
  stage = await openEnvironments({ testFile: import.meta.filename });
});
test.after.always(() => stage?.stop());

const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];

async function metricOf({ health }: RunningProcess, name: string): Promise<number> {
  const text = await (await fetch(`http://${health.host}:${health.port}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*?\\})? (\\d+)`, 'gm'))].map(([, value]) =>
    Number(value),
  );
  return values.reduce((sum, value) => sum + value, 0);
}

/** Waits until nothing is in work and nothing has been sent for a while of the process's own making. */
async function quiet(running: RunningProcess): Promise<void> {
  let last = '';
  let since = Date.now();
  await waitFor('the process is quiet', async (seen) => {
    const state = JSON.stringify([[...(await requestsOf(running))], await metricOf(running, 'workqueue_depth')]);
    seen(state);
    if (state !== last) since = Date.now();
    last = state;
    return Date.now() - since > 1000;
  });
}

test.serial(
  'converged environments cost no request, not even when every one of them is reconciled again',
  async (t) => {
    const running = await stage.startProcess();
    const names = ['idle-1', 'idle-2', 'idle-3'];
    await Promise.all(names.map((name) => bringUp(stage, name, smallest)));
    await quiet(running);
    const before = await requestsOf(running);
    const reconciles = await metricOf(running, 'controller_runtime_reconcile_total');
    // A field of the class that changes nothing for those that are there.
    await stage.cluster.apply([own('TwinClass', 'default', { default: true, maxEnvironments: 49 })]);
    await waitFor(
      'all are reconciled again',
      async () => (await metricOf(running, 'controller_runtime_reconcile_total')) >= reconciles + names.length,
    );
    const after = await requestsOf(running);
    t.deepEqual([...after], [...before]);
    await running.stop();
  },
);

test.serial(
  'a restarted process takes over without a single write, also where apps report how they are wired',
  async (t) => {
    const services = new Map([['stripe', { mode: 'twin', url: 'http://stripe:12111' }]]);
    const answers = { fetchReport: given(new Map([['web', { services }]])) };
    const first = await stage.startProcess({}, answers);
    const web = { ...smallest.workloads[0], servicesEndpoint: { path: '/services' } };
    await bringUp(stage, 'reporting', { ...smallest, workloads: [web] });
    await untilStatus(stage, 'reporting', (status) => condition(status, 'TwinsWired').status === 'True');
    await bringUp(stage, 'silent', { ...smallest, workloads: [{ ...web, name: 'silent' }] });
    await quiet(first);
    await first.stop();
    const running = await stage.startProcess({}, answers);
    const { items } = (await stage.cluster.request('GET', '/apis/twinlock.dev/v1alpha1/twinenvironments')).body as {
      items: readonly TwinEnvironment[];
    };
    await waitFor(
      'all are reconciled',
      async () => (await metricOf(running, 'controller_runtime_reconcile_total')) >= items.length,
    );
    await quiet(running);
    const sent = await requestsOf(running);
    t.deepEqual(
      writes.filter((method) => sent.has(method)),
      [],
    );
    await running.stop();
  },
);

const entry = (version: string, digit: string) => ({
  version,
  image: `registry.example/pay@sha256:${digit.repeat(64)}`,
  port: 8080,
});
const catalogue = (...versions: readonly object[]) => own('VendorTwin', 'pay', { vendor: 'Pay', versions });

async function imageOf(namespace: string, name: string): Promise<string | undefined> {
  const { body } = await stage.cluster.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  const { spec } = body as { spec: { template: { spec: { containers: readonly { image: string }[] } } } };
  return spec.template.spec.containers[0]?.image;
}

const told = (why: string, note: string): Promise<unknown> =>
  waitFor(`${why} is told`, async (seen) => {
    const events = await stage.cluster.request('GET', '/apis/events.k8s.io/v1/namespaces/shop-dev/events');
    const notes = (events.body as { items: readonly { reason: string; note: string }[] }).items
      .filter(({ reason }) => reason === why)
      .map((event) => event.note);
    seen(notes);
    return notes.includes(note);
  });

test.serial(
  'a version that is appended to the catalogue restarts nothing; its name in the spec moves, and is told',
  async (t) => {
    const running = await stage.startProcess();
    await stage.cluster.apply([catalogue(entry('v1', '1'))]);
    const spec = { services: [{ name: 'pay' }] };
    const { namespace = '' } = await bringUp(stage, 'settled', spec);
    await quiet(running);
    const before = await requestsOf(running);
    const reconciles = await metricOf(running, 'controller_runtime_reconcile_total');
    await stage.cluster.apply([catalogue(entry('v1', '1'), entry('v2', '2'))]);
    await waitFor(
      'it is reconciled again',
      async () => (await metricOf(running, 'controller_runtime_reconcile_total')) > reconciles,
    );
    await quiet(running);
    t.deepEqual([...(await requestsOf(running))], [...before]);
    await stage.cluster.apply([
      environment('settled', { services: [{ name: 'pay', vendorTwinRef: { version: 'v2' } }] }),
    ]);
    await untilStatus(stage, 'settled', ({ services }) => services?.[0]?.version === 'v2');
    t.is(await imageOf(namespace, 'pay'), entry('v2', '2').image);
    await told(
      'TwinVersionChanged',
      'service pay: version v2 of VendorTwin pay in place of v1 of pay, as the spec says',
    );
    await running.stop();
  },
);

test.serial(
  'a version that is edited in place restarts nothing, not after a restart either; it is told, and the annotation moves',
  async (t) => {
    const first = await stage.startProcess();
    await stage.cluster.apply([catalogue(entry('v1', '1'))]);
    const { namespace = '' } = await bringUp(stage, 'kept', { services: [{ name: 'pay' }], lifecycle: 'LongLived' });
    await quiet(first);
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/pay`;
    const generation = async () =>
      ((await stage.cluster.request('GET', path)).body as { metadata: { generation: number } }).metadata.generation;
    const before = await generation();
    await stage.cluster.apply([catalogue({ ...entry('v1', '3'), port: 9000, env: [{ name: 'MODE', value: 'new' }] })]);
    const edited = await untilStatus(stage, 'kept', ({ services }) => services?.[0]?.outdated === true);
    t.is(condition(edited, 'Ready').status, 'True');
    t.regex(condition(edited, 'TwinsReady').message, /twinlock\.dev\/renewTwinsAt/);
    const which = 'service pay: version v1 of VendorTwin pay';
    await told(
      'TwinVersionEdited',
      `${which} was edited; what runs goes on as it is until the annotation twinlock.dev/renewTwinsAt has a new value`,
    );
    await quiet(first);
    await first.stop();
    const running = await stage.startProcess();
    await stage.cluster.kubectl(['-n', namespace, 'delete', 'service', 'pay', '--wait=false']);
    const service = `/api/v1/namespaces/${namespace}/services/pay`;
    await waitFor('its Service comes back as it was', async (seen) => {
      const { status, body } = await stage.cluster.request('GET', service);
      seen(body);
      const { spec } = body as { spec?: { ports: readonly { port: number }[] } };
      return status === 200 && spec?.ports[0]?.port === 8080;
    });
    await quiet(running);
    t.is(await generation(), before);
    const renew = ['annotate', 'twinenvironment', 'kept', '-n', 'shop-dev', 'twinlock.dev/renewTwinsAt=once'];
    await stage.cluster.kubectl(renew);
    const renewed = await untilStatus(stage, 'kept', (status) => status.lastHandledRenewTwinsAt === 'once');
    t.is(renewed.services?.[0]?.outdated, undefined);
    t.is(await imageOf(namespace, 'pay'), entry('v1', '3').image);
    await told(
      'TwinVersionChanged',
      `${which} as the catalogue has it now, as the annotation twinlock.dev/renewTwinsAt says`,
    );
    await running.stop();
  },
);

test.serial('what somebody edited while no process ran comes back', async (t) => {
  const first = await stage.startProcess();
  const { namespace = '' } = await bringUp(stage, 'edited', smallest);
  await quiet(first);
  await first.stop();
  const other = `registry.example/web@sha256:${'e'.repeat(64)}`;
  await stage.cluster.kubectl(['-n', namespace, 'set', 'image', 'deployment/web', `web=${other}`]);
  t.is(await imageOf(namespace, 'web'), other);
  const running = await stage.startProcess();
  await waitFor('the image is back', async (seen) => {
    const now = await imageOf(namespace, 'web');
    seen(now);
    return now !== other;
  });
  await quiet(running);
  await running.stop();
  t.is(await imageOf(namespace, 'web'), smallest.workloads[0].image);
});

test.serial('the process is ready within seconds, works, and leaves with its lease released', async (t) => {
  const [http = 0, health = 0] = await freePorts(2);
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      new URL('../../operator/processes/main.ts', import.meta.url).pathname,
      'environments',
      `--kubeconfig=${stage.accounts.environments}`,
      `--http-address=127.0.0.1:${http}`,
      `--health-address=127.0.0.1:${health}`,
      '--log-level=warn',
      '--leader-elect',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.teardown(() => child.kill('SIGKILL'));
  await waitFor('readiness', async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).ok, { interval: 20 });
  t.log(`ready after ${Math.round(performance.now() - started)} ms`);
  await stage.cluster.apply([environment('by-child', smallest)]);
  const { namespace = '' } = await untilStatus(stage, 'by-child', (status) => status.namespace !== undefined);
  await waitFor('it is Ready', async () => {
    await runPods(stage, namespace);
    const seen = await stage.cluster.request(
      'GET',
      '/apis/twinlock.dev/v1alpha1/namespaces/shop-dev/twinenvironments/by-child',
    );
    const { status } = seen.body as { status?: Parameters<typeof isReady>[0] };
    return status !== undefined && isReady(status);
  });
  const leases = await list<Object_ & { spec: { holderIdentity?: string } }>(
    stage,
    '/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases',
  );
  t.regex(leases.find(({ metadata }) => metadata.name === 'twinlock-environments')?.spec.holderIdentity ?? '', /_/);
  child.kill('SIGTERM');
  t.is(await exited, 0);
  const released = await list<Object_ & { spec: { holderIdentity?: string } }>(
    stage,
    '/apis/coordination.k8s.io/v1/namespaces/twinlock-system/leases',
  );
  t.falsy(released.find(({ metadata }) => metadata.name === 'twinlock-environments')?.spec.holderIdentity);
  t.deepEqual(
    lines.filter((line) => line.includes('"level":"error"')),
    [],
  );
});

test.serial(
  'an environment expires after inactivity: children go, the TwinEnvironment stays, an extension brings it back',
  async (t) => {
    const clock = new SteppedClock();
    const running = await stage.startProcess({}, clock.overrides);
    await stage.cluster.apply([environment('short', { ...smallest, ttl: { inactivity: '1h' } })]);
    const { namespace = '' } = await untilStatus(stage, 'short', (status) => status.namespace !== undefined);
    const expires = async (): Promise<TwinEnvironmentStatus> => {
      clock.pass(2_700_000);
      const told = await untilStatus(stage, 'short', (status) => condition(status, 'Expiring').status === 'True');
      t.is(
        condition(told, 'Expiring').message,
        `It expires at ${told.expiresAt}; a change of its spec or a new value of the annotation twinlock.dev/extendAt puts that off`,
      );
      clock.pass(900_000);
      return untilStatus(stage, 'short', (status) => status.phase === 'Expired' && status.namespace === undefined);
    };
    t.is(condition(await expires(), 'Ready').reason, 'Expired');
    t.is((await stage.cluster.request('GET', `/api/v1/namespaces/${namespace}`)).status, 404);
    await stage.cluster.kubectl([
      'annotate',
      'twinenvironment',
      'short',
      '-n',
      'shop-dev',
      'twinlock.dev/extendAt=once',
    ]);
    const back = await untilStatus(stage, 'short', (status) => status.namespace !== undefined);
    t.is(back.lastHandledExtendAt, 'once');
    await expires();
    await running.stop();
  },
);
