/** A CronJob of a target: adopted, promoted, suspended, taken back, created and removed, with Kubernetes' own controllers. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { shownObjects } from '../chart/docs.ts';
import { run, waitFor, type CommandResult } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { must, openPromotions, type Person, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

const workloads = [
  { kind: 'Deployment', name: 'web' },
  { kind: 'CronJob', name: 'nightly' },
];

function cronJob(namespace: string, image: string, spec: Json = {}, job: Json = {}): Json {
  const template = {
    metadata: { labels: { app: 'nightly' } },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'nightly', image }] },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace },
    spec: { schedule: '0 3 1 1 *', jobTemplate: { spec: { template, ...job } }, ...spec },
  };
}

interface Live {
  readonly metadata: { readonly name: string; readonly uid: string; readonly creationTimestamp: string };
  readonly spec: Json & { readonly suspend?: boolean };
  readonly status?: { readonly succeeded?: number };
}

const batch = (shop: Shop, kind: 'cronjobs' | 'jobs', name = ''): string =>
  `/apis/batch/v1/namespaces/${shop.namespace}/${kind}${name === '' ? '' : `/${name}`}`;

async function live(shop: Shop): Promise<Live> {
  return must(await stage.cluster.request('GET', batch(shop, 'cronjobs', 'nightly')), 'the CronJob') as unknown as Live;
}

async function image(shop: Shop): Promise<string | undefined> {
  return /"image":"([^"]+)"/.exec(JSON.stringify((await live(shop)).spec))?.[1];
}

async function jobs(shop: Shop): Promise<readonly Live[]> {
  const { items } = must(await stage.cluster.request('GET', batch(shop, 'jobs')), 'Jobs') as unknown as {
    readonly items: readonly Live[];
  };
  return items;
}

/** @param progressDeadline shorter than by default only where a rollout is to fail: a busy machine needs its time */
async function open(namespace: string, spec: Json = {}, job: Json = {}, progressDeadline = '10m'): Promise<Shop> {
  const before = [cronJob(namespace, images.first, spec, job)];
  const rollback = { progressDeadline };
  return (await new Shop(stage, namespace).open({ before, target: { workloads, rollback } })).ready();
}

async function promote(shop: Shop, name: string, running: string, web = running): Promise<void> {
  const ran = [
    { name: 'web', images: [{ container: 'web', image: web }], ready: true },
    { name: 'nightly', images: [{ container: 'nightly', image: running }], ready: true },
  ];
  await shop.environment(`env-${name}`, web, { workloads: ran });
  await shop.promote(name, `env-${name}`);
  await shop.vote(name, stage.people.alice);
}

/** Runs it by hand, as the on-call may. */
async function byHand(shop: Shop, name: string): Promise<void> {
  const from = ['-n', shop.namespace, 'create', 'job', name, '--from=cronjob/nightly'];
  await stage.cluster.kubectl(from, { as: stage.people.bob.kubeconfig });
}

async function ends(shop: Shop, name: string): Promise<void> {
  await waitFor(`Job ${name} has succeeded`, async (seen) => {
    const { body } = await stage.cluster.request('GET', batch(shop, 'jobs', name));
    seen(body);
    return (body as Partial<Live>).status?.succeeded === 1;
  });
}

test('a CronJob goes live with the rest, runs what was signed, and comes back with the rest', async (t) => {
  const shop = await open('cron-live', {}, {}, '20s');
  await byHand(shop, 'first');
  await ends(shop, 'first');
  await promote(shop, 'web-42', images.second);
  const done = await shop.phase('web-42', 'Completed', 40_000);
  t.is(await image(shop), images.second);
  t.like(
    done.status?.rollout?.workloads?.find(({ kind }) => kind === 'CronJob'),
    { state: 'Available' },
  );
  const statement = done.status?.approval?.statements?.approve ?? '';
  t.true(statement.includes('CronJob/nightly spec.jobTemplate.spec.template.spec.containers[name=nightly].image'));
  await byHand(shop, 'second');
  await ends(shop, 'second');

  stage.pods.break(images.evil);
  await promote(shop, 'web-43', images.third, images.evil);
  await shop.phase('web-43', 'RolledBack', 60_000);
  t.is(await image(shop), images.second, 'what failed was the Deployment, and all came back');
  await promote(shop, 'web-44', images.third);
  await shop.phase('web-44', 'Completed', 40_000);
  // Two contents later a Job of the first one is there yet, with its pod: it ran what was approved then.
  t.true((await jobs(shop)).some(({ metadata }) => metadata.name === 'first'));
  await shop.ready();
  const target = await shop.target(() => true);
  t.is(conditionOf(target, 'Ready')?.reason, 'Protected', JSON.stringify(target.status));
});

test('whether it is suspended stays what it is, whatever is promoted', async (t) => {
  const shop = await open('cron-still');
  const suspend = (value: boolean): readonly string[] => [
    '-n',
    shop.namespace,
    'patch',
    'cronjob/nightly',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { suspend: value } }),
  ];
  await stage.cluster.kubectl(suspend(true), { as: stage.people.bob.kubeconfig });
  await promote(shop, 'web-42', images.second);
  await shop.phase('web-42', 'Completed', 40_000);
  t.is(await image(shop), images.second);
  t.true((await live(shop)).spec.suspend);
  await stage.cluster.kubectl(suspend(false), { as: stage.people.bob.kubeconfig });
  await shop.ready();
  t.is((await shop.records()).at(-1)?.outcome?.result, 'Completed', 'nobody takes that for a rollback');
});

test('a CronJob comes and goes by promotion, suspended as its manifest says', async (t) => {
  const shop = await new Shop(stage, 'cron-comes').open({ target: { workloads } });
  await shop.ready();
  const ran = ['web', 'nightly'].map((name) => ({
    name,
    images: [{ container: name, image: images.second }],
    ready: true,
  }));
  await shop.environment('pr-42', images.second, { workloads: ran });
  const { metadata: _namespace, ...manifest } = cronJob(shop.namespace, images.second, { suspend: true });
  await shop.promote('web-42', 'pr-42', { spec: { objects: [{ ...manifest, metadata: { name: 'nightly' } }] } });
  await shop.vote('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed', 40_000);
  t.like((await live(shop)).spec, { suspend: true, schedule: '0 3 1 1 *' });
  await shop.promote('web-43', 'pr-42', { spec: { removes: [{ kind: 'CronJob', name: 'nightly' }] } });
  await shop.vote('web-43', stage.people.alice);
  await shop.phase('web-43', 'Completed', 40_000);
  t.is((await stage.cluster.request('GET', batch(shop, 'cronjobs', 'nightly'))).status, 404);
});

test("Jobs come at their times, and Kubernetes' controllers clear them up", async (t) => {
  t.timeout(240_000);
  const shop = await open('cron-times', { schedule: '* * * * *', successfulJobsHistoryLimit: 1 }, {});
  const first = await waitFor(
    'the first Job has come by itself and succeeded',
    async (seen) => {
      const found = await jobs(shop);
      seen(found);
      return found.find(({ status }) => status?.succeeded === 1);
    },
    { timeout: 90_000 },
  );
  await byHand(shop, 'again');
  await ends(shop, 'again');
  await waitFor(
    'the history keeps the newest one alone',
    async (seen) => {
      const found = await jobs(shop);
      seen(found.map(({ metadata, status }) => [metadata.name, status]));
      return !found.some(({ metadata }) => metadata.uid === first.metadata.uid);
    },
    { timeout: 90_000 },
  );
  const ttl = await open('cron-ttl', {}, { ttlSecondsAfterFinished: 1 });
  await byHand(ttl, 'short');
  await waitFor('a finished Job is gone after its time', async (seen) => {
    const found = await jobs(ttl);
    seen(found);
    return found.length === 0;
  });
  await ttl.ready();
  t.deepEqual(await jobs(ttl), []);
});

test('the page: what the on-call does with a CronJob, and the way back, with stock kubectl', async (t) => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cron-jobs.md'), 'utf8');
  const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
  t.is(commands.length, 6);
  const shop = await open('cron-page');
  await promote(shop, 'web-42', images.second);
  await shop.phase('web-42', 'Completed', 40_000);
  const before = await live(shop);
  const folder = join(stage.folder, shop.namespace);
  await mkdir(folder, { recursive: true });
  const shown = async (pattern: RegExp, record = '', as: Person = stage.people.bob): Promise<CommandResult> => {
    const [command = '', ...more] = commands.filter((line) => pattern.test(line));
    if (more.length > 0) throw new Error(`the page shows several commands that match ${pattern.source}`);
    return run(
      'bash',
      ['-c', `cd ${folder}; ${command.replaceAll('-n shop', `-n ${shop.namespace}`).replace(/web-\d{6}/, record)}`],
      {
        timeout: 30_000,
        env: { KUBECONFIG: as.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
        check: false,
      },
    );
  };
  const done = (result: CommandResult): void => void t.is(result.code, 0, result.stderr);
  done(await shown(/"suspend":true/));
  t.regex((await shown(/"suspend":false/, '', stage.people.dev)).stderr, /have the verb rollback/);
  const byDev = await shown(/create job/, '', stage.people.dev);
  t.regex(byDev.stderr, /run by hand with the verb rollback/);
  // Times of objects are told in seconds: its pod is younger than the approval, not of the same second.
  const approval = (await shop.records()).find(({ outcome }) => outcome?.result === 'Approved');
  await waitFor('a second to pass', async () => Date.now() >= Date.parse(approval?.time ?? '') + 1000);
  done(await shown(/create job/));
  await ends(shop, 'nightly-by-hand');
  const records = await shown(/get promotionrecords/);
  const record = /^(web-\d{6}) +Round +web-42/m.exec(records.stdout)?.[1];
  t.truthy(record, records.stdout);
  done(await shown(/^printf/, record));
  t.regex((await shown(/--patch-file/, '', stage.people.dev)).stderr, /rolling back needs the verb rollback/);
  done(await shown(/--patch-file/));
  t.is(await image(shop), images.first);
  t.true((await live(shop)).spec.suspend, 'it stays suspended');
  await waitFor('the controller has taken it over', async (seen) => {
    const outcome = (await shop.records()).at(-1)?.outcome;
    seen(outcome);
    return outcome?.result === 'RolledBack';
  });
  done(await shown(/"suspend":false/));
  await shop.ready();
  t.is((await live(shop)).spec.suspend, before.spec.suspend);
});

test('the page: its manifest brings a CronJob that is signed as it stands there', async (t) => {
  const shown = (await shownObjects()).filter(({ page }) => page === 'docs/cron-jobs.md').map(({ object }) => object);
  const found = shown.find(({ kind }) => kind === 'Promotion') as unknown as {
    readonly spec: { readonly objects: Json[] };
  };
  const shop = await new Shop(stage, 'cron-manifest').open({ target: { workloads } });
  await shop.ready();
  const [, running = ''] = /"image":"([^"]+)"/.exec(JSON.stringify(found.spec.objects)) ?? [];
  const ran = [{ name: 'nightly', images: [{ container: 'nightly', image: running }], ready: true }];
  await shop.environment('pr-42', images.first, { workloads: ran });
  await shop.promote('nightly-42', 'pr-42', { spec: { objects: found.spec.objects } });
  await shop.vote('nightly-42', stage.people.alice);
  await shop.phase('nightly-42', 'Completed', 40_000);
  t.like((await live(shop)).spec, { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', concurrencyPolicy: 'Forbid' });
});
