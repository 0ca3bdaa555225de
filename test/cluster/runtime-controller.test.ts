import { randomUUID } from 'node:crypto';
import test from 'ava';
import { Applier, ConfigMap, KubeEvent, Recorder, StatusWriter, systemClock } from '../../operator/kube/index.ts';
import type {
  Cache,
  Client,
  Informer,
  KubeClient,
  KubeObject,
  Logger,
  ResourceType,
} from '../../operator/kube/index.ts';
import {
  Controller,
  Metrics,
  TerminalError,
  generationChanged,
  watchFor,
  watchMapped,
} from '../../operator/runtime/index.ts';
import type { Reconcile } from '../../operator/runtime/index.ts';
import { sharedApi, waitFor } from '../harness/index.ts';
import type { Cluster } from '../harness/index.ts';
import { Gadget, configMap, gadget, installGadgets, stage } from '../stage/runtime.ts';
import type { Stage } from '../stage/runtime.ts';

let cluster: Cluster;
test.before(async () => {
  cluster = await sharedApi();
  await installGadgets(cluster);
});

/** Writes into a watch, and waits until it has told of that, and so of all that was written before. */
type Watched = () => Promise<void>;

interface Running {
  readonly controller: Controller;
  readonly cache: Cache;
  readonly watched: readonly Watched[];
  /** Names reconciled, oldest first. */
  readonly reconciled: string[];
  stop(): Promise<void>;
}

/** A controller in the shape of the real ones: a gadget has as many ConfigMaps as its size, and says so in its status. */
function gadgets({ admin, client, cache: newCache, namespace, logger }: Stage, metrics?: Metrics): Running {
  const cache = newCache();
  const owners = cache.informer(Gadget, { namespace });
  const children = cache.informer(ConfigMap, { namespace, labelSelector: 'gadget' });
  const applier = new Applier({ client, cache, fieldManager: 'gadgets', hashAnnotation: 'acme.dev/applied' });
  const statuses = new StatusWriter({ client, type: Gadget, fieldManager: 'gadgets-status', informer: owners });
  const reconciled: string[] = [];
  const reconcile: Reconcile = async ({ name }, signal) => {
    reconciled.push(name);
    const owner = owners.lister.get({ namespace, name });
    if (owner === undefined) return;
    for (let index = 0; index < owner.spec.size; index++) {
      const desired = configMap(namespace, `${name}-${index}`, String(index));
      const metadata = { ...desired.metadata, labels: { gadget: name } };
      await applier.apply(ConfigMap, { ...desired, metadata }, { signal });
    }
    await statuses.write(owner, { seen: owner.spec.size, words: ['a', 'b'] }, signal);
  };
  const controller = new Controller({
    clock: systemClock,
    name: 'gadgets',
    reconcile,
    watches: [
      watchFor(owners, generationChanged),
      watchMapped(children, ({ metadata }) => [{ namespace, name: metadata.labels?.['gadget'] ?? '' }]),
    ],
    maxConcurrentReconciles: 4,
    logger,
    metrics,
  });
  const stopping = new AbortController();
  const done = controller.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await done;
  };
  const watched = [marked(admin, Gadget, owners), marked(admin, ConfigMap, children)];
  return { controller, cache, watched, reconciled, stop };
}

function marked<T extends KubeObject>(admin: KubeClient, type: ResourceType<T>, { lister }: Informer<T>): Watched {
  return async () => {
    const [object] = lister.list();
    if (object === undefined) throw new Error(`no ${type.kind} is there`);
    const body = { metadata: { annotations: { 'acme.dev/marker': randomUUID() } } };
    const { metadata } = await admin.patch(type, object.metadata, { type: 'merge', body });
    await waitFor(
      `the ${type.kind} with its marker`,
      () => lister.get(metadata)?.metadata.resourceVersion === metadata.resourceVersion,
    );
  };
}

/** So many reconciles, and then silence: what was written came back as events, and none of them led to a write. */
async function quiet({ proxy }: Stage, { controller, watched, reconciled }: Running, atLeast: number): Promise<void> {
  await waitFor(`${atLeast} reconciles`, (seen) => {
    seen(reconciled.length);
    return reconciled.length >= atLeast && controller.idle;
  });
  await waitFor('silence', async (seen) => {
    const before = proxy.writes.length;
    seen(before);
    for (const mark of watched) await mark();
    await waitFor('the reconciles that follow', () => controller.idle);
    return proxy.writes.length === before;
  });
}

async function childrenOf(admin: KubeClient, namespace: string): Promise<string> {
  const { items } = await admin.list(ConfigMap, { namespace, labelSelector: 'gadget' });
  return items
    .map(({ metadata, data }) => `${metadata.name}=${data?.['value'] ?? ''}`)
    .sort()
    .join(' ');
}

test('a converged world costs no request, and a restart costs no write', async (t) => {
  const setting = await stage(t, cluster);
  const { admin, proxy, namespace } = setting;
  for (const name of ['a', 'b', 'c']) await admin.create(Gadget, gadget(namespace, name, 4));
  const first = gadgets(setting);
  await quiet(setting, first, 3);
  t.is((await childrenOf(admin, namespace)).split(' ').length, 12);
  // Twelve children and three statuses, each written once, although every write came back as an event.
  t.is(proxy.writes.length, 15);
  t.is(proxy.requests.length, 15);
  const again = first.reconciled.length + 3;
  for (const name of ['a', 'b', 'c']) first.controller.enqueue({ namespace, name });
  await quiet(setting, first, again);
  t.is(proxy.requests.length, 15, 'reconciled again without a request');
  await first.stop();

  const second = gadgets(setting);
  await quiet(setting, second, 3);
  t.is(proxy.requests.length, 15, 'a restart read from its watches alone and wrote nothing');
  await second.stop();
});

test('what somebody deleted is put back with one write, and what others add is theirs', async (t) => {
  const setting = await stage(t, cluster);
  const { admin, proxy, namespace } = setting;
  await admin.create(Gadget, gadget(namespace, 'a', 3));
  const running = gadgets(setting);
  await quiet(setting, running, 1);
  const before = proxy.writes.length;
  await admin.delete(ConfigMap, { namespace, name: 'a-2' });
  await waitFor('the object', async () => (await childrenOf(admin, namespace)) === 'a-0=0 a-1=1 a-2=2');
  await quiet(setting, running, 2);
  t.is(proxy.writes.length - before, 1);
  // Counted before: the event may be quicker than the answer.
  const next = running.reconciled.length + 1;
  await admin.patch(ConfigMap, { namespace, name: 'a-1' }, { type: 'merge', body: { data: { other: 'x' } } });
  await quiet(setting, running, next);
  t.is(proxy.writes.length - before, 1);
  await running.stop();
});

test('the status is written once per change, as a whole', async (t) => {
  const setting = await stage(t, cluster);
  const { admin, proxy, namespace } = setting;
  await admin.create(Gadget, gadget(namespace, 'a', 1));
  const running = gadgets(setting);
  await quiet(setting, running, 1);
  const statuses = (): number => proxy.writes.filter(({ path }) => path.endsWith('/status')).length;
  t.is(statuses(), 1);
  await admin.patch(Gadget, { namespace, name: 'a' }, { type: 'merge', body: { spec: { size: 2 } } });
  await waitFor('the new status', async () => (await admin.get(Gadget, { namespace, name: 'a' })).status?.seen === 2);
  await quiet(setting, running, 2);
  t.is(statuses(), 2);
  const statusWriter = new StatusWriter({ client: setting.client, type: Gadget, fieldManager: 'gadgets-status' });
  const observed = await admin.get(Gadget, { namespace, name: 'a' });
  await running.stop();
  const forged = { status: { forged: 'by an editor' } };
  await admin.patch(Gadget, { namespace, name: 'a' }, { type: 'merge', body: forged }, { subresource: 'status' });
  t.is(await statusWriter.write(observed, { seen: 9 }), 'Written');
  const { status } = await admin.get(Gadget, { namespace, name: 'a' });
  t.deepEqual(status, { seen: 9 }, 'a field left out is gone, and so is what somebody else wrote');
  await t.throwsAsync(
    statusWriter.write(observed, { words: ['longer than its schema'] }),
    { message: /is invalid: status.words/ },
    'a status that is refused is no object that is gone',
  );
  // Deleted and made again: the status was worked out for another object.
  await admin.delete(Gadget, { namespace, name: 'a' });
  await admin.create(Gadget, gadget(namespace, 'a', 1));
  t.is(await statusWriter.write(observed, { seen: 1 }), 'Gone');
  t.is((await admin.get(Gadget, { namespace, name: 'a' })).status, undefined);
  await admin.delete(Gadget, { namespace, name: 'a' });
  t.is(await statusWriter.write(observed, { seen: 1 }), 'Gone');
});

test('a failing reconcile is tried again, a terminal one is not, and a result may ask for later', async (t) => {
  const setting = await stage(t, cluster);
  const { admin, cache, namespace, logger } = setting;
  const owners = cache().informer(Gadget, { namespace });
  const metrics = new Metrics();
  const calls = new Map<string, number>();
  const reconcile: Reconcile = async ({ name }) => {
    const call = (calls.get(name) ?? 0) + 1;
    calls.set(name, call);
    if (name === 'fails' && call < 4) throw new Error('not yet');
    if (name === 'breaks' && call < 2) throw new TypeError('a defect');
    if (name === 'hopeless') throw new TerminalError('never');
    if (name === 'later' && call < 3) return { requeueAfter: 20 };
    return undefined;
  };
  const quietLogger: Logger = { ...logger, error: () => undefined };
  const controller = new Controller({
    clock: systemClock,
    name: 'four',
    reconcile,
    watches: [watchFor(owners)],
    logger: quietLogger,
    metrics,
  });
  const stop = new AbortController();
  const done = controller.run(stop.signal);
  for (const name of ['fails', 'breaks', 'hopeless', 'later']) await admin.create(Gadget, gadget(namespace, name, 1));
  const expected = 'breaks 2, fails 4, hopeless 1, later 3';
  const told = (): string =>
    [...calls]
      .map(([name, count]) => `${name} ${count}`)
      .sort()
      .join(', ');
  await waitFor(expected, (seen) => {
    seen(told());
    return told() === expected;
  });
  await admin.patch(Gadget, { namespace, name: 'hopeless' }, { type: 'merge', body: { spec: { size: 2 } } });
  await waitFor('a change to give hope again', () => calls.get('hopeless') === 2);
  stop.abort();
  await done;
  const text = await metrics.registry.metrics();
  t.regex(text, /controller_runtime_reconcile_errors_total\{controller="four"\} 6/);
  t.regex(text, /controller_runtime_terminal_reconcile_errors_total\{controller="four"\} 2/);
  t.regex(text, /controller_runtime_reconcile_panics_total\{controller="four"\} 1/);
  t.regex(text, /controller_runtime_reconcile_total\{controller="four",result="requeue_after"\} 2/);
  t.regex(text, /workqueue_retries_total\{name="four",controller="four"\} 4/);
});

test('stopping waits for the reconcile under way and tells it', async (t) => {
  const setting = await stage(t, cluster);
  const { admin, cache, namespace, logger } = setting;
  const owners = cache().informer(Gadget, { namespace });
  const story: string[] = [];
  const reconcile: Reconcile = async (_request, signal) => {
    story.push('began');
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    story.push('told');
    await new Promise((resolve) => setTimeout(resolve, 50));
    story.push('ended');
  };
  const controller = new Controller({
    clock: systemClock,
    name: 'slow',
    reconcile,
    watches: [watchFor(owners)],
    logger,
  });
  const stop = new AbortController();
  const done = controller.run(stop.signal);
  await admin.create(Gadget, gadget(namespace, 'a', 1));
  await waitFor('the reconcile', () => story.length === 1);
  stop.abort();
  await done;
  t.deepEqual(story, ['began', 'told', 'ended']);
});

test('repeated events become one with a count, and a recorder never fails its caller', async (t) => {
  const { admin, client, proxy, namespace, logger } = await stage(t, cluster);
  const regarding = await admin.create(Gadget, gadget(namespace, 'a', 1));
  const recorder = new Recorder({
    client,
    clock: systemClock,
    controller: 'acme.dev/gadgets',
    instance: 'test-0',
    logger,
  });
  const event = { regarding, type: 'Warning', reason: 'Failed', action: 'Reconcile', note: 'it did not work' } as const;
  recorder.record(event);
  recorder.record(event);
  for (let count = 0; count < 50; count++) recorder.record(event);
  recorder.record({ ...event, reason: 'Else', note: 'x'.repeat(5_000) });
  await recorder.flush();
  const { items } = await admin.list(KubeEvent, { namespace });
  const failed = items.filter(({ reason }) => reason === 'Failed');
  t.is(failed.length, 1);
  t.like(failed[0], {
    type: 'Warning',
    action: 'Reconcile',
    reportingController: 'acme.dev/gadgets',
    note: 'it did not work',
  });
  t.true((failed[0]?.series?.count ?? 0) >= 2);
  t.is(items.find(({ reason }) => reason === 'Else')?.note?.length, 1024 - 2);
  t.true(proxy.writes.length <= 4, `${proxy.writes.length} writes for 53 events`);
  proxy.script = () => ({ status: 403 });
  t.notThrows(() => recorder.record({ ...event, reason: 'Refused' }));
  await t.notThrowsAsync(recorder.flush());
});

test('a reconcile that writes reads what it wrote, however slow the watch is', async (t) => {
  const { admin, client, proxy, namespace, cache } = await stage(t, cluster);
  const made = cache();
  const informer = made.informer(ConfigMap, { namespace });
  await informer.whenSynced();
  proxy.silence();
  const applier = new Applier({
    client: client satisfies Client,
    cache: made,
    fieldManager: 'me',
    hashAnnotation: 'acme.dev/applied',
  });
  const desired = configMap(namespace, 'a', '1');
  t.is((await applier.apply(ConfigMap, desired)).outcome, 'Created');
  t.is((await applier.apply(ConfigMap, desired)).outcome, 'Unchanged');
  t.is((await applier.apply(ConfigMap, configMap(namespace, 'a', '2'))).outcome, 'Configured');
  t.is((await applier.apply(ConfigMap, configMap(namespace, 'a', '2'))).outcome, 'Unchanged');
  t.is(proxy.requests.length, 2);
  t.is((await admin.get(ConfigMap, { namespace, name: 'a' })).data?.['value'], '2');
});
