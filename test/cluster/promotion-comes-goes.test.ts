/** A workload that a promotion creates and one that a promotion removes, all or none, on a real API server. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { run, waitFor } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const page = await readFile(join(import.meta.dirname, '../../docs/roll-back.md'), 'utf8');
const bringBack = /## A workload that a promotion removed[^]*?```sh\n([^]*?)```/.exec(page)?.[1] ?? '';

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

const both = { workloads: ['web', 'worker'].map((name) => ({ kind: 'Deployment', name })) };
const worker = { kind: 'Deployment', name: 'worker' } as const;

function manifest(name: string, image: string, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name, image, ...(name === 'web' && { env: [{ name: 'MODE', value: 'live' }] }) }] },
      },
      ...spec,
    },
  };
}

/** A shop whose target names a worker, which is there or not. */
async function shopWith(namespace: string, there: boolean, running = images.second): Promise<Shop> {
  const shop = new Shop(stage, namespace);
  await shop.open({
    target: both,
    deployment: { progressDeadlineSeconds: 2 },
    ...(there && { before: [{ ...shop.deployment('worker'), metadata: { name: 'worker', namespace } }] }),
  });
  await shop.ready();
  const workloads = ['web', 'worker'].map((name) => ({
    name,
    images: [{ container: name, image: running }],
    ready: true,
  }));
  await shop.environment('pr-42', running, { workloads });
  return shop;
}

async function found(shop: Shop, name = 'worker'): Promise<number> {
  return (await stage.cluster.request('GET', deploymentPath(shop.namespace, name))).status;
}

async function story(shop: Shop): Promise<readonly string[]> {
  return (await shop.records()).map(({ type, outcome }) => outcome?.result ?? type);
}

async function entries(shop: Shop): Promise<readonly string[]> {
  const lock = (await stage.send('GET', path(shop.namespace, 'workloadlocks', 'lock'))) as unknown as {
    readonly spec: { readonly approved: readonly { readonly name: string; readonly role: string }[] };
  };
  return lock.spec.approved.map(({ name, role }) => `${name}/${role}`);
}

interface Told {
  readonly target: readonly Json[];
  readonly changes: readonly { readonly path: string; readonly from?: unknown; readonly to?: unknown }[];
}
async function told(shop: Shop, name = 'web-42'): Promise<Told> {
  const { status } = await shop.phase(name, 'AwaitingApproval');
  return (JSON.parse(status?.approval?.statements?.approve ?? '') as { readonly predicate: Told }).predicate;
}

test.serial(
  'a workload that does not exist comes with its first promotion, and goes where the rollout fails',
  async (t) => {
    const shop = await shopWith('comes', false);
    t.regex(
      conditionOf(await shop.target(() => true), 'Ready')?.message ?? '',
      /Deployment\/worker does not exist: a promotion with its manifest creates it/,
    );
    await shop.promote('images', 'pr-42');
    const stalled = await shop.promotion('images', (seen) => conditionOf(seen, 'Stalled')?.status === 'True');
    t.is(conditionOf(stalled, 'Stalled')?.reason, 'NoSuchWorkload');

    // Its content is signed and nobody else's: neither before, nor other content while the round is open.
    const made = await stage.cluster.request('POST', deploymentPath('comes'), {
      body: manifest('worker', images.second),
      as: stage.people.alice.kubeconfig,
    });
    t.is(made.status, 403);
    t.regex(JSON.stringify(made.body), /its first promotion creates it/);

    const objects = [manifest('web', images.second), manifest('worker', images.second, { replicas: 2 })];
    await shop.promote('web-42', 'pr-42', { spec: { objects } });
    const { target, changes } = await told(shop);
    t.like(target[1], { ...worker, currentSpecDigest: 'none' });
    t.true(changes.some(({ path: at, to }) => at.startsWith('Deployment/worker spec.') && to === images.second));
    t.is(await found(shop), 404);
    await shop.vote('web-42', stage.people.alice);
    const { status } = await shop.phase('web-42', 'Completed');
    t.deepEqual(
      status?.rollout?.workloads?.map(({ name, state }) => `${name} ${state}`),
      ['web Available', 'worker Available'],
    );
    t.is((await shop.live('worker')).spec.replicas, 2, 'as its manifest has it');
    const own = (await story(shop)).filter((each) => each !== 'Superseded');
    t.deepEqual(own, ['Adopted', 'Round', 'Approved', 'Completed'], 'beside the end of the first');
    await shop.target((seen) => seen.status?.current?.some(({ name }) => name === 'worker') ?? false);
  },
);

test.serial('a rollout that fails takes away what it made and puts back what it changed', async (t) => {
  const shop = await shopWith('fails', false, images.third);
  const objects = [manifest('web', images.third, { progressDeadlineSeconds: 2 }), manifest('worker', images.third)];
  await shop.promote('web-42', 'pr-42', { spec: { objects } });
  await told(shop);
  await shop.vote('web-42', stage.people.alice);
  await shop.phase('web-42', 'RolledBack', 40_000);
  t.is(await shop.image(), images.first);
  t.is(await found(shop), 404);
  await waitFor('the lock has nothing of it any more', async (seen) => {
    const left = await entries(shop);
    seen(left);
    return left.every((each) => !each.startsWith('worker')) && left;
  });
  await shop.target((seen) => conditionOf(seen, 'Ready')?.status === 'True');
  t.deepEqual(await story(shop), ['Adopted', 'Round', 'Approved', 'RolledBack']);
  // What was signed once and failed is not approved any more.
  const again = await stage.cluster.request('POST', deploymentPath('fails'), {
    body: manifest('worker', images.third),
    as: stage.people.bob.kubeconfig,
  });
  t.is(again.status, 403);
});

test.serial('a workload goes by signatures alone, last, and who rolls back brings it again', async (t) => {
  const shop = await shopWith('goes', true);
  await shop.promote('web-42', 'pr-42', { spec: { removes: [worker] } });
  const { target, changes } = await told(shop);
  t.like(target[1], { ...worker, desiredSpecDigest: 'none' });
  t.deepEqual(
    changes.filter(({ path: at }) => at.startsWith('Deployment/worker')).map(({ path: at }) => at),
    ['Deployment/worker (removed)'],
  );
  const accounts = stage.accounts;
  for (const as of [stage.people.alice.kubeconfig, accounts.promotions])
    t.is(
      (await stage.cluster.request('DELETE', deploymentPath('goes', 'worker'), { as })).status,
      403,
      'not before it is signed',
    );
  await shop.vote('web-42', stage.people.alice);
  const { status } = await shop.phase('web-42', 'Completed');
  t.deepEqual(
    status?.rollout?.workloads?.map(({ name, state }) => `${name} ${state}`),
    ['web Available', 'worker Removed'],
  );
  t.is(await shop.image(), images.second);
  t.is(await found(shop), 404);
  await shop.target((seen) => conditionOf(seen, 'Ready')?.status === 'True');
  t.deepEqual(await entries(shop), ['web/Current', 'web/Fallback', 'worker/Fallback']);

  // Exactly what ran, by who may roll back; nothing else, and nobody else.
  const back = manifest('worker', images.first);
  const spec = shop.deployment('worker')['spec'];
  const make = async (body: Json, as: string): Promise<number> =>
    (await stage.cluster.request('POST', deploymentPath('goes'), { body, as })).status;
  t.is(await make({ ...back, spec }, stage.people.dev.kubeconfig), 403);
  t.is(await make(manifest('worker', images.evil), stage.people.bob.kubeconfig), 403);
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'bob-edits', namespace: 'goes' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
    },
  ]);
  await waitFor('bob may make it, by the page', async (seen) => {
    const made = await run('bash', ['-ec', `cd ${stage.folder}\n${bringBack.replaceAll('-n shop', '-n goes')}`], {
      timeout: 30_000,
      env: { KUBECONFIG: stage.people.bob.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
      check: false,
    });
    seen(made.stderr);
    return made.code === 0;
  });
  await waitFor('the target has it again', async (seen) => {
    const held = await entries(shop);
    seen(held);
    return held.includes('worker/Current');
  });
  t.is((await story(shop)).at(-1), 'RolledBack');
});

test.serial('where the rest fails nothing is removed, and the removal is taken back with it', async (t) => {
  const shop = await shopWith('stays', true, images.third);
  const { uid } = (await shop.live('worker')).metadata as unknown as { readonly uid: string };
  await shop.promote('web-42', 'pr-42', { spec: { removes: [worker] } });
  await told(shop);
  await shop.vote('web-42', stage.people.alice);
  await shop.phase('web-42', 'RolledBack', 40_000);
  t.is(await shop.image(), images.first);
  t.is(((await shop.live('worker')).metadata as unknown as { readonly uid: string }).uid, uid);
  await waitFor('the lock has it as before', async (seen) => {
    const held = await entries(shop);
    seen(held);
    return held.includes('worker/Current');
  });
  await shop.target((seen) => conditionOf(seen, 'Ready')?.status === 'True');
});

test.serial('what is removed is named by the target, and neither promoted nor brought', async (t) => {
  const shop = await shopWith('odd', true);
  await shop.promote('foreign', 'pr-42', { spec: { removes: [{ kind: 'Deployment', name: 'db' }] } });
  await shop.promote('brought', 'pr-42', { spec: { removes: [worker], objects: [manifest('worker', images.second)] } });
  for (const [name, reason] of [
    ['foreign', 'WorkloadNotMapped'],
    ['brought', 'ManifestInvalid'],
  ] as const) {
    const seen = await shop.promotion(name, (each) => conditionOf(each, 'Stalled')?.status === 'True');
    t.is(conditionOf(seen, 'Stalled')?.reason, reason);
  }
  const twice = { from: 'worker', to: worker };
  const error = await t.throwsAsync(
    shop.promote('twice', 'pr-42', { spec: { removes: [worker], workloads: [twice] } }),
  );
  t.regex(error?.message ?? '', /either promoted or removed/);
});

for (const kind of ['StatefulSet', 'DaemonSet'] as const)
  test.serial(`a ${kind} comes and goes by promotion`, async (t) => {
    const namespace = `comes-${kind.toLowerCase()}`;
    const extra = { kind, name: 'extra' };
    const shop = new Shop(stage, namespace);
    await shop.open({ target: { workloads: [{ kind: 'Deployment', name: 'web' }, extra] } });
    await shop.ready();
    const workloads = ['web', 'extra'].map((name) => ({
      name,
      images: [{ container: name, image: images.second }],
      ready: true,
    }));
    await shop.environment('pr-42', images.second, { workloads });
    const at = `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/extra`;
    const there = async (): Promise<number> => (await stage.cluster.request('GET', at)).status;
    const objects = [manifest('web', images.second), { ...manifest('extra', images.second), kind }];
    await shop.promote('web-42', 'pr-42', { spec: { objects } });
    await shop.vote('web-42', stage.people.alice);
    await shop.phase('web-42', 'Completed', 40_000);
    t.is(await there(), 200);
    await shop.promote('web-43', 'pr-42', { spec: { removes: [extra] } });
    await shop.vote('web-43', stage.people.alice);
    await shop.phase('web-43', 'Completed', 40_000);
    t.is(await there(), 404);
  });
