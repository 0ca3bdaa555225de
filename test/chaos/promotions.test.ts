import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { chainFaults } from '../../operator/records/index.ts';
import { images, Shop } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import { waitFor } from '../harness/index.ts';
import { KeptAlive } from './kept-alive.ts';
import { TemplateWatcher } from './watcher.ts';
import { chaosSeed, startWeather } from './weather.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(async () => {
  await stage?.stop();
});

const version = (shop: number, step: number): string =>
  `registry.example/web@sha256:${`${shop}${step}`.padStart(64, 'd')}`;
const STEPS = 4;
const SHOPS = 2;

/** Somebody with `edit` who tries other content all the time; returns how often, once stopped. */
function intruder(namespace: string): { stop(): Promise<{ tried: number; let_in: number[] }> } {
  const { cluster, people } = stage;
  const stopped = new AbortController();
  const seen = { tried: 0, let_in: [] as number[] };
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image: images.evil }] } } } };
  const contentType = 'application/strategic-merge-patch+json';
  const trying = (async () => {
    while (!stopped.signal.aborted) {
      const options = { as: people.dev.kubeconfig, body, contentType };
      const answer = await cluster.request('PATCH', deploymentPath(namespace, 'web'), options).catch(() => undefined);
      if (answer !== undefined) seen.tried++;
      if (answer !== undefined && answer.status < 300) seen.let_in.push(answer.status);
      await pause(40);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await trying;
      return seen;
    },
  };
}

/** Restarts it and waits until it knows its kinds again: before, it answers people's writes with 503. */
async function restartApiServer(shops: readonly Shop[]): Promise<void> {
  await stage.cluster.restartApiServer();
  const write = async (namespace: string, kind: string, plural: string, spec: object): Promise<number> => {
    const body = { apiVersion: 'twinlock.dev/v1alpha1', kind, metadata: { name: 'try' }, spec };
    return (await stage.cluster.request('POST', `${path(namespace, plural)}?dryRun=All`, { body })).status;
  };
  for (const { namespace, dev } of shops)
    await waitFor('the API server takes writes', async (seen) => {
      const environmentRef = { namespace: dev, name: 'pr-0' };
      const statuses = await Promise.all([
        write(namespace, 'Promotion', 'promotions', { environmentRef, targetRef: { name: 'web' } }),
        write(dev, 'TwinEnvironment', 'twinenvironments', { services: [{ name: 'stripe' }] }),
      ]);
      seen(statuses);
      return statuses.every((status) => status === 201);
    });
}

test('two promotions processes in a storm, an API server that restarts: production is the old or the approved content', async (t) => {
  t.timeout(600_000);
  const seed = chaosSeed();
  t.log(`TWINLOCK_CHAOS_SEED=${seed}`);
  const weathers = await Promise.all(
    [1, 2].map((n) => startWeather(seed + n, stage.accounts.promotions, join(stage.folder, `weather-${n}`))),
  );
  const processes = weathers.map(
    ({ kubeconfig }) => new KeptAlive(() => stage.startProcess({ kubeconfig, leaderElect: true })),
  );
  const shops = await Promise.all(
    Array.from({ length: SHOPS }, (_, n) => new Shop(stage, `storm-${n}`).open().then((shop) => shop.ready())),
  );
  const watchers = await Promise.all(
    shops.map(({ namespace }) => TemplateWatcher.start(stage.cluster.kubeconfig, namespace)),
  );
  const intruders = shops.map(({ namespace }) => intruder(namespace));
  try {
    for (let step = 0; step < STEPS; step++) {
      const name = `web-${step}`;
      await Promise.all(
        shops.map(async (shop, n) => {
          await shop.environment(`pr-${step}`, version(n, step));
          await shop.promote(name, `pr-${step}`);
          await shop.promotion(name, ({ status }) => status?.phase === 'AwaitingApproval', 120_000);
        }),
      );
      // The vote, and in the middle of what follows the leader ends, or the API server.
      await Promise.all(shops.map((shop) => shop.cast(name, stage.people.alice)));
      if (step === 1) await processes[0]?.restart();
      if (step === 2) await restartApiServer(shops);
      if (step === 3) await processes[1]?.restart();
      await Promise.all(shops.map((shop) => shop.phase(name, 'Completed', 120_000)));
    }
    for (const [n, shop] of shops.entries()) {
      const records = await shop.records();
      t.deepEqual(chainFaults(records), []);
      const told = records.map(({ type, outcome }) => outcome?.result ?? type);
      const each = ['Round', 'Approved', 'Completed'];
      t.deepEqual(told, ['Adopted', ...Array.from({ length: STEPS }, () => each).flat()]);
      const wanted = [images.first, ...Array.from({ length: STEPS }, (_, step) => version(n, step))];
      for (const name of ['web', 'worker'])
        t.deepEqual(watchers[n]?.images.get(name), wanted, 'each once, in the order of the votes, and nothing else');
    }
    for (const { stop } of intruders) {
      const { tried, let_in } = await stop();
      t.deepEqual(let_in, []);
      t.true(tried > 50, `it was tried ${tried} times`);
    }
  } finally {
    await Promise.all(intruders.map(({ stop }) => stop()));
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    for (const { clear } of weathers) clear();
    await Promise.all(processes.map((each) => each.stop()));
    await Promise.all(weathers.map(({ stop }) => stop()));
  }
  const faults = weathers.map(({ faults: met }) => Object.fromEntries(met));
  t.log(JSON.stringify(faults), `${processes.map(({ starts }) => starts).join(' and ')} starts`);
  t.true(weathers.reduce((sum, { met }) => sum + met, 0) > 20, 'the storm was none');
});
