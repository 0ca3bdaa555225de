import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { kinds } from '../../operator/api/index.ts';
import { charts, rendered } from '../chart/render.ts';
import { startApi, waitFor } from '../harness/index.ts';
import { readKubeconfig } from '../harness/kubeconfig.ts';
import type { ApiCluster } from '../harness/index.ts';
import { AuditLog, auditFlags, isWork } from '../stage/audit.ts';

/** An API server with the chart installed, its audit log, and the two accounts' pod-bound tokens. */
export interface Stage {
  readonly cluster: ApiCluster;
  readonly audit: AuditLog;
  /** Folder for files of this measurement; removed by {@link stop}. */
  readonly folder: string;
  readonly kubeconfigs: Readonly<Record<'environments' | 'promotions', string>>;
  stop(): Promise<void>;
}

/** Image references that are never pulled: the API has no nodes. */
export const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;

const isAdmission = ({ apiVersion }: { readonly apiVersion: string }): boolean =>
  apiVersion.startsWith('admissionregistration');

export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-bench-'));
  const cluster = await startApi({ apiServerFlags: await auditFlags(folder) });
  await cluster.kubectl(['apply', '--server-side', '-f', join(charts, '..', 'crds')]);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  const objects = await rendered({
    'catalog.stripe.image': image('f'),
    'defaultClass.maxEnvironments': '1000',
    'defaultClass.maxPerNamespace': '1000',
  });
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'twinlock-system' } }]);
  await cluster.apply(objects.filter((object) => !isAdmission(object) && object.kind !== 'Deployment'));
  // Tokens first: once the guard stands nobody makes pods or tokens there by hand.
  const environments = await cluster.boundToken('twinlock-system', 'twinlock-environments');
  const promotions = await cluster.boundToken('twinlock-system', 'twinlock-promotions');
  await cluster.apply(objects.filter(isAdmission));
  await served(cluster);
  return {
    cluster,
    folder,
    audit: new AuditLog(folder),
    kubeconfigs: { environments: environments.kubeconfig, promotions: promotions.kubeconfig },
    stop: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A kind that was just defined answers 429 until its storage is up: that is the API server's start, not the operator's. */
async function served(cluster: ApiCluster): Promise<void> {
  for (const { plural } of kinds) {
    await waitFor(`${plural} are served`, async (seen) => {
      const { status, body } = await cluster.request('GET', `/apis/twinlock.dev/v1alpha1/${plural}?resourceVersion=0`);
      seen(body);
      return status === 200;
    });
  }
}

/** Sends raw requests over pooled connections; the fastest plain client there is here. */
export interface Wire {
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<{ status: number; text: string }>;
  close(): Promise<void>;
}

export async function wire(kubeconfig: string, connections = 16): Promise<Wire> {
  const { endpoint, credentials } = await readKubeconfig(kubeconfig);
  const tls =
    'token' in credentials
      ? { ca: endpoint.authority }
      : { ca: endpoint.authority, cert: credentials.certificate, key: credentials.key };
  const agent = new Agent({ connections, pipelining: 1, allowH2: false, connect: tls });
  const authorization = 'token' in credentials ? { authorization: `Bearer ${credentials.token}` } : {};
  return {
    async send(method, path, body, contentType = 'application/json') {
      const { statusCode, body: answer } = await agent.request({
        origin: endpoint.server,
        method: method as 'GET',
        path,
        headers: { ...authorization, 'content-type': contentType },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return { status: statusCode, text: await answer.text() };
    },
    close: () => agent.close(),
  };
}

/** Runs `work` over the items, at most `width` at once. */
export async function each<T>(items: Iterable<T>, width: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
    }),
  );
}

/** Waits until the operator has sent no write for `quiet` milliseconds; leases aside; returns what it sent meanwhile. */
export async function untilQuiet(
  stage: Stage,
  quiet: number,
  settled: () => Promise<boolean>,
): Promise<Awaited<ReturnType<AuditLog['next']>>> {
  const seen: Awaited<ReturnType<AuditLog['next']>> = [];
  let last = performance.now();
  await waitFor(
    'the operator to fall silent',
    async (show) => {
      const fresh = (await stage.audit.next()).filter(isWork);
      if (fresh.length > 0) last = performance.now();
      for (const request of fresh) seen.push(request);
      show({ requests: seen.length, last: seen.at(-1)?.requestURI });
      return performance.now() - last > quiet && (await settled());
    },
    { timeout: 20 * 60_000 },
  );
  return seen;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('no values to take the median of');
  return middle;
}
