import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  bringUp,
  environment,
  list,
  openEnvironments,
  pathOf,
  read,
  smallest,
  twinImage,
  type Object_,
  type Stage,
} from '../stage/environments.ts';
import { waitFor } from '../harness/index.ts';
import { KeptAlive } from './kept-alive.ts';
import { chaosSeed, startWeather } from './weather.ts';

let stage: Stage;
let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinlock-storm-'));
  stage = await openEnvironments({ testFile: import.meta.filename });
});
test.after.always(async () => {
  await stage?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Resource {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** Where the API server lists anything at all, as it says itself. */
async function collections(): Promise<readonly string[]> {
  const { groups } = await read<{
    readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
  }>(stage, '/apis');
  const roots = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const found = await Promise.all(
    roots.map(async (root) => {
      const { resources } = await read<{ readonly resources: readonly Resource[] }>(stage, root);
      return resources.filter(({ verbs }) => verbs.includes('list')).map(({ name }) => `${root}/${name}`);
    }),
  );
  return found.flat();
}

/** Everything on the cluster that is labelled as an environment's. */
async function labelled(): Promise<readonly string[]> {
  const found = await Promise.all(
    (await collections()).map(async (at) => {
      const objects = await list<Object_>(stage, `${at}?labelSelector=twinlock.dev%2Fenvironment`);
      return objects.map(({ metadata }) => `${at} ${metadata.name}`);
    }),
  );
  return found.flat();
}

test('in a storm environments come up, change and go, and leave nothing behind', async (t) => {
  t.timeout(300_000);
  const seed = chaosSeed();
  t.log(`TWINLOCK_CHAOS_SEED=${seed}`);
  const weather = await startWeather(seed, stage.accounts.environments, join(folder, 'weather'));
  const process_ = new KeptAlive(() => stage.startProcess({ kubeconfig: weather.kubeconfig, leaderElect: true }));
  const names = ['pr-1', 'pr-2', 'pr-3', 'pr-4'];
  try {
    await Promise.all(names.map((name) => bringUp(stage, name, smallest)));
    t.true((await labelled()).length > 40);
    // One gets another service, one loses its own, while the process starts anew.
    const search = { name: 'search', image: twinImage, port: 7700 };
    await Promise.all([
      bringUp(stage, 'pr-1', { ...smallest, services: [...smallest.services, search] }),
      bringUp(stage, 'pr-2', { ...smallest, services: [] }),
      process_.restart(),
    ]);
    const services = await list<Object_>(stage, '/api/v1/services?labelSelector=twinlock.dev%2Fenvironment%3Dpr-2');
    await waitFor('the service that was taken out is gone', async (seen) => {
      const left = await list<Object_>(stage, '/api/v1/services?labelSelector=twinlock.dev%2Fenvironment%3Dpr-2');
      seen(left.map(({ metadata }) => metadata.name));
      return !left.some(({ metadata }) => metadata.name === 'stripe');
    });
    t.true(services.some(({ metadata }) => metadata.name === 'web'));
    // Some are deleted as they are, one that was only just asked for.
    await stage.cluster.apply([environment('pr-5', smallest)]);
    await Promise.all([...names, 'pr-5'].map((name) => stage.cluster.request('DELETE', pathOf(name))));
    await waitFor(
      'nothing is left',
      async (seen) => {
        const left = await labelled();
        seen(left);
        const environments = await list<Object_>(stage, '/apis/twinlock.dev/v1alpha1/twinenvironments');
        return left.length === 0 && environments.length === 0;
      },
      { timeout: 120_000 },
    );
  } finally {
    weather.clear();
    await process_.stop();
    await weather.stop();
  }
  t.log(JSON.stringify(Object.fromEntries(weather.faults)), `${process_.starts} starts`);
  t.true(weather.met > 10, 'the storm was none');
});
