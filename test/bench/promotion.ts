import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deployment, KubeClient, loadConfig } from '../../operator/kube/index.ts';
import { run, waitFor } from '../harness/index.ts';
import type { Figure, Sizes } from './figure.ts';
import { startOperator, startUp } from './operator.ts';
import { keepPodsReady } from './pods.ts';
import { image, median, openBench } from './stage.ts';
import type { Stage } from '../stage/stage.ts';

const api = '/apis/twinlock.dev/v1alpha1/namespaces';
const own = (kind: string, name: string, namespace: string | undefined, spec: object): object => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind,
  metadata: namespace === undefined ? { name } : { name, namespace },
  spec,
});

interface PromotionBody {
  readonly status?: {
    readonly phase?: string;
    readonly why?: readonly string[];
    readonly approval?: { readonly statements?: { readonly approve?: string } };
  };
}

/** From the moment a valid last vote is annotated until the API server has production's new template. */
export async function measurePromotion({ votes }: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  const keys = await mkdtemp(join(tmpdir(), 'twinlock-keys-'));
  try {
    const { cluster } = stage;
    const key = join(keys, 'alice');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice', '-f', key]);
    const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
    await furnish(stage, publicKey);
    const environments = await startOperator(stage, 'environments');
    const promotions = await startOperator(stage, 'promotions');
    const pods = await keepPodsReady(cluster, 'shop');
    await guarded(stage);
    const client = new KubeClient(await loadConfig({ kubeconfig: cluster.kubeconfig }));
    const times: number[] = [];
    for (let round = 0; round < votes; round++) times.push(await promote(stage, client, key, round));
    await client.close();
    await pods.stop();
    await Promise.all([environments.stop(), promotions.stop()]);
    return [
      {
        name: `valid last vote annotated to production patched, median of ${votes}`,
        value: median(times),
        unit: 'ms',
        bar: 150,
        detail: `slowest ${Math.max(...times).toFixed(0)} ms`,
      },
      await startUp(stage, 'promotions'),
    ];
  } finally {
    await stage.stop();
    await rm(keys, { recursive: true, force: true });
  }
}

async function furnish({ cluster }: Stage, publicKey: string): Promise<void> {
  const labels = { app: 'web' };
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop-dev', labels: { 'twinlock.dev/environments': 'true' } },
    },
    own('ApproverKeyring', 'default', undefined, { principals: [{ name: 'alice', keys: [{ publicKey }] }] }),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: image('0') }] } },
      },
    },
    own('ProductionTarget', 'web', 'shop', {
      workloads: [{ kind: 'Deployment', name: 'web' }],
      rollback: { settle: '1s' },
    }),
  ]);
}

async function guarded({ cluster }: Stage): Promise<void> {
  await waitFor('the target is enforced', async (seen) => {
    const { body } = await cluster.request('GET', `${api}/shop/productiontargets/web`);
    seen(body);
    return (body as { status?: { enforcement?: string } }).status?.enforcement === 'Active';
  });
}

/** A digest that no other round has. */
const imageOf = (round: number): string => `registry.example/web@sha256:${String(round + 1).padStart(64, '1')}`;

async function promote({ cluster }: Stage, client: KubeClient, key: string, round: number): Promise<number> {
  const name = `web-${round}`;
  const workloads = [{ name: 'web', image: imageOf(round), port: 8080 }];
  await cluster.apply([own('TwinEnvironment', name, 'shop-dev', { workloads })]);
  const environmentRef = { namespace: 'shop-dev', name };
  await cluster.apply([own('Promotion', name, 'shop', { environmentRef, targetRef: { name: 'web' } })]);
  const path = `${api}/shop/promotions/${name}`;
  const status = (phase: string): Promise<PromotionBody> =>
    waitFor(
      `${name} is ${phase}`,
      async (seen) => {
        const body = (await cluster.request('GET', path)).body as PromotionBody;
        seen(body.status?.why ?? body);
        return body.status?.phase === phase && body;
      },
      { timeout: 60_000 },
    );
  const statement = (await status('AwaitingApproval')).status?.approval?.statements?.approve ?? '';
  const file = `${key}-${name}.json`;
  await writeFile(file, statement);
  await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', 'vote.v1@twinlock.dev', file]);
  const armor = (await readFile(`${file}.sig`, 'utf8')).trimEnd();

  const { metadata } = await client.list(Deployment, { namespace: 'shop' });
  const patched = (async (): Promise<number> => {
    const events = client.watch(Deployment, { namespace: 'shop', resourceVersion: metadata.resourceVersion });
    for await (const { object } of events) {
      const spec = (object as { readonly spec?: { readonly template: { readonly spec: object } } }).spec;
      if (JSON.stringify(spec ?? {}).includes(imageOf(round))) return performance.now();
    }
    throw new Error('the watch ended before production changed');
  })();
  const started = performance.now();
  await cluster.request('PATCH', `${path}?fieldManager=vote`, {
    body: { metadata: { annotations: { 'vote.twinlock.dev/alice': armor } } },
    contentType: 'application/merge-patch+json',
  });
  const took = (await patched) - started;
  await status('Completed');
  return took;
}
