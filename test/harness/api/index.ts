import { join } from 'node:path';
import { runFolder } from '../cache.ts';
import { withLock } from '../lock.ts';
import { requirePackages } from '../prerequisites.ts';
import type { ApiCluster, ApiOptions, Cluster } from '../types.ts';
import { ProcessCluster } from './cluster.ts';
import { newFolder, removePrivates } from './private.ts';

export { preparedApi, type Preparation, type Prepared } from './prepared.ts';

const sharedFolder = (): string => join(runFolder(), 'api');

/**
 * Starts a control plane of its own: nobody else's objects, and it may be killed. The caller stops it; what a killed
 * process left running is removed by the next one and by `make cluster-down`.
 */
export async function startApi(options: ApiOptions = {}): Promise<ApiCluster> {
  return ProcessCluster.start(await newFolder(), options);
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
  await removePrivates();
}
