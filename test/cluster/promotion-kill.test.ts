import test, { type ExecutionContext } from 'ava';
import { chainFaults } from '../../operator/records/index.ts';
import { waitFor } from '../harness/index.ts';
import { startDying, type LastWrite, type Written } from '../stage/dying.ts';
import { conditionOf, images, Shop, type ShopOptions } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import { systemNamespace, type Json } from '../stage/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
});
test.after.always(async () => {
  await stage?.stop();
});

type KillPoint = LastWrite & Pick<Written, 'report'>;

/** A process that dies after `last`, and its successor; `act` is what people do meanwhile. */
async function killed(t: ExecutionContext, last: KillPoint, act: () => Promise<void>): Promise<void> {
  const dying = await startDying(stage, last);
  const successor = dying.dead.then(async () => {
    await dying.stop();
    return stage.startProcess();
  });
  const acted = await act().then(
    () => undefined,
    (error: unknown) => error,
  );
  t.log(told(dying));
  const late = AbortSignal.timeout(1000);
  const never = new Promise<undefined>((resolve) => late.addEventListener('abort', () => resolve(undefined)));
  const running = await Promise.race([successor, never]);
  await (running ?? dying).stop();
  const point = `killed after "${last.write}" (${last.nth}.)`;
  if (acted !== undefined)
    throw new Error(`${point}: ${acted instanceof Error ? acted.message : ''}`, { cause: acted });
  if (!last.report) t.truthy(running, `it was never ${point}`);
}

const told = ({ writes }: { readonly writes: readonly Written[] }): string =>
  writes.map(({ write, report }) => (report ? `(${write})` : write)).join(', ');

/** Every write of a process that lives through `act`: each is one to die after. */
async function killPoints(t: ExecutionContext, act: () => Promise<void>): Promise<readonly KillPoint[]> {
  const whole = await startDying(stage, { write: 'nothing', nth: 1 });
  await act().finally(() => whole.stop());
  t.log(told(whole));
  return whole.writes.map(({ write, report }, index) => ({
    write,
    report,
    nth: whole.writes.slice(0, index + 1).filter((each) => each.write === write).length,
  }));
}

async function story(shop: Shop): Promise<readonly string[]> {
  const records = await shop.records();
  if (chainFaults(records).length > 0) throw new Error(JSON.stringify(chainFaults(records)));
  return records.map(({ type, outcome }) => outcome?.result ?? type);
}

const open = (namespace: string, options: ShopOptions = {}): Promise<Shop> => new Shop(stage, namespace).open(options);

test.serial(
  'killed after any write on the way to production it goes on where it was: one chain, one rollout',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await open(namespace);
      await shop.environment('pr-42', images.second);
      await shop.promote('web-42', 'pr-42');
      await shop.phase('web-42', 'AwaitingApproval');
      t.is(await shop.image(), images.first, namespace);
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 40_000);
      t.is(await shop.image(), images.second, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, act('kill-none'));
    t.true(points.length >= 10);
    for (const [index, last] of points.entries()) await killed(t, last, act(`kill-${index}`));
  },
);

test.serial('killed after any write while a rollout fails: the fallback is live and alone approved', async (t) => {
  t.timeout(20 * 60_000);
  const waiting = async (namespace: string): Promise<() => Promise<void>> => {
    const first = await stage.startProcess();
    const shop = await open(namespace, { deployment: { progressDeadlineSeconds: 1 } });
    await shop.ready();
    await shop.environment('pr-42', images.third);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
    await first.stop();
    return async () => {
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'RolledBack', 40_000);
      await shop.target(({ status }) => status?.current?.[0]?.images?.[0]?.image === images.first);
      t.is(await shop.image(), images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack'], namespace);
    };
  };
  const points = await killPoints(t, await waiting('back-none'));
  t.true(points.length >= 6);
  for (const [index, last] of points.entries()) await killed(t, last, await waiting(`back-${index}`));
});

test.serial(
  'killed after any write while one workload comes and another goes, both are as they were signed',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = new Shop(stage, namespace);
      const worker = { ...shop.deployment('worker'), metadata: { name: 'worker', namespace } };
      await shop.open({
        target: { workloads: ['web', 'fresh', 'worker'].map((name) => ({ kind: 'Deployment', name })) },
        before: [worker],
      });
      const running = { name: 'fresh', images: [{ container: 'fresh', image: images.second }], ready: true };
      await shop.environment('pr-42', images.second, { workloads: [running] });
      const { spec } = shop.deployment('fresh', {
        template: {
          metadata: { labels: { app: 'fresh' } },
          spec: { containers: [{ name: 'fresh', image: images.second }] },
        },
      });
      const objects = [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fresh' }, spec }];
      await shop.promote('web-42', 'pr-42', { spec: { objects, removes: [{ kind: 'Deployment', name: 'worker' }] } });
      await shop.phase('web-42', 'AwaitingApproval');
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 40_000);
      t.is((await shop.live('fresh')).spec.template.spec.containers[0]?.image, images.second, namespace);
      await t.throwsAsync(shop.live('worker'), { message: /404/ }, namespace);
      t.is(await shop.image(), images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, act('both-none'));
    t.true(points.some(({ write }) => write.startsWith('delete')));
    for (const [index, last] of points.entries()) await killed(t, last, act(`both-${index}`));
  },
);

const manifestOf = (shop: Shop, name: string, image: string): Json => {
  const env = [{ name: 'MODE', value: 'live' }];
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name, image, env }] } };
  // What shall fail fails soon, and nothing else.
  const hasty = image === images.third ? { progressDeadlineSeconds: 1 } : {};
  const { spec } = shop.deployment(name, { template, ...hasty }) as { readonly spec: Json };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
};

/** Somebody applies a Deployment again and again, as long as it is refused. */
async function applied(shop: Shop, name: string, image: string): Promise<void> {
  const at = `${deploymentPath(shop.namespace, name)}?fieldManager=kustomize-controller&force=true`;
  await waitFor(`${name} is applied`, async (seen) => {
    const { status, body } = await stage.cluster.request('PATCH', at, {
      body: manifestOf(shop, name, image),
      contentType: 'application/apply-patch+yaml',
      as: stage.people.dev.kubeconfig,
    });
    seen(body);
    return status < 300;
  });
}

/** Production of three that somebody else applies; `fresh` comes and `worker` goes. */
async function external(namespace: string, image: string, target: Json = {}): Promise<Shop> {
  const shop = new Shop(stage, namespace);
  await shop.open({
    target: {
      apply: 'External',
      workloads: ['web', 'fresh', 'worker'].map((name) => ({ kind: 'Deployment', name })),
      ...target,
    },
    before: [{ ...shop.deployment('worker'), metadata: { name: 'worker', namespace } }],
  });
  const workloads = ['web', 'fresh'].map((name) => ({ name, images: [{ container: name, image }], ready: true }));
  await shop.environment('pr-42', image, { workloads });
  const objects = ['web', 'fresh'].map((name) => manifestOf(shop, name, image));
  await shop.promote('web-42', 'pr-42', { spec: { objects, removes: [{ kind: 'Deployment', name: 'worker' }] } });
  await shop.phase('web-42', 'AwaitingApproval');
  await shop.cast('web-42', stage.people.alice);
  return shop;
}

/** Somebody deletes what leaves, which they may once the lock is open and it is marked. */
async function deleted(shop: Shop): Promise<void> {
  await waitFor('worker is deleted', async (seen) => {
    const at = deploymentPath(shop.namespace, 'worker');
    const { status, body } = await stage.cluster.request('DELETE', at, { as: stage.people.dev.kubeconfig });
    seen(body);
    return status < 300;
  });
}

test.serial(
  'killed after any write of the lock or a workload while somebody else applies, what was signed arrives',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.second);
      for (const name of ['web', 'fresh']) await applied(shop, name, images.second);
      await deleted(shop);
      await shop.phase('web-42', 'Completed', 40_000);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Completed'], namespace);
    };
    const points = await killPoints(t, act('ext-none'));
    t.true(
      points.some(({ write }) => write === 'replace deployments'),
      'what leaves is marked',
    );
    // Those before the lock opens are the same as on the way of the controller itself.
    const own = points.filter(({ write }) => /^replace (workloadlocks|deployments)$/.test(write));
    for (const [index, last] of own.entries()) await killed(t, last, act(`ext-${index}`));
  },
);

/** The writes of a run once what leaves is marked: those before are the same as where all goes well. */
async function pointsOfTheEnd(t: ExecutionContext, act: () => Promise<void>): Promise<readonly KillPoint[]> {
  const points = await killPoints(t, act);
  const marked = points.findIndex(({ write }) => write === 'replace deployments');
  t.true(marked >= 0, 'what leaves is marked');
  return points.slice(marked + 1).filter(({ report }) => !report);
}

interface Lock {
  readonly spec: { readonly approved: readonly { readonly name: string; readonly role: string }[] };
}

/** The lock holds these alone, and the target says that production is what it holds. */
async function holdsAlone(shop: Shop, wanted: readonly string[]): Promise<void> {
  await waitFor(`the lock holds ${wanted.join(' ')} alone`, async (seen) => {
    const { spec } = (await stage.send('GET', path(shop.namespace, 'workloadlocks', 'lock'))) as unknown as Lock;
    const held = spec.approved.map(({ name, role }) => `${name}/${role}`);
    seen(held);
    return held.join(' ') === wanted.join(' ');
  });
  await shop.target(({ status }) => conditionOf({ status }, 'Ready')?.status === 'True');
}

test.serial(
  'killed after any write while what somebody else applied fails, the fallback is live and alone approved',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.third);
      // What came and fails is taken back at once, whatever is still awaited: all is there before the first can fail.
      await deleted(shop);
      for (const name of ['fresh', 'web']) await applied(shop, name, images.third);
      await shop.phase('web-42', 'RolledBack', 40_000);
      t.is(await shop.image(), images.first, namespace);
      await t.throwsAsync(shop.live('fresh'), { message: /404/ }, namespace);
      t.is((await shop.live('worker')).spec.template.spec.containers[0]?.image, images.first, namespace);
      await holdsAlone(shop, ['web/Current', 'worker/Current']);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack'], namespace);
    };
    const points = await pointsOfTheEnd(t, act('fails-none'));
    for (const write of ['replace workloadlocks', 'delete deployments', 'create promotionrecords'])
      t.true(
        points.some((point) => point.write === write),
        write,
      );
    for (const [index, last] of points.entries()) await killed(t, last, act(`fails-${index}`));
  },
);

test.serial(
  'killed after any write while the time to apply ends, what arrived stays approved and the rest is closed',
  async (t) => {
    t.timeout(20 * 60_000);
    const act = (namespace: string) => async (): Promise<void> => {
      const shop = await external(namespace, images.second, { applyDeadline: '10s' });
      await applied(shop, 'web', images.second);
      await shop.phase('web-42', 'Failed', 40_000);
      await holdsAlone(shop, ['web/Current', 'web/Fallback', 'worker/Current']);
      t.is(await shop.image(), images.second, namespace);
      const late = await stage.cluster.request('PATCH', `${deploymentPath(namespace, 'fresh')}?fieldManager=late`, {
        body: manifestOf(shop, 'fresh', images.second),
        contentType: 'application/apply-patch+yaml',
        as: stage.people.dev.kubeconfig,
      });
      t.regex(JSON.stringify(late.body), /denied request: twinlock: Deployment\/fresh/, namespace);
      await t.throwsAsync(shop.live('fresh'), { message: /404/ }, namespace);
      t.is((await shop.live('worker')).spec.template.spec.containers[0]?.image, images.first, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Failed'], namespace);
    };
    const points = await pointsOfTheEnd(t, act('late-none'));
    for (const write of ['replace workloadlocks', 'create promotionrecords'])
      t.true(
        points.some((point) => point.write === write),
        write,
      );
    for (const [index, last] of points.entries()) await killed(t, last, act(`late-${index}`));
  },
);

const job = (name: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: {
    backoffLimit: 0,
    template: {
      metadata: { labels: { app: name } },
      spec: { restartPolicy: 'Never', containers: [{ name, image: images.second }] },
    },
  },
});

test.serial('killed after any write while Jobs run before and after, each runs once', async (t) => {
  t.timeout(20 * 60_000);
  const waiting = async (namespace: string): Promise<() => Promise<void>> => {
    const first = await stage.startProcess();
    const shop = await open(namespace);
    await shop.ready();
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42', { spec: { jobs: { before: [job('migrate')], after: [job('smoke')] } } });
    await shop.phase('web-42', 'AwaitingApproval');
    await first.stop();
    return async () => {
      await shop.cast('web-42', stage.people.alice);
      await shop.phase('web-42', 'Completed', 60_000);
      t.is(await shop.image(), images.second, namespace);
      t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'Job', 'Job', 'Completed'], namespace);
      // A Job that had been made twice would have had its pods twice.
      const at = `/api/v1/namespaces/${namespace}/pods?labelSelector=batch.kubernetes.io%2Fjob-name`;
      const { items } = (await stage.send('GET', at)) as unknown as { readonly items: readonly unknown[] };
      t.is(items.length, 2, namespace);
    };
  };
  const points = await killPoints(t, await waiting('jobs-none'));
  t.is(points.filter(({ write }) => write === 'create jobs').length, 2);
  for (const [index, last] of points.entries()) await killed(t, last, await waiting(`jobs-${index}`));
});

test.serial('a restart writes nothing about what was settled before', async (t) => {
  const first = await stage.startProcess();
  const [waiting, done] = [await open('settled-waiting'), await open('settled-done')];
  for (const shop of [waiting, done]) {
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
  }
  await done.cast('web-42', stage.people.alice);
  await done.phase('web-42', 'Completed', 40_000);
  await done.target(({ status }) => status?.current?.[0]?.promotion === 'web-42');
  const settled = async (): Promise<readonly (string | undefined)[]> => {
    const path = `/api/v1/namespaces/${systemNamespace}/configmaps/twinlock-record-heads`;
    const { data } = (await stage.send('GET', path)) as { readonly data?: Readonly<Record<string, string>> };
    return [waiting, done].map(({ namespace }) => data?.[`${namespace}.web`]);
  };
  const before = await waitFor('both chains are signed for', async (seen) => {
    const [heads, chains] = [await settled(), await Promise.all([waiting.records(), done.records()])];
    seen(heads);
    return heads.every((head, index) => head?.split('\n')[1] === `${chains[index]?.length}`) && heads;
  });
  await first.stop();
  const never: LastWrite = { write: 'nothing', nth: 1 };
  const second = await startDying(stage, never);
  // Work that starts later than the rest: once it is done, so is what came before.
  const marker = await open('settled-marker');
  await marker.ready();
  await marker.environment('pr-42', images.second);
  await marker.promote('web-42', 'pr-42');
  await marker.phase('web-42', 'AwaitingApproval');
  await second.stop();
  const namespaces = new Set(second.writes.map(({ namespace }) => namespace));
  t.true(namespaces.delete(systemNamespace), "the marker's head");
  t.deepEqual([...namespaces], ['settled-marker']);
  t.deepEqual(await settled(), before);
});
