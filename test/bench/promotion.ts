import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordName, type PromotionRecord } from '../../operator/api/index.ts';
import { Deployment, KubeClient, loadConfig, systemClock } from '../../operator/kube/index.ts';
import { run, waitFor } from '../harness/index.ts';
import { isEvent, isWork, isWrite, type AuditedRequest } from '../stage/audit.ts';
import type { Figure, Sizes } from './figure.ts';
import { startOperator, startUp } from './operator.ts';
import { keepPodsReady } from './pods.ts';
import { resend } from './resend.ts';
import { image, median, openBench, wire } from './stage.ts';
import type { Wire } from './stage.ts';
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
    const client = new KubeClient(await loadConfig({ kubeconfig: cluster.kubeconfig, clock: systemClock }), {
      clock: systemClock,
    });
    const rounds: Round[] = [];
    for (let round = 0; round < votes; round++) rounds.push(await promote(stage, client, key, round));
    await client.close();
    await pods.stop();
    await Promise.all([environments.stop(), promotions.stop()]);
    const bare = await sendBare(stage, rounds);
    const took = rounds.map((round) => round.took);
    const ratios = rounds.map((round, index) => round.took / (bare[index] ?? Number.NaN));
    return [
      {
        name: `last vote annotated to production patched, over the same requests one after the other, median of ${votes}`,
        value: median(took) / median(bare),
        unit: 'x',
        bar: 1.5,
        detail: `${inMs(took)}; bare ${inMs(bare)}; ${rounds[0]?.requests.length ?? 0} requests; slowest ratio ${Math.max(...ratios).toFixed(2)}`,
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

function inMs(values: readonly number[]): string {
  return `median ${median(values).toFixed(0)} ms, slowest ${Math.max(...values).toFixed(0)} ms`;
}

interface Round {
  /** Milliseconds from sending the last vote to seeing production changed. */
  readonly took: number;
  /** What the operator sent meanwhile. */
  readonly requests: readonly AuditedRequest[];
}

/** The requests of each round once more, in their order, without an operator. Milliseconds of each. */
async function sendBare({ accounts }: Stage, rounds: readonly Round[]): Promise<number[]> {
  const sender = await wire(accounts.promotions, 1);
  const times: number[] = [];
  for (const { requests } of rounds) {
    let spent = 0;
    for (const request of requests) {
      for (let outcome = 'stale'; outcome === 'stale';) {
        const again = request.verb === 'update' ? await versionOf(sender, request) : undefined;
        const started = performance.now();
        outcome = await resend(sender, request, (body) => sendable(request, body, again));
        // Kubernetes' own controllers write too: what came in between is no part of what is measured.
        if (outcome === 'sent') spent += performance.now() - started;
      }
    }
    times.push(spent);
  }
  await sender.close();
  return times;
}

/** What an update has to name; asking for it is no part of what is measured. */
async function versionOf(sender: Wire, { requestURI }: AuditedRequest): Promise<string | undefined> {
  const { text } = await sender.send('GET', requestURI.split('?')[0] ?? requestURI);
  return (JSON.parse(text) as { readonly metadata?: { readonly resourceVersion?: string } }).metadata?.resourceVersion;
}

function sendable({ objectRef, verb }: AuditedRequest, body: object, resourceVersion: string | undefined): object {
  // A record is there for good, so the same one goes under another name.
  if (verb === 'create' && objectRef?.resource === 'promotionrecords') return renamed(body);
  if (resourceVersion === undefined || !('metadata' in body)) return body;
  return { ...body, metadata: { ...(body.metadata as object), resourceVersion } };
}

/** Beyond every sequence of this measurement. */
const AGAIN = 500_000;

function renamed(record: object): object {
  const { metadata, spec } = record as PromotionRecord;
  const sequence = spec.sequence + AGAIN;
  return {
    ...record,
    metadata: { ...metadata, name: recordName(spec.target.name, sequence) },
    spec: { ...spec, sequence },
  };
}

async function promote({ cluster, audit }: Stage, client: KubeClient, key: string, round: number): Promise<Round> {
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
  await audit.next();
  const sentAt = Date.now();
  const started = performance.now();
  await cluster.request('PATCH', `${path}?fieldManager=vote`, {
    body: { metadata: { annotations: { 'vote.twinlock.dev/alice': armor } } },
    contentType: 'application/merge-patch+json',
  });
  const took = (await patched) - started;
  await status('Completed');
  const sent = (await audit.next()).filter(
    (request) => isWork(request) && Date.parse(request.requestReceivedTimestamp) >= sentAt && !isEvent(request),
  );
  const last = sent.find(
    (request) =>
      isWrite(request) && request.objectRef?.resource === 'deployments' && !request.requestURI.includes('dryRun'),
  );
  if (last === undefined) throw new Error('the audit log has no patch of production');
  return { took, requests: sent.filter((request) => request.stageTimestamp <= last.stageTimestamp) };
}
