/** `apply: External` with real Helm: refused before people signed, let in after, and what it prunes and keeps. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { run, tools, waitFor, type CommandResult } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let chart: string;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
  chart = await mkdtemp(join(tmpdir(), 'twinlock-chart-'));
  await mkdir(join(chart, 'templates'));
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
  await writeFile(
    join(chart, 'templates', 'all.yaml'),
    '{{- range .Values.objects }}\n---\n{{ toYaml . }}\n{{- end }}\n',
  );
});
test.after.always(async () => {
  await stage?.stop();
  if (chart !== undefined) await rm(chart, { recursive: true, force: true });
});

const KEEP = { 'helm.sh/resource-policy': 'keep' };

/** Of the pod: under a name of its own for each content, as charts and kustomizations make it. */
const configuration = (hash: string, annotations: Json): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `web-${hash}`, annotations },
  data: { HASH: hash },
});
const listed = (mode: string): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web' },
  data: { MODE: mode },
});
const deployment = (name: string, image: string, hash?: string): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          { name, image, ...(hash !== undefined && { envFrom: [{ configMapRef: { name: `web-${hash}` } }] }) },
        ],
      },
    },
  },
});

/** `helm upgrade --install` of these objects, as somebody with `edit`. */
async function upgrade(
  namespace: string,
  objects: readonly Json[],
  ...args: readonly string[]
): Promise<CommandResult> {
  const values = join(chart, `${namespace}.json`);
  await writeFile(values, JSON.stringify({ objects }));
  return run(
    await tools.helm(),
    [
      'upgrade',
      '--install',
      'shop',
      chart,
      '-n',
      namespace,
      '-f',
      values,
      '--kubeconfig',
      stage.people.alice.kubeconfig,
      // It was made by others before.
      '--force-conflicts',
      ...args,
    ],
    { timeout: 60_000, check: false },
  );
}

async function there(at: string): Promise<boolean> {
  return (await stage.cluster.request('GET', at)).status === 200;
}

test.serial('Helm brings what people signed, deletes what left, and keeps what the fallback reads', async (t) => {
  t.timeout(180_000);
  const namespace = 'helm';
  const first = [
    listed('old'),
    configuration('1', KEEP),
    deployment('web', images.first, '1'),
    deployment('worker', images.first),
  ];
  const { spec } = deployment('web', images.first, '1') as { readonly spec: Json };
  const shop = new Shop(stage, namespace);
  await shop.open({
    deployment: spec,
    target: {
      apply: 'External',
      workloads: ['web', 'worker'].map((name) => ({ kind: 'Deployment', name })),
      objects: [{ kind: 'ConfigMap', name: 'web' }],
    },
    before: [listed('old'), configuration('1', KEEP), deployment('worker', images.first)].map((object) => ({
      ...object,
      metadata: { ...(object['metadata'] as Json), namespace },
    })),
  });
  await shop.ready();
  const adopted = await upgrade(namespace, first, '--take-ownership');
  t.is(adopted.code, 0, adopted.stderr);

  const second = [listed('new'), configuration('2', KEEP), deployment('web', images.second, '2')];
  const early = await upgrade(namespace, second);
  t.not(early.code, 0);
  t.regex(early.stderr, /does not match the approved content.*sign the one that waits/s);
  t.is(await shop.image(), images.first);
  t.true(await there(deploymentPath(namespace, 'worker')));
  // What the new template reads is nobody's until people are asked: made by hand where Helm did not get to it.
  await stage.cluster.apply([
    { ...configuration('2', KEEP), metadata: { name: 'web-2', namespace, annotations: KEEP } },
  ]);

  await shop.environment('pr-42', images.second);
  const objects = [listed('new'), deployment('web', images.second, '2')];
  await shop.promote('web-42', 'pr-42', { spec: { objects, removes: [{ kind: 'Deployment', name: 'worker' }] } });
  await shop.phase('web-42', 'AwaitingApproval', 40_000);
  await shop.cast('web-42', stage.people.alice);
  await shop.promotion('web-42', (seen) => conditionOf(seen, 'RolledOut')?.reason === 'AwaitingApply');
  await waitFor('worker may go', async () => {
    const { metadata } = (await shop.live('worker')) as unknown as { readonly metadata: { readonly labels?: Json } };
    return metadata.labels?.['twinlock.dev/removed-by'] === 'web-42';
  });
  const applied = await upgrade(namespace, second, '--take-ownership');
  t.is(applied.code, 0, applied.stderr);
  await shop.phase('web-42', 'Completed', 40_000);
  t.is(await shop.image(), images.second);
  t.false(await there(deploymentPath(namespace, 'worker')));
  t.true(await there(`/api/v1/namespaces/${namespace}/configmaps/web-1`), 'the fallback reads it');
  const steady = await upgrade(namespace, second);
  t.is(steady.code, 0, steady.stderr);

  // Who goes back on call has all that the version before reads.
  const back = await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', namespace], {
    as: stage.cluster.kubeconfig,
    check: false,
  });
  t.is(back.code, 0, back.stderr);
  t.is(await shop.image(), images.first);
});
