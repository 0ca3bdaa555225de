/** What a scheduler and a kubelet do for pods, as far as a rollout sees it: this size of cluster has no nodes. */
import { setTimeout as pause } from 'node:timers/promises';
import { Kubelet, type ApiCluster } from '../harness/index.ts';

export interface Pods {
  /** Pods with this image never come up from now on. */
  break(image: string): void;
  /** Pods with this image come up and die at once, again and again, as without a probe; these are their last words. */
  kill(image: string, lastWords: string): void;
  /** Pods of Jobs with this image fail, with these last words; others succeed as soon as they run. */
  fail(image: string, lastWords: string): void;
  /** Pods of Jobs with this image run on from now on. */
  hold(image: string): void;
  /** And end again. */
  release(image: string): void;
  /** Pods with this image do not end by themselves from now on, until their grace is over. @returns what lets them end */
  linger(image: string): () => void;
  /** Pods with this image never end from now on, as on a node that does not answer. */
  outlive(image: string): void;
  /** What the kubelet says of one pod, as a merge patch of its status. */
  report(namespace: string, name: string, status: object): Promise<void>;
  stop(): Promise<void>;
}

interface Body {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly restartPolicy?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

const NODE = 'kubelet-1';
/** Milliseconds; a node that says nothing for 40 s loses its pods. */
const HEARTBEAT = 10_000;

/** Makes every pod of a Deployment run, and ends those that are to end, again and again. */
export function startPods(cluster: ApiCluster): Pods {
  const behaviour: Behaviour = {
    broken: new Set(),
    killed: new Map(),
    failing: new Map(),
    held: new Set(),
    lingering: new Set(),
    outliving: new Set(),
  };
  const stop = new AbortController();
  // Admission believes nobody else what becomes of a pod of production.
  const kubelet = Kubelet.open(cluster, NODE);
  const done = work(cluster, kubelet, behaviour, stop.signal);
  return {
    break: (image) => void behaviour.broken.add(image),
    kill: (image, lastWords) => void behaviour.killed.set(image, lastWords),
    fail: (image, lastWords) => void behaviour.failing.set(image, lastWords),
    hold: (image) => void behaviour.held.add(image),
    release: (image) => void behaviour.held.delete(image),
    linger: (image) => {
      behaviour.lingering.add(image);
      return () => void behaviour.lingering.delete(image);
    },
    outlive: (image) => void behaviour.outliving.add(image),
    report: async (namespace, name, status) => {
      const answer = await (await kubelet).report(namespace, name, status);
      if (answer.status >= 300)
        throw new Error(`the kubelet's report was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

interface Behaviour {
  readonly broken: Set<string>;
  readonly killed: Map<string, string>;
  readonly failing: Map<string, string>;
  readonly held: Set<string>;
  readonly lingering: Set<string>;
  readonly outliving: Set<string>;
}

async function work(
  cluster: ApiCluster,
  opening: Promise<Kubelet>,
  behaviour: Behaviour,
  signal: AbortSignal,
): Promise<void> {
  const kubelet = await opening;
  let renewed = -Infinity;
  while (!signal.aborted) {
    if (performance.now() - renewed > HEARTBEAT) {
      renewed = performance.now();
      await kubelet.renew().catch(() => undefined);
    }
    await round(cluster, kubelet, behaviour).catch(() => undefined);
    await pause(60);
  }
}

async function round(cluster: ApiCluster, kubelet: Kubelet, behaviour: Behaviour): Promise<void> {
  const { body } = await cluster.request('GET', '/api/v1/pods?labelSelector=app');
  for (const pod of (body as { readonly items?: readonly Body[] }).items ?? []) {
    const { namespace, name } = pod.metadata;
    const has = (images: { has(image: string): boolean }): boolean =>
      pod.spec.containers.some(({ image }) => images.has(image));
    if (pod.metadata.deletionTimestamp !== undefined) {
      const over = Date.parse(pod.metadata.deletionTimestamp) <= Date.now();
      if (has(behaviour.outliving) || (has(behaviour.lingering) && !over)) continue;
      await kubelet.request('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
      continue;
    }
    if (has(behaviour.broken)) continue;
    if (pod.spec.nodeName === undefined) await kubelet.bind(namespace, name);
    const status = next(pod, behaviour);
    if (status !== undefined) await kubelet.report(namespace, name, status);
  }
}

/** What the kubelet reports next, if it has news. */
function next(pod: Body, { killed, failing, held }: Behaviour): object | undefined {
  const image = pod.spec.containers[0]?.image ?? '';
  const lastWords = killed.get(image);
  const [before] = pod.status?.containerStatuses ?? [];
  if (before === undefined) return report(pod, { restarts: 0, up: true });
  if (pod.spec.restartPolicy === 'Never')
    return pod.status?.phase === 'Running' && !held.has(image) ? end(pod, failing.get(image)) : undefined;
  if (lastWords === undefined) return undefined;
  return report(pod, { restarts: before.restartCount + (before.ready ? 0 : 1), up: !before.ready, lastWords });
}

/** What becomes of a pod of a Job. */
function end({ spec }: Body, lastWords: string | undefined): object {
  const now = time();
  const [exitCode, reason] = lastWords === undefined ? [0, 'Completed'] : [1, 'Error'];
  const terminated = { exitCode, reason, message: lastWords ?? '', startedAt: now, finishedAt: now };
  return {
    phase: lastWords === undefined ? 'Succeeded' : 'Failed',
    containerStatuses: spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: false,
      restartCount: 0,
      state: { terminated },
    })),
  };
}

function report(
  { spec, status }: Body,
  { restarts, up, lastWords }: { readonly restarts: number; readonly up: boolean; readonly lastWords?: string },
): object {
  const now = time();
  const ended = { exitCode: 1, reason: 'Error', message: lastWords ?? '', startedAt: now, finishedAt: now };
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off restarting failed container' };
  return {
    phase: 'Running',
    ...(status?.phase === 'Running' ? {} : { startTime: now }),
    conditions: ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({
      type,
      status: up || type === 'Initialized' || type === 'PodScheduled' ? 'True' : 'False',
      lastTransitionTime: now,
    })),
    containerStatuses: spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: up,
      started: up,
      restartCount: restarts,
      state: up ? { running: { startedAt: now } } : { waiting },
      ...(lastWords !== undefined && (restarts > 0 || !up) ? { lastState: { terminated: ended } } : {}),
    })),
  };
}

function time(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
