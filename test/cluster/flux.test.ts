/** Production that Git brings: the page's examples judged by the CRDs of Flux and Argo CD, and applied by Flux itself. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isOfKustomize, shownObjects, type Shown } from '../chart/docs.ts';
import { hasMutatingPolicies, peerCRDs, waitFor, type CommandResult } from '../harness/index.ts';
import { Flux, type Commit, type Files } from '../stage/flux.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let flux: Flux;
let shown: readonly Shown['object'][];
let pageText: string;
let shop: Shop;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  const crds = await peerCRDs();
  await stage.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: crds.join('\n---\n') });
  const namespaces = ['flux-system', 'argocd'];
  await stage.cluster.apply(namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  pageText = await readFile(join(import.meta.dirname, '../../docs/gitops.md'), 'utf8');
  shown = (await shownObjects()).flatMap(({ page, object }) => (page === 'docs/gitops.md' ? [object] : []));
  await stage.startProcess();
  flux = await Flux.start(stage, 'fleet');
  shop = new Shop(stage, 'shop');
});
test.after.always(() => stage?.stop());

/** A kustomization that the page shows, as text. */
function kustomization(words: string): string {
  const blocks = [...pageText.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const found = blocks.filter((block) => block.includes('kustomize.config.k8s.io') && block.includes(words));
  if (found.length !== 1) throw new Error(`the page shows ${found.length} kustomizations with ${words}`);
  return found[0] ?? '';
}

const configMap = (name: string, namespace: string): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
});

/** Git as the page lays it out, with a ConfigMap that the lock has nothing to do with. */
function git(mode: string, image: string, promotions: Files = {}): Files {
  const deployment = shop.deployment('web', {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image, envFrom: [{ configMapRef: { name: 'web-config' } }] }] },
    },
  });
  return {
    'production/shop-config/kustomization.yaml': kustomization('configMapGenerator').replace(
      'MODE=live',
      `MODE=${mode}`,
    ),
    'production/shop/kustomization.yaml': kustomization('deployment.yaml').replace(
      'deployment.yaml',
      'deployment.yaml, beside.yaml',
    ),
    'production/shop/beside.yaml': JSON.stringify(configMap(`beside-${mode}`, 'shop')),
    'production/shop/deployment.yaml': JSON.stringify(deployment),
    ...Object.fromEntries(Object.entries(promotions).map(([name, text]) => [`promotions/shop/${name}`, text])),
  };
}

/** As somebody wrote it who did not read the page. */
const withoutAnnotations = (files: Files): Files =>
  Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text.replace(/ {4}kustomize\.toolkit\.fluxcd\.io\/prune.*\n/, ''),
    ]),
  );

async function rendered(commit: Commit): Promise<{ readonly deployment: Json; readonly name: string }> {
  const objects = await commit.render('production/shop');
  const of = (kind: string): Json => objects.find((object) => object['kind'] === kind) ?? {};
  const deployment = of('Deployment');
  const names = JSON.stringify(deployment).match(/web-config-[a-z0-9]+/);
  return { deployment, name: names?.[0] ?? '' };
}

/** Applies what the page shows of Flux, by name; a minute until the next try is a second here. */
async function apply(...names: readonly string[]): Promise<void> {
  const objects = shown.filter(
    ({ apiVersion, metadata }) =>
      /^(v1|rbac.*|kustomize\.toolkit.*)$/.test(apiVersion) && names.includes(metadata?.name),
  );
  const hasty = JSON.stringify(objects).replaceAll('"retryInterval":"1m"', '"retryInterval":"1s"');
  await stage.cluster.apply(JSON.parse(hasty) as readonly object[]);
}

const held = async (): Promise<readonly string[]> => {
  const { spec } = (await stage.send('GET', path('shop', 'workloadlocks', 'lock'))) as unknown as {
    readonly spec: { readonly frozen?: readonly { readonly name: string }[] };
  };
  return (spec.frozen ?? []).map(({ name }) => name);
};
const there = async (name: string): Promise<boolean> =>
  (await stage.cluster.request('GET', `/api/v1/namespaces/shop/configmaps/${name}`)).status === 200;

let first = '';
let second = '';

test.serial(
  'Flux prunes no ConfigMap that approved content reads, and says so; it applies what was signed',
  async (t) => {
    t.timeout(240_000);
    const one = await flux.push(withoutAnnotations(git('live', images.first)));
    const before = await rendered(one);
    first = before.name;
    const { spec } = before.deployment as { readonly spec: Json };
    await shop.open({
      deployment: spec,
      target: { apply: 'External', workloads: [{ kind: 'Deployment', name: 'web' }] },
      before: async () => {
        await apply('shop', 'flux-shop', 'flux-shop-reader', 'shop-config');
        await flux.ready('shop-config', one, 'True');
      },
    });
    await shop.ready();
    await apply('shop-production');
    await flux.ready('shop-production', one, 'True');

    const two = await flux.push(git('new', images.second));
    const after = await rendered(two);
    second = after.name;
    const pruned = await flux.ready('shop-config', two, 'False', /^PruneFailed: .*approved content refers to/);
    t.true(pruned.includes(first), pruned);
    t.deepEqual(await Promise.all([first, second].map(there)), [true, true]);
    await flux.held('shop-production');
    const command = /^kubectl annotate configmap .*$/m.exec(pageText)?.[0] ?? '';
    await stage.cluster.kubectl(command.replace('web-config-7c9f', first).split(' ').slice(1));
    await flux.reconcile('shop-config');
    await flux.ready('shop-config', two, 'True');

    const early = await flux.ready('shop-production', two, 'False', /does not match the approved content/);
    t.regex(early, /sign the one that waits \(kubectl get promotions\)|create a Promotion/);
    t.is(await shop.image(), images.first);
    t.false(await there('beside-new'), 'a refused object fails its whole Kustomization');

    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42', { spec: { objects: [after.deployment] } });
    await shop.phase('web-42', 'AwaitingApproval', 40_000);
    await shop.cast('web-42', stage.people.alice);
    await flux.ready('shop-production', two, 'True');
    t.true(await there('beside-new'));
    await shop.phase('web-42', 'Completed', 40_000);
    t.is(await shop.image(), images.second);
    t.true(await there(first), 'the fallback reads it');
    const { metadata } = (await stage.send('GET', `/api/v1/namespaces/shop/configmaps/${second}`)) as {
      readonly metadata: { readonly labels: Json };
    };
    t.is(metadata.labels['kustomize.toolkit.fluxcd.io/name'], 'shop-config', 'the other one leaves it');
  },
);

test.serial('a Kustomization that waits is ready when its Promotion is done, and fails when it fails', async (t) => {
  t.timeout(240_000);
  await shop.environment('pr-43', images.second);
  const requester = 'system:serviceaccount:flux-system:shop';
  const line = `twinlock.dev/requested-by: "${requester}"`;
  const promotion = (name: string, deployment: Json, annotations: Json): string =>
    JSON.stringify({
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name, namespace: 'shop', annotations },
      spec: {
        environmentRef: { namespace: shop.dev, name: 'pr-43' },
        targetRef: { name: 'web' },
        objects: [deployment],
      },
    });
  const named = { 'twinlock.dev/requested-by': requester };
  const { deployment, name: third } = await rendered(await flux.push(git('newer', images.second)));
  await apply('shop-promotions');
  if (!hasMutatingPolicies) {
    const unnamed = await flux.push(
      git('newer', images.second, { 'web-43.yaml': promotion('web-43', deployment, {}) }),
    );
    const refused = await flux.ready('shop-promotions', unnamed, 'False', /names its requester/);
    t.true(refused.includes(line), refused);
  }
  const three = await flux.push(git('newer', images.second, { 'web-43.yaml': promotion('web-43', deployment, named) }));
  await shop.phase('web-43', 'AwaitingApproval', 60_000);
  await flux.waits('shop-promotions', three);
  await shop.cast('web-43', stage.people.alice);
  await shop.phase('web-43', 'Completed', 60_000);
  await flux.ready('shop-promotions', three, 'True');
  await apply('shop-steady');
  await flux.ready('shop-steady', three, 'True');

  // One that has nothing to do is no failure: it may stay in Git.
  const again = { 'web-45.yaml': promotion('web-45', deployment, named) };
  const same = await flux.push(git('newer', images.second, again));
  await shop.phase('web-45', 'Superseded');
  await flux.ready('shop-promotions', same, 'True');

  // Two promotions later the first name is free.
  await waitFor('the lock lets go of the first name', async (seen) => {
    const names = await held();
    seen(names);
    return !names.includes(first) && names.includes(second) && names.includes(third);
  });
  const remove = (name: string): Promise<CommandResult> =>
    stage.cluster.kubectl(['delete', 'configmap', name, '-n', 'shop'], {
      as: stage.people.dev.kubeconfig,
      check: false,
    });
  t.regex((await remove(second)).stderr, /approved content refers to/);
  t.is((await remove(first)).code, 0);

  const { spec } = deployment as { readonly spec: Json };
  const other = { ...deployment, spec: { ...spec, minReadySeconds: 1 } };
  const four = await flux.push(git('newer', images.second, { 'web-44.yaml': promotion('web-44', other, named) }));
  await shop.phase('web-44', 'AwaitingApproval', 60_000);
  await shop.vote('web-44', stage.people.alice, { decision: 'reject' });
  await shop.phase('web-44', 'Rejected');
  const failed = await flux.ready('shop-promotions', four, 'False', /web-44/);
  t.regex(failed, /^HealthCheckFailed: .*Promotion\/shop\/web-44 status: 'Failed'/);

  const five = await flux.push(
    git('newer', images.second, { 'more.yaml': JSON.stringify(configMap('more', 'flux-system')) }),
  );
  const more = await flux.ready('shop-promotions', five, 'False', /"more" is forbidden/);
  t.true(more.includes(`User "${requester}" cannot`), more);
});

const dryRun = (object: object): Promise<CommandResult> =>
  stage.cluster.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], {
    input: JSON.stringify(object),
    check: false,
  });

test.serial('each example of the page is taken by the CRDs of Flux and Argo CD, to the last field', async (t) => {
  t.timeout(120_000);
  const examples = shown.filter((object) => !isOfKustomize(object));
  const judged = new Set<string>();
  for (const object of examples) {
    await waitFor(`${object.kind} ${object.metadata.name} is taken`, async (seen) => {
      const { code, stderr } = await dryRun(object);
      seen(stderr);
      // A kind that was just defined is not served at once.
      if (/no matches for kind|ServiceUnavailable|NotFound/.test(stderr)) return false;
      t.is(code, 0, `${object.kind} ${object.metadata.name}: ${stderr}`);
      return true;
    });
    judged.add(object.apiVersion);
    const { spec } = object as { readonly spec?: Json };
    if (spec === undefined) continue;
    const { code, stderr } = await dryRun({ ...object, spec: { ...spec, nosuchfield: true } });
    t.not(code, 0, `${object.kind}: any field is taken`);
    t.regex(stderr, /nosuchfield/);
  }
  for (const group of ['kustomize.toolkit.fluxcd.io/v1', 'argoproj.io/v1alpha1', 'twinlock.dev/v1alpha1'])
    t.true(judged.has(group), group);
});
