/** What the tests of kube and runtime share: a namespace, a CRD with a status, a client behind a fault proxy. */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import {
  Cache,
  CustomResourceDefinition,
  KubeClient,
  Namespace,
  loadConfig,
  resourceType,
  systemClock,
} from '../../operator/kube/index.ts';
import type { KubeClientOptions, KubeObject, Logger } from '../../operator/kube/index.ts';
import { FaultProxy } from '../fixtures/scripted-apiserver/index.ts';
import { waitFor } from '../harness/index.ts';
import type { Cluster } from '../harness/index.ts';

export type Gadget = KubeObject & {
  readonly spec: { readonly size: number };
  readonly status?: { readonly seen?: number; readonly words?: readonly string[] };
};

/** A custom kind with a status, installed by {@link installGadgets}. */
export const Gadget = resourceType<Gadget>({
  apiVersion: 'runtime.acme.dev/v1',
  kind: 'Gadget',
  plural: 'gadgets',
  namespaced: true,
});

export interface Stage {
  /** Straight to the API server. */
  readonly admin: KubeClient;
  /** Through the proxy. */
  readonly client: KubeClient;
  readonly proxy: FaultProxy;
  readonly namespace: string;
  /** A cache of the client that runs until the test ends. */
  cache(): Cache;
  /** What was logged, newest last; shown when a test fails. */
  readonly logger: Logger;
}

export async function stage(
  t: ExecutionContext,
  cluster: Cluster,
  options: Partial<KubeClientOptions> = {},
): Promise<Stage> {
  const admin = new KubeClient(await loadConfig({ kubeconfig: cluster.kubeconfig, clock: systemClock }), {
    clock: systemClock,
  });
  const proxy = await FaultProxy.start(cluster.kubeconfig);
  const client = new KubeClient(proxy.config, { clock: systemClock, ...options });
  const namespace = `runtime-${randomUUID().slice(0, 8)}`;
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const logger = logTo(t);
  await admin.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  t.teardown(async () => {
    stop.abort();
    await Promise.all(running);
    await client.close();
    await proxy.stop();
    await admin.delete(Namespace, { name: namespace }).catch(() => false);
    await admin.close();
  });
  const cache = (): Cache => {
    const made = new Cache({ client, clock: systemClock, logger });
    // Asked for informers first, run on the next turn: what a manager does too.
    setImmediate(() => running.push(made.run(stop.signal)));
    return made;
  };
  return { admin, client, proxy, namespace, cache, logger };
}

/** Makes the API server serve gadgets; more than one test may ask. */
export async function installGadgets(cluster: Cluster): Promise<void> {
  const admin = new KubeClient(await loadConfig({ kubeconfig: cluster.kubeconfig, clock: systemClock }), {
    clock: systemClock,
  });
  const preserve = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const words = { type: 'array', items: { type: 'string', maxLength: 8 } };
  const definition = {
    apiVersion: CustomResourceDefinition.apiVersion,
    kind: CustomResourceDefinition.kind,
    metadata: { name: 'gadgets.runtime.acme.dev' },
    spec: {
      group: 'runtime.acme.dev',
      names: { kind: 'Gadget', plural: 'gadgets', singular: 'gadget', listKind: 'GadgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: preserve, status: { ...preserve, properties: { words } } },
            },
          },
        },
      ],
    },
  };
  await admin.apply(CustomResourceDefinition, definition, { fieldManager: 'test', force: true });
  await waitFor('gadgets to be served', async () => (await admin.list(Gadget)).metadata.resourceVersion);
  await admin.close();
}

/** A ConfigMap with one entry. */
export function configMap(
  namespace: string,
  name: string,
  value: string,
): KubeObject & { readonly data: { readonly value: string } } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { value } };
}

export function gadget(namespace: string, name: string, size: number): Gadget {
  return { apiVersion: Gadget.apiVersion, kind: Gadget.kind, metadata: { namespace, name }, spec: { size } };
}

function logTo(t: ExecutionContext): Logger {
  const say =
    (level: string) =>
    (fields: object, message: string): void => {
      const shown = JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.message : value));
      t.log(`${level} ${message} ${shown}`);
    };
  return { debug: () => undefined, info: say('info'), warn: say('warn'), error: say('error') };
}
