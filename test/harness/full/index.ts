import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../cache.ts';
import { readKubeconfig } from '../kubeconfig.ts';
import { withLock } from '../lock.ts';
import { freePorts } from '../ports.ts';
import { requirePackages } from '../prerequisites.ts';
import { step } from '../progress.ts';
import { waitFor } from '../wait.ts';
import { removeImages, removeNetwork } from './cleanup.ts';
import { NodeCluster } from './cluster.ts';
import { engine, presentEngine } from './engine.ts';
import { externalCluster } from './external.ts';
import { createKind, deleteKind, nodePorts } from './kind.ts';
import { nodeImage } from './node-image.ts';
import { registryAnswers, removeRegistry, startRegistry } from './registry.ts';
import type { FullCluster } from '../types.ts';
import type { Engine } from './engine.ts';
import type { Doors } from './kind.ts';

interface State {
  readonly registryPort: number;
  readonly doors: Doors;
  /** null for kind's own. */
  readonly image: string | null;
}

const folder = (): string => join(runFolder(), 'full');
const file = (name: string): string => join(folder(), name);
const kubeconfigFile = 'admin.kubeconfig';
const stateFile = 'state.json';

/**
 * The cluster with real pods that all tests and the demo share: the one that runs, or a new one. With
 * TWINLOCK_KUBECONFIG it is the one handed over.
 */
export async function full(): Promise<FullCluster> {
  const handedOver = process.env['TWINLOCK_KUBECONFIG'];
  if (handedOver) return externalCluster(handedOver);
  await requirePackages('api');
  return withLock(join(runFolder(), 'full.lock'), async () => {
    const running = await found();
    if (running) return running;
    const containers = await engine();
    const image = await nodeImage(containers);
    await remove(containers);
    return start(containers, image);
  });
}

/** Path of the kubeconfig of the cluster that runs, if one does. */
export async function fullKubeconfig(): Promise<string | undefined> {
  return process.env['TWINLOCK_KUBECONFIG'] || (await found())?.kubeconfig;
}

/** Removes the cluster, its registry, network and firewall chains; not one that was handed over. */
export async function stopFull(): Promise<void> {
  const present = await presentEngine();
  await withLock(join(runFolder(), 'full.lock'), () => remove(present));
}

/** Removes the images that were made here for the clusters. */
export async function removeBuiltImages(): Promise<void> {
  const present = await presentEngine();
  if (present) await removeImages(present);
}

async function start(engine: Engine, image: string | undefined): Promise<FullCluster> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const [registryPort = 0, ...ports] = await freePorts(1 + nodePorts.length);
  const doors = Object.fromEntries(nodePorts.map((port, index) => [port, ports[index] ?? 0]));
  await step(`starting kind (${engine.name}${image === undefined ? '' : ', own node image'})`, () =>
    createKind(engine, file(kubeconfigFile), image, doors),
  );
  await step('starting a registry', () => startRegistry(engine, registryPort));
  const state: State = { registryPort, doors, image: image ?? null };
  const cluster = await open(state);
  await step('waiting for the cluster to be ready', () => ready(cluster));
  // Last, so that a start which was cut short is not found again.
  await writeFile(file(stateFile), JSON.stringify(state));
  return cluster;
}

async function open({ registryPort, doors }: State): Promise<FullCluster> {
  const kubeconfig = file(kubeconfigFile);
  const { endpoint } = await readKubeconfig(kubeconfig);
  const registry = `127.0.0.1:${registryPort}`;
  return new NodeCluster({ folder: folder(), kubeconfig, server: endpoint.server, registry, doors });
}

/** The cluster that runs, when its API and its registry answer. */
async function found(): Promise<FullCluster | undefined> {
  try {
    const state = JSON.parse(await readFile(file(stateFile), 'utf8')) as State;
    const cluster = await open(state);
    // A machine under load may take its time; a cluster that others use must not be replaced for that.
    return await waitFor('the cluster that was there', () => answers(cluster, state), { timeout: 15_000 });
  } catch {
    // Not there, or no answer: a new one takes its place.
    return undefined;
  }
}

async function answers(cluster: FullCluster, { registryPort }: State): Promise<FullCluster | undefined> {
  const { status } = await cluster.request('GET', '/readyz');
  return status === 200 && (await registryAnswers(registryPort)) ? cluster : undefined;
}

/** Pods can start and find each other by name. */
async function ready(cluster: FullCluster): Promise<void> {
  await waitFor(
    'a ready node, the default service account and DNS',
    async (seen) => {
      const dns = await cluster.request('GET', '/apis/apps/v1/namespaces/kube-system/deployments/coredns');
      const account = await cluster.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      const { status } = dns.body as { readonly status?: { readonly readyReplicas?: number } };
      seen({ dns: status, account: account.status });
      return account.status === 200 && (status?.readyReplicas ?? 0) > 0;
    },
    { timeout: 180_000, interval: 200 },
  );
}

/** With its files: the next cluster has another address and another authority, and must not find people of this one. */
async function remove(engine: Engine | undefined): Promise<void> {
  if (engine) {
    await removeRegistry(engine);
    await deleteKind(engine, folder());
    await removeNetwork(engine);
  }
  await rm(folder(), { recursive: true, force: true });
}
