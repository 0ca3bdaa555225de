import { setTimeout as pause } from 'node:timers/promises';
import { isEvent, isWork, isWrite } from '../stage/audit.ts';
import type { AuditedRequest } from '../stage/audit.ts';
import { startOperator, startUp } from './operator.ts';
import { resend } from './resend.ts';
import { keepPodsReady } from './pods.ts';
import { each, image, openBench, untilQuiet, wire } from './stage.ts';
import type { Stage } from '../stage/stage.ts';
import type { Figure, Sizes } from './figure.ts';

const width = 16;
const namespace = 'bench-dev';
const collection = `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/twinenvironments`;

function environment(index: number): object {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'TwinEnvironment',
    metadata: { name: `pr-${index}`, namespace },
    spec: { workloads: [{ name: 'web', image: image('a'), port: 8080 }], services: [{ name: 'stripe' }] },
  };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

async function home(stage: Stage): Promise<void> {
  const labels = { 'twinlock.dev/environments': 'true' };
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }]);
}

async function createEnvironments(stage: Stage, indexes: readonly number[]): Promise<void> {
  const admin = await wire(stage.cluster.kubeconfig, width);
  await each(indexes, width, async (index) => {
    const { status, text } = await admin.send('POST', collection, environment(index));
    if (status !== 201) throw new Error(`pr-${index}: ${text}`);
  });
  await admin.close();
}

const isStatus = ({ objectRef }: AuditedRequest): boolean => objectRef?.subresource === 'status';

/**
 * Brings environments up with the operator, then sends the writes that it sent, as the same account to a fresh API
 * server, from a bare loop; then lets them converge, watches silence, and restarts the operator.
 */
export async function measureEnvironments(sizes: Sizes): Promise<Figure[]> {
  const stage = await openBench();
  try {
    await home(stage);
    const startup = await startUp(stage, 'environments');
    const operator = await startOperator(stage, 'environments');
    await stage.audit.next();
    const started = Date.now();
    await createEnvironments(stage, range(0, sizes.applied));
    const sent = await untilQuiet(stage, 5_000, async () => (await count(stage, placed)) === sizes.applied);
    const writes = sent.filter((request) => isWork(request) && isWrite(request) && !isEvent(request));
    const children = writes.filter((request) => !isStatus(request) && succeeded(request));
    const applied = Math.max(...children.map(({ stageTimestamp }) => Date.parse(stageTimestamp))) - started;
    const same = writes.filter((each) => Date.parse(each.stageTimestamp) <= started + applied && succeeded(each));
    const bare = await replay(sizes.applied, same);

    const pods = await keepPodsReady(stage.cluster);
    await createEnvironments(stage, range(sizes.applied, sizes.converged));
    await untilQuiet(stage, 10_000, async () => (await count(stage, ready)) === sizes.converged);
    await pods.stop();
    await stage.audit.next();
    await pause(sizes.silenceSeconds * 1000);
    const noise = (await stage.audit.next()).filter(isWork);

    await operator.stop();
    await stage.audit.next();
    const again = await startOperator(stage, 'environments');
    const idle = await idleAfter(again);
    const rewritten = (await stage.audit.next()).filter((request) => isWork(request) && isWrite(request));
    const figures: Figure[] = [
      {
        name: `${sizes.applied} environments to applied, over the same ${same.length} writes from a bare loop`,
        value: applied / bare,
        unit: 'x',
        bar: 1.25,
        detail: `${(applied / 1000).toFixed(1)} s against ${(bare / 1000).toFixed(1)} s, ${width} at once`,
      },
      {
        name: `requests of ${sizes.converged} converged environments in ${sizes.silenceSeconds} s`,
        value: noise.length,
        unit: 'requests',
        bar: 0,
        detail: noise
          .slice(0, 3)
          .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
          .join('; '),
      },
      {
        name: `restart with ${sizes.converged} environments: start to synced and idle`,
        value: idle / 1000,
        unit: 's',
        bar: 5,
        detail: `${again.readyAfter.toFixed(0)} ms to ready, ${(await again.rss()).toFixed(0)} MiB resident`,
      },
      {
        name: `writes after that restart`,
        value: rewritten.length,
        unit: 'writes',
        bar: 0,
        detail: rewritten
          .slice(0, 3)
          .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
          .join('; '),
      },
      startup,
    ];
    await again.stop();
    return figures;
  } finally {
    await stage.stop();
  }
}

const succeeded = ({ responseStatus }: AuditedRequest): boolean => (responseStatus?.code ?? 500) < 300;

interface Seen {
  readonly status?: { readonly phase?: string; readonly namespace?: string };
}
const placed = ({ status }: Seen): boolean => status?.namespace !== undefined;
const ready = ({ status }: Seen): boolean => status?.phase === 'Ready';

async function count(stage: Stage, which: (seen: Seen) => boolean): Promise<number> {
  const { body } = await stage.cluster.request('GET', collection);
  return (body as { readonly items: readonly Seen[] }).items.filter(which).length;
}

/** Milliseconds from the process's start until its queues have been empty, with nothing in work, for a second. */
async function idleAfter(operator: Awaited<ReturnType<typeof startOperator>>): Promise<number> {
  let emptySince: number | undefined;
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; await pause(20)) {
    const busy = await operator.metric(/^(workqueue_depth|controller_runtime_active_workers)\{/);
    const done = await operator.metric(/^controller_runtime_reconcile_total\{/);
    if (busy > 0 || done === 0) emptySince = undefined;
    else emptySince ??= performance.now();
    if (emptySince !== undefined && performance.now() - emptySince > 1_000) return emptySince - operator.startedAt;
  }
  throw new Error('the restarted process did not become idle within 120 s');
}

/** The same environments and the same writes, in the same order, without an operator. Milliseconds. */
async function replay(environments: number, writes: readonly AuditedRequest[]): Promise<number> {
  const stage = await openBench();
  try {
    await home(stage);
    const sender = await wire(stage.accounts.environments, width);
    // A write inside an environment's namespace waits for the namespace and the right to write there.
    const opened = new Map<string, Promise<void>>();
    const started = performance.now();
    await createEnvironments(stage, range(0, environments));
    await each(writes, width, async (write) => {
      const { namespace: within, resource } = write.objectRef ?? {};
      const opens = resource === 'namespaces' || resource === 'rolebindings';
      if (!opens && within !== undefined) await opened.get(within);
      const done = resend(sender, write);
      const [path = ''] = write.requestURI.split('?');
      const key = resource === 'namespaces' ? path.slice(path.lastIndexOf('/') + 1) : within;
      if (opens && key !== undefined)
        opened.set(
          key,
          Promise.all([opened.get(key), done]).then(() => undefined),
        );
      await done;
    });
    const wall = performance.now() - started;
    await sender.close();
    return wall;
  } finally {
    await stage.stop();
  }
}
