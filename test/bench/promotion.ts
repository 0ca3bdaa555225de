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

/** A namespace of production, what one promotion to it changes, and how often that is measured. */
interface Case {
  readonly namespace: string;
  readonly workloads: readonly string[];
  readonly votes: number;
}

/** From the moment a valid last vote is annotated until the API server has production's new templates, all of them. */
export async function measurePromotion({ votes, wide }: Sizes): Promise<Figure[]> {
  const names = Array.from({ length: wide.workloads }, (_, index) => `web-${index}`);
  const cases: readonly Case[] = [
    { namespace: 'shop', workloads: ['web'], votes },
    { namespace: 'mall', workloads: names, votes: wide.votes },
  ];
  const stage = await openBench();
  const keys = await mkdtemp(join(tmpdir(), 'twinlock-keys-'));
  try {
    const key = join(keys, 'alice');
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'alice', '-f', key]);
    const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
    await stage.cluster.apply([
      own('ApproverKeyring', 'default', undefined, { principals: [{ name: 'alice', keys: [{ publicKey }] }] }),
      own('TwinClass', 'wide', undefined, { quota: WIDE }),
    ]);
    const figures: Figure[] = [];
    for (const each of cases) figures.push(await measure(stage, each, key));
    return [...figures, await startUp(stage, 'promotions')];
  } finally {
    await stage.stop();
    await rm(keys, { recursive: true, force: true });
  }
}

/** Room for as many workloads as are measured, each with what a container has by default. */
const WIDE = {
  pods: 200,
  services: 100,
  'requests.cpu': '40',
  'requests.memory': '80Gi',
  'limits.cpu': '100',
  'limits.memory': '100Gi',
  'limits.ephemeral-storage': '200Gi',
};

async function measure(stage: Stage, { namespace, workloads, votes }: Case, key: string): Promise<Figure> {
  const { cluster } = stage;
  await furnish(stage, namespace, workloads);
  const environments = await startOperator(stage, 'environments');
  const promotions = await startOperator(stage, 'promotions');
  const pods = await keepPodsReady(cluster, namespace);
  await guarded(stage, namespace);
  const client = new KubeClient(await loadConfig({ kubeconfig: cluster.kubeconfig, clock: systemClock }), {
    clock: systemClock,
  });
  const rounds: Round[] = [];
  for (let round = 0; round < votes; round++)
    rounds.push(await promote(stage, client, key, { namespace, workloads, round }));
  await client.close();
  await pods.stop();
  await Promise.all([environments.stop(), promotions.stop()]);
  const bare = await sendBare(stage, rounds);
  const took = rounds.map((round) => round.took);
  const ratios = rounds.map((round, index) => round.took / (bare[index] ?? Number.NaN));
  const what = workloads.length === 1 ? 'production' : `${workloads.length} workloads of one promotion`;
  return {
    name: `last vote annotated to ${what} patched, over the same requests one after the other, median of ${votes}`,
    value: median(took) / median(bare),
    unit: 'x',
    bar: 1.5,
    detail: `${inMs(took)}; bare ${inMs(bare)}; ${rounds[0]?.requests.length ?? 0} requests; slowest ratio ${Math.max(...ratios).toFixed(2)}`,
  };
}

async function furnish({ cluster }: Stage, namespace: string, workloads: readonly string[]): Promise<void> {
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `${namespace}-dev`, labels: { 'twinlock.dev/environments': 'true' } },
    },
    ...workloads.map((name) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: image('0') }] } },
      },
    })),
    own('ProductionTarget', 'web', namespace, {
      workloads: workloads.map((name) => ({ kind: 'Deployment', name })),
      rollback: { settle: '1s' },
    }),
  ]);
}

async function guarded({ cluster }: Stage, namespace: string): Promise<void> {
  await waitFor('the target is enforced', async (seen) => {
    const { body } = await cluster.request('GET', `${api}/${namespace}/productiontargets/web`);
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

async function promote(
  { cluster, audit }: Stage,
  client: KubeClient,
  key: string,
  { namespace, workloads, round }: Omit<Case, 'votes'> & { readonly round: number },
): Promise<Round> {
  const name = `next-${round}`;
  const source = `${namespace}-dev`;
  const newer = workloads.map((each) => ({ name: each, image: imageOf(round), port: 8080 }));
  const twinClass = workloads.length > 1 ? { classRef: { name: 'wide' } } : {};
  await cluster.apply([own('TwinEnvironment', name, source, { ...twinClass, workloads: newer })]);
  const environmentRef = { namespace: source, name };
  await cluster.apply([own('Promotion', name, namespace, { environmentRef, targetRef: { name: 'web' } })]);
  const path = `${api}/${namespace}/promotions/${name}`;
  const status = (phase: string): Promise<PromotionBody> =>
    waitFor(
      `${name} is ${phase}`,
      async (seen) => {
        const body = (await cluster.request('GET', path)).body as PromotionBody;
        seen(body.status?.why ?? body);
        return body.status?.phase === phase && body;
      },
      { timeout: 120_000 },
    );
  const statement = (await status('AwaitingApproval')).status?.approval?.statements?.approve ?? '';
  const file = `${key}-${name}.json`;
  await writeFile(file, statement);
  await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', 'vote.v1@twinlock.dev', file]);
  const armor = (await readFile(`${file}.sig`, 'utf8')).trimEnd();

  const { metadata } = await client.list(Deployment, { namespace });
  const patched = (async (): Promise<number> => {
    const events = client.watch(Deployment, { namespace, resourceVersion: metadata.resourceVersion });
    const left = new Set(workloads);
    for await (const { object } of events) {
      const spec = (object as { readonly spec?: { readonly template: { readonly spec: object } } }).spec;
      if (JSON.stringify(spec ?? {}).includes(imageOf(round))) left.delete(object.metadata.name);
      if (left.size === 0) return performance.now();
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
  const last = sent.findLast(
    (request) =>
      isWrite(request) &&
      request.objectRef?.resource === 'deployments' &&
      request.objectRef.namespace === namespace &&
      !request.requestURI.includes('dryRun'),
  );
  if (last === undefined) throw new Error('the audit log has no patch of production');
  return { took, requests: sent.filter((request) => request.stageTimestamp <= last.stageTimestamp) };
}
