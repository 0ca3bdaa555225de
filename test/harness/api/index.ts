import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../cache.ts';
import { withLock } from '../lock.ts';
import { requirePackages } from '../prerequisites.ts';
import { ProcessCluster } from './cluster.ts';
import type { ApiCluster, ApiOptions, Cluster } from '../types.ts';

const ownerFile = 'owner.pid';
const privateFolder = (): string => join(runFolder(), 'private');
const sharedFolder = (): string => join(runFolder(), 'api');

/**
 * Starts a control plane of its own: nobody else's objects, and it may be killed. The caller stops it; what a killed
 * process left running is removed by the next one and by `make cluster-down`.
 */
export async function startApi(options: ApiOptions = {}): Promise<ApiCluster> {
  await requirePackages('api');
  await removeOrphans();
  const folder = join(privateFolder(), randomUUID().slice(0, 8));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ownerFile), String(process.pid));
  return ProcessCluster.start(folder, options);
}

/**
 * The control plane that all test files share; the first caller starts it. It is nobody's to stop or restart: use names
 * and namespaces of your own, and `startApi` for whatever changes the cluster as a whole.
 */
export async function sharedApi(): Promise<Cluster> {
  const folder = sharedFolder();
  await requirePackages('api');
  return withLock(join(runFolder(), 'api.lock'), async () => {
    const running = await ProcessCluster.find(folder);
    if (running) return running;
    await ProcessCluster.remove(folder);
    return ProcessCluster.start(folder);
  });
}

/** Ends the shared cluster and all private ones, whoever started them. */
export async function stopApis(): Promise<void> {
  await ProcessCluster.remove(sharedFolder());
  await Promise.all((await privates()).map((name) => ProcessCluster.remove(join(privateFolder(), name))));
}

async function privates(): Promise<string[]> {
  return readdir(privateFolder()).catch(() => []);
}

async function removeOrphans(): Promise<void> {
  for (const name of await privates()) {
    const folder = join(privateFolder(), name);
    const owner = await readFile(join(folder, ownerFile), 'utf8').catch(() => '');
    if (owner !== '' && !runs(Number(owner))) await ProcessCluster.remove(folder);
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
