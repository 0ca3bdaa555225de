/** Jobs before and after a rollout: signed, run once, and what their end means, with Kubernetes' own Job controller. */
import test from 'ava';
import { shownObjects } from '../chart/docs.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { must, openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

function job(name: string, image = images.second, spec: Json = {}): Json {
  const template = {
    metadata: { labels: { app: name } },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name, image }] },
  };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { backoffLimit: 0, template, ...spec } };
}

interface Found {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: { readonly succeeded?: number; readonly failed?: number };
}

async function jobs(shop: Shop): Promise<readonly Found[]> {
  const at = `/apis/batch/v1/namespaces/${shop.namespace}/jobs`;
  return (must(await stage.cluster.request('GET', at), 'Jobs') as unknown as { readonly items: readonly Found[] })
    .items;
}

async function open(namespace: string, running = images.second): Promise<Shop> {
  const shop = await new Shop(stage, namespace).open();
  await shop.target((target) => conditionOf(target, 'Ready')?.status === 'True', 'web', 60_000);
  await shop.environment('pr-42', running);
  return shop;
}

async function promote(shop: Shop, spec: Json): Promise<void> {
  await shop.promote('web-42', 'pr-42', { spec: { jobs: spec } });
  await shop.vote('web-42', stage.people.alice);
}

test.serial(
  'Jobs run before and after, in their order, each once; their pods are as signed, and the lock closes',
  async (t) => {
    const shop = await open('jobs-both');
    await promote(shop, { before: [job('migrate'), job('seed')], after: [job('smoke')] });
    const done = await shop.phase('web-42', 'Completed', 60_000);
    t.is(await shop.image(), images.second);
    const found = await jobs(shop);
    t.deepEqual(found.map(({ metadata }) => /^web-42-(\w+)-[0-9a-f]{8}$/.exec(metadata.name)?.[1]).toSorted(), [
      'migrate',
      'seed',
      'smoke',
    ]);
    t.true(found.every(({ status }) => status?.succeeded === 1));
    const records = await shop.records();
    t.deepEqual(
      records.flatMap(({ type, job: over, outcome }) => over?.name ?? outcome?.result ?? type),
      ['Adopted', 'Round', 'Approved', 'migrate', 'seed', 'smoke', 'Completed'],
    );
    const statement = done.status?.approval?.statements?.approve ?? '';
    t.regex(
      statement,
      /"jobs": \[\s+\{\s+"digest": "sha256:[0-9a-f]{64}",\s+"name": "migrate",\s+"undone": false,\s+"when": "before"/,
    );
    const lock = must(
      await stage.cluster.request('GET', `/apis/twinlock.dev/v1alpha1/namespaces/${shop.namespace}/workloadlocks/lock`),
      'the lock',
    );
    t.false('jobs' in (lock['spec'] as Json));
    await shop.ready();
  },
);

test.serial(
  'a Job before that fails ends the promotion in the words of its pod, and nothing else is changed',
  async (t) => {
    const shop = await open('jobs-fails');
    const broken = `registry.example/web@sha256:${'7'.repeat(64)}`;
    stage.pods.fail(broken, 'relation "users" does not exist');
    const ran = [
      ...shop.running(images.second),
      { name: 'migrate', images: [{ container: 'migrate', image: broken }], ready: true },
    ];
    await shop.environment('pr-43', images.second, { workloads: ran });
    await shop.promote('web-43', 'pr-43', { spec: { jobs: { before: [job('migrate', broken), job('seed')] } } });
    await shop.vote('web-43', stage.people.alice);
    const failed = await shop.phase('web-43', 'Failed', 40_000);
    const ready = conditionOf(failed, 'Ready');
    t.is(ready?.reason, 'JobFailed');
    t.regex(ready?.message ?? '', /migrate.*relation "users" does not exist.*nothing else was changed/s);
    t.is(await shop.image(), images.first);
    t.is((await jobs(shop)).length, 1, 'the next one is not run');
    await shop.ready();
  },
);

test.serial('a Job after that fails takes the workloads back', async (t) => {
  const shop = await open('jobs-after');
  const broken = `registry.example/web@sha256:${'8'.repeat(64)}`;
  stage.pods.fail(broken, '3 of 9 checks failed');
  const ran = [
    ...shop.running(images.second),
    { name: 'smoke', images: [{ container: 'smoke', image: broken }], ready: true },
  ];
  await shop.environment('pr-43', images.second, { workloads: ran });
  await shop.promote('web-43', 'pr-43', { spec: { jobs: { after: [job('smoke', broken)] } } });
  await shop.vote('web-43', stage.people.alice);
  const back = await shop.phase('web-43', 'RolledBack', 60_000);
  t.is(conditionOf(back, 'Ready')?.reason, 'JobFailed');
  t.regex(conditionOf(back, 'Ready')?.message ?? '', /3 of 9 checks failed/);
  t.is(await shop.image(), images.first);
  await shop.ready();
});

test.serial('a Job that does not end in its time is ended, and the promotion fails', async (t) => {
  const shop = await open('jobs-late', images.third);
  stage.pods.hold(images.third);
  await promote(shop, { before: [job('migrate', images.third)] });
  await shop.promotion('web-42', ({ status }) => conditionOf({ status }, 'Ready')?.reason === 'JobRunning', 20_000);
  clock.pass(600_000);
  const failed = await shop.phase('web-42', 'Failed', 40_000);
  clock.back();
  t.regex(conditionOf(failed, 'Ready')?.message ?? '', /did not end until/);
  await waitFor('the Job is gone', async () => (await jobs(shop)).length === 0);
  t.is(await shop.image(), images.first);
  await shop.ready();
});

test.serial('while its step runs nobody deletes the Job; who suspends it ends the promotion', async (t) => {
  const shop = await open('jobs-held', images.evil);
  stage.pods.hold(images.evil);
  await promote(shop, { before: [job('migrate', images.evil)] });
  const [made] = await waitFor('the Job is there', async () => {
    const found = await jobs(shop);
    return found.length > 0 && found;
  });
  const at = `/apis/batch/v1/namespaces/${shop.namespace}/jobs/${made?.metadata.name}`;
  const deleted = await stage.cluster.request('DELETE', `${at}?propagationPolicy=Background`);
  t.is(deleted.status, 403);
  t.regex(JSON.stringify(deleted.body), /twinlock-job-runs.*to stop it, suspend it/);
  await stage.cluster.kubectl(
    ['-n', shop.namespace, 'patch', `job/${made?.metadata.name}`, '--type=merge', '-p', '{"spec":{"suspend":true}}'],
    { as: stage.people.dev.kubeconfig },
  );
  const failed = await shop.phase('web-42', 'Failed', 30_000);
  t.regex(conditionOf(failed, 'Ready')?.message ?? '', /somebody suspended it/);
  t.is(await shop.image(), images.first);
});

test.serial(
  'a Job whose image ran nowhere, one that is refused and one that would never run are told before anybody signs',
  async (t) => {
    const shop = await open('jobs-refused');
    const reason = async (name: string, spec: Json): Promise<string> => {
      await shop.promote(name, 'pr-42', { spec: { jobs: { before: [spec] } } });
      const told = await shop.promotion(name, (each) => conditionOf(each, 'Stalled')?.status === 'True');
      const { reason: why = '', message = '' } = conditionOf(told, 'Ready') ?? {};
      return `${why}: ${message}`;
    };
    t.regex(await reason('web-1', job('migrate', images.third)), /ImageNotInEnvironment: Job\/migrate /);
    t.regex(await reason('web-2', job('migrate', images.second, { backoffLimit: -1 })), /PlanRefused: .*backoffLimit/s);
    t.regex(
      await reason('web-3', job('migrate', images.second, { suspend: true })),
      /PlanRefused: Job migrate is suspended/,
    );
  },
);

test.serial('the page: its Jobs run as they stand there', async (t) => {
  const shown = (await shownObjects()).filter(({ page }) => page === 'docs/jobs.md').map(({ object }) => object);
  const [found] = shown as unknown as readonly { readonly spec: { readonly jobs: Json } }[];
  const [, running = ''] = /"image":"([^"]+)"/.exec(JSON.stringify(found?.spec.jobs)) ?? [];
  stage.pods.release(running);
  const shop = await open('jobs-page', running);
  await promote(shop, found?.spec.jobs ?? {});
  await shop.phase('web-42', 'Completed', 60_000);
  const made = await jobs(shop);
  t.deepEqual(made.map(({ metadata }) => metadata.name.split('-')[2]).toSorted(), ['migrate', 'smoke']);
  t.is(await shop.image(), running);
});
