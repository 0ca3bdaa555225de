/** The environments process at work, and what a platform gives it: a class, a twin of Stripe, a namespace for developers. */
import { setTimeout } from 'node:timers/promises';
import type { TwinEnvironment, TwinEnvironmentStatus } from '../../operator/api/index.ts';
import { startEnvironments, type EnvironmentsOverrides } from '../../operator/processes/environments.ts';
import type { Reach } from '../../operator/environments/decide/reach.ts';
import type { Report } from '../../operator/environments/decide/wiring/index.ts';
import type { FetchReport } from '../../operator/environments/gather/reports/index.ts';
import type { ProcessOptions, RunningProcess } from '../../operator/processes/options.ts';
import { waitFor, type Answer } from '../harness/index.ts';
import { own } from './objects.ts';
import { openStage, systemNamespace, type Json, type Stage as Base, type StageOptions } from './stage.ts';

/** Milliseconds that an app takes to report. */
const ANSWER_MS = 50;

const digest = 'a'.repeat(64);
export const image = `registry.example/web@sha256:${digest}`;
export const twinImage = `registry.example/stripe-mock@sha256:${digest}`;
export const boundaryImage = `registry.example/caddy@sha256:${digest}`;

export interface Stage extends Base {
  /**
   * Starts a process that ends with the stage.
   *
   * @param options what differs from one process alone, straight to the API server
   * @param overrides what it takes from the test in place of the world
   */
  startProcess(options?: Partial<ProcessOptions>, overrides?: EnvironmentsOverrides): Promise<RunningProcess>;
}

export async function openEnvironments(
  options: Pick<StageOptions<never>, 'testFile' | 'without' | 'apiServerFlags'> = {},
): Promise<Stage> {
  const base = await openStage({ ...options, after: platform() });
  return {
    ...base,
    startProcess: async (options, overrides) => {
      const running = await startEnvironments(
        {
          kubeconfig: base.accounts.environments,
          namespace: systemNamespace,
          http: { host: '127.0.0.1', port: 0 },
          health: { host: '127.0.0.1', port: 0 },
          logLevel: process.env['TWINLOCK_TEST_LOG'] === undefined ? 'fatal' : 'info',
          leaderElect: false,
          boundaryImage,
          networkPoliciesEnforced: false,
          ...options,
        },
        { tryReach: reachesAll, ...overrides },
      );
      base.endsWith(() => running.stop());
      return running;
    },
  };
}

/** No test's API server has pods that answer. */
const reachesAll = async (): Promise<Reach> => {
  await setTimeout(ANSWER_MS);
  return { reached: true };
};

/** Reports that apps give, by workload: no test's API server has pods that answer. */
export function given(reports: ReadonlyMap<string, Report>): FetchReport {
  return async ({ workload }) => {
    // As over a network: whoever asks goes on before there is an answer.
    await setTimeout(ANSWER_MS);
    return reports.get(workload) ?? { failure: 'the report cannot be reached' };
  };
}

/** The default class, a twin of Stripe, and a namespace for developers. */
function platform(): readonly object[] {
  return [
    own('TwinClass', 'default', { default: true }),
    own('VendorTwin', 'stripe', {
      vendor: 'Stripe',
      versions: [
        {
          version: 'v1',
          image: twinImage,
          port: 12_111,
          adminPort: 12_999,
          statePath: '/state',
          dummyKey: 'sk_test_twin',
          liveKeyPatterns: ['^sk_live_', '^rk_live_'],
          bindings: [
            { env: 'STRIPE_API_BASE', source: 'URL' },
            { env: 'STRIPE_API_KEY', source: 'DummyKey' },
          ],
        },
      ],
    }),
    developers('shop-dev'),
  ];
}

export function developers(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'twinlock.dev/environments': 'true' } } };
}

export function environment(name: string, spec: Json = {}, namespace = 'shop-dev', metadata: Json = {}): object {
  return own('TwinEnvironment', name, spec, { namespace, ...metadata });
}

/** One workload and one twin: the smallest useful environment. */
export const smallest = {
  workloads: [{ name: 'web', image, port: 8080 }],
  services: [{ name: 'stripe' }],
} as const;

export function pathOf(name: string, namespace = 'shop-dev'): string {
  return `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/twinenvironments/${name}`;
}

export async function read<T>(stage: Stage, path: string): Promise<T> {
  const answer = await stage.cluster.request('GET', path);
  if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
  return answer.body as T;
}

type Status = TwinEnvironmentStatus;

/** The tests of a file run at once on a machine that may have more to do. */
const patient = { timeout: 90_000 } as const;

async function statusIf(
  stage: Stage,
  path: string,
  holds: (status: Status) => boolean,
  seen: (what: unknown) => void,
): Promise<Status | undefined> {
  const { status } = await read<TwinEnvironment>(stage, path);
  seen(status);
  return status !== undefined && holds(status as Status) ? (status as Status) : undefined;
}

/** Waits until the status of an environment is as a test wants it; shows the last one when it never is. */
export function untilStatus(
  stage: Stage,
  name: string,
  holds: (status: Status) => boolean,
  namespace = 'shop-dev',
): Promise<Status> {
  const what = `the status of ${namespace}/${name}`;
  return waitFor(what, (seen) => statusIf(stage, pathOf(name, namespace), holds, seen), patient);
}

export function condition(status: Status, type: string): { status: string; reason: string; message: string } {
  return status.conditions?.find((each) => each.type === type) ?? { status: 'Absent', reason: '', message: '' };
}

export function isReady(status: Status): boolean {
  return condition(status, 'Ready').status === 'True';
}

interface Listed<T> {
  readonly items: readonly T[];
}
export interface Object_ {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
}
interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly Json[];
}
export interface Pod extends Object_ {
  readonly spec: { readonly containers: readonly PodContainer[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export async function list<T extends Object_>(stage: Stage, path: string): Promise<readonly T[]> {
  return (await read<Listed<T>>(stage, path)).items;
}

/** Does for a namespace what the kubelet would, until enough: every pod becomes Ready. */
export async function runPods(stage: Stage, namespace: string): Promise<void> {
  for (const pod of await list<Pod>(stage, `/api/v1/namespaces/${namespace}/pods`)) {
    if (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) continue;
    await setReady(stage, namespace, pod.metadata.name, 'True');
  }
}

/** What a kubelet says of a pod that runs what its spec has. */
export async function setReady(
  stage: Stage,
  namespace: string,
  pod: string,
  status: 'True' | 'False',
): Promise<Answer> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
  const { body } = await stage.cluster.request('GET', path);
  const { containers = [] } = (body as Partial<Pod>).spec ?? {};
  const containerStatuses = containers.map((container) => ({
    name: container.name,
    ready: status === 'True',
    restartCount: 0,
    image: container.image,
    imageID: container.image,
  }));
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
  return stage.cluster.request('PATCH', `${path}/status`, {
    contentType: 'application/strategic-merge-patch+json',
    body: { status: { phase: 'Running', conditions, containerStatuses } },
  });
}

/** Creates an environment and plays the kubelet until it is Ready. */
export async function bringUp(stage: Stage, name: string, spec: Json, namespace = 'shop-dev'): Promise<Status> {
  await stage.cluster.apply([environment(name, spec, namespace)]);
  const { namespace: home = '' } = await untilStatus(
    stage,
    name,
    (status) => status.namespace !== undefined,
    namespace,
  );
  const ready = async (seen: (what: unknown) => void): Promise<Status | undefined> => {
    await runPods(stage, home);
    return statusIf(stage, pathOf(name, namespace), isReady, seen);
  };
  return waitFor(`${namespace}/${name} is Ready`, ready, patient);
}

/** Requests that a process has sent so far, by method. */
export async function requestsOf({ health }: RunningProcess): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://${health.host}:${health.port}/metrics`)).text();
  const counts = new Map<string, number>();
  for (const [, method = '', count] of text.matchAll(/^rest_client_requests_total\{.*?method="(\w+)".*?\} (\d+)$/gm)) {
    counts.set(method, (counts.get(method) ?? 0) + Number(count));
  }
  return counts;
}
