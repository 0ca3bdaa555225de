import { Agent } from 'undici';
import { rendered } from '../chart/render.ts';
import { waitFor } from '../harness/index.ts';
import { readKubeconfig } from '../harness/kubeconfig.ts';
import { isWork, type AuditLog } from '../stage/audit.ts';
import { openStage, type Stage } from '../stage/stage.ts';

/** Image references that are never pulled: the API has no nodes. */
export const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;

/** A stage with what the chart installs for users: the default class, large enough, and the catalogue. */
export async function openBench(): Promise<Stage> {
  const objects = await rendered({
    'catalog.stripe.image': image('f'),
    'defaultClass.maxEnvironments': '1000',
    'defaultClass.maxPerNamespace': '1000',
  });
  return openStage({ fresh: true, after: objects.filter(({ apiVersion }) => apiVersion.startsWith('twinlock.dev/')) });
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
