import test from 'ava';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { waitFor } from '../harness/index.ts';
import { conditionOf, images } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';
import { Place, without } from '../stage/place.ts';

let stage: Stage;
let operator: RunningProcess;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  operator = await stage.startProcess();
});
test.after.always(() => stage?.stop());

async function pair(namespace: string): Promise<Place> {
  const here = await new Place(stage, namespace).empty();
  await here.runs('web');
  return here.runs('api');
}

const named = (...names: readonly string[]): Json => ({
  workloads: names.map((name) => ({ kind: 'Deployment', name })),
});

/** Deletes a workload as who may take its protection off. */
async function removeWorkload(here: Place, name: string): Promise<void> {
  const restore = await without(stage, 'twinlock-delete');
  await waitFor(`${name} can be deleted`, async () => {
    const { status } = await stage.cluster.request('DELETE', deploymentPath(here.namespace, name));
    return status === 200 || status === 404;
  });
  await restore();
}

async function anotherPod(here: Place, app: string): Promise<void> {
  const [before] = await here.pods(app);
  await stage.cluster.request('DELETE', here.core('pods', before?.metadata.name));
  await waitFor(`another pod of ${app}`, async (seen) => {
    const pods = await here.pods(app);
    seen(pods.map(({ metadata }) => metadata.name));
    return pods.length > 0 && pods.every(({ metadata }) => metadata.uid !== before?.metadata.uid);
  });
}

const held = async (here: Place): Promise<readonly string[]> =>
  (await here.lock()).map(({ name, target }) => `${name} of ${target}`);

test.serial(
  'a workload that is given up runs on as approved, is named again, and goes when it is deleted',
  async (t) => {
    const here = await pair('given-up');
    await here.protect('web', ['web', 'api']);
    await here.isReady();
    await here.retarget(named('web'));
    const warned = await here.target(
      ({ status }) => status?.warnings?.some((line) => line.includes('Deployment/api')) ?? false,
    );
    t.is(conditionOf(warned, 'Ready')?.status, 'True');
    t.deepEqual(await held(here), ['api of web', 'web of web']);
    await anotherPod(here, 'api');
    const edit = await stage.cluster.request('PATCH', deploymentPath('given-up', 'api'), {
      body: { spec: { template: { spec: { containers: [{ name: 'api', image: images.evil }] } } } },
      contentType: 'application/strategic-merge-patch+json',
    });
    t.is(edit.status, 403, 'its content stays frozen');
    await here.retarget(named('web', 'api'));
    await here.target(({ status }) => status?.current?.length === 2);
    await here.isReady();
    await here.retarget(named('web'));
    await removeWorkload(here, 'api');
    await waitFor('the lock forgets it', async () => (await held(here)).join() === 'web of web');
    await here.target(({ status }) => status?.enforcement === 'Active', 'web', 40_000);
    await here.isReady();
    t.deepEqual(
      (await here.records()).map(({ type }) => type),
      ['Adopted'],
    );
  },
);

test.serial('what a deleted target leaves beside another runs on, and a third takes it over', async (t) => {
  const here = await pair('left');
  await here.protect('web', ['web']).catch(() => undefined);
  await here.stuck('UnnamedWorkloads');
  await here.protect('api', ['api']);
  await here.nudge();
  await here.isReady('web');
  await here.isReady('api');
  await here.release('api');
  const warned = await here.target(
    ({ status }) => status?.warnings?.some((line) => line.includes('Deployment/api')) ?? false,
  );
  t.is(conditionOf(warned, 'Ready')?.status, 'True');
  t.deepEqual(await held(here), ['api of api', 'web of web']);
  await anotherPod(here, 'api');
  await here.protect('third', ['api']);
  await here.isReady('third');
  t.deepEqual(await held(here), ['api of third', 'web of web']);
  t.is(await here.label(), 'true');
});

test.serial(
  'a namespace that is restored with its label recovers by itself, and is protected by its target',
  async (t) => {
    const here = await new Place(stage, 'restored').empty({ 'twinlock.dev/protected': 'true' });
    await here.protect();
    await waitFor('the label is taken off', async () => (await here.label()) === undefined);
    await waitFor('an event says so', async (seen) => {
      const { items } = await stage.send('GET', '/apis/events.k8s.io/v1/events');
      const events = items as readonly { readonly reason: string; readonly note: string }[];
      seen(events.map(({ reason }) => reason));
      return events.some(({ reason }) => reason === 'LabelWithoutLock');
    });
    await here.isReady();
    t.is(await here.label(), 'true');
  },
);

test.serial('a namespace that is copied with its label and without a target is an ordinary one', async (t) => {
  const here = await new Place(stage, 'copied').empty({ 'twinlock.dev/protected': 'true' });
  await waitFor('the label is taken off', async () => (await here.label()) === undefined);
  await here.runs();
  t.is((await here.pods()).length, 1);
});

test.serial('denied: a label stays where a target was taken over and only its lock is gone', async (t) => {
  const here = await (await new Place(stage, 'kept').empty()).runs();
  await here.protect();
  await here.isReady();
  await operator.stop();
  const restore = await without(stage, 'twinlock-operator-only');
  await waitFor('the lock can be deleted', async () => {
    const { status } = await stage.cluster.request('DELETE', path('kept', 'workloadlocks', 'lock'));
    return status === 200 || status === 404;
  });
  await restore();
  operator = await stage.startProcess();
  await waitFor('the lock is there again', async () => {
    t.is(await here.label(), 'true');
    return (await stage.cluster.request('GET', path('kept', 'workloadlocks', 'lock'))).status === 200;
  });
  await here.isReady();
});

test.serial(
  'mode Warn refuses nothing, follows what is live, and is enforced when nothing stands in the way',
  async (t) => {
    const here = await (await new Place(stage, 'warned').empty()).runs();
    await stage.send('POST', here.core('pods'), {
      metadata: { name: 'debug' },
      spec: { containers: [{ name: 'sh', image: images.evil }] },
    });
    await here.protect('web', ['web'], { mode: 'Warn' });
    const resting = await here.target((target) => conditionOf(target, 'Ready')?.reason === 'NotEnforced');
    t.is(conditionOf(resting, 'Stalled')?.reason, 'NotEnforced', 'nobody has to wait for it');
    t.is(conditionOf(resting, 'Reconciling'), undefined);
    t.is(conditionOf(resting, 'Enforced')?.reason, 'Warn');
    t.true(resting.status?.warnings?.some((line) => line.startsWith('before mode: Enforce') && line.includes('debug')));
    t.is(await here.label(), 'warn');
    await stage.cluster.kubectl(['set', 'image', 'deployment/web', `web=${images.second}`, '-n', 'warned']);
    await here.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.second);
    const again = (await here.records()).at(-1);
    t.is(again?.type, 'Adopted');
    t.regex(again?.message ?? '', /while mode is Warn/);
    await here.retarget({ mode: 'Enforce' });
    await here.stuck('ForeignPods');
    t.is(await here.label(), 'warn', 'what stands in the way still does');
    await stage.send('DELETE', here.core('pods', 'debug'));
    await here.nudge();
    await here.isReady();
    t.is(await here.label(), 'true');
    const edit = await stage.cluster.request('PATCH', deploymentPath('warned', 'web'), {
      body: { spec: { template: { spec: { containers: [{ name: 'web', image: images.evil }] } } } },
      contentType: 'application/strategic-merge-patch+json',
    });
    t.is(edit.status, 403);
  },
);

test.serial('a promotion goes on where nothing is enforced', async (t) => {
  const here = new Place(stage, 'warn-promotes');
  await here.open({ target: { mode: 'Warn' } });
  await here.target((target) => conditionOf(target, 'Ready')?.reason === 'NotEnforced');
  await here.environment('pr-42', images.second);
  await here.promote('web-42', 'pr-42');
  await here.vote('web-42', stage.people.alice);
  await here.phase('web-42', 'Completed', 90_000);
  t.is(await here.image(), images.second);
});
