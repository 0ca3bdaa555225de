import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../cache.ts';
import { run } from '../command.ts';
import { HarnessError } from '../errors.ts';
import { readKubeconfig } from '../kubeconfig.ts';
import { tools } from '../tools.ts';
import { NodeCluster } from './cluster.ts';
import type { FullCluster } from '../types.ts';

/**
 * The cluster that TWINLOCK_KUBECONFIG hands over, for tests to do with what they like. It is neither made nor removed
 * here, has no doors, and its registry is TWINLOCK_REGISTRY.
 *
 * @throws HarnessError `Configuration` when what must come with it is missing
 */
export async function externalCluster(kubeconfig: string): Promise<FullCluster> {
  const registry = process.env['TWINLOCK_REGISTRY'];
  if (process.env['TWINLOCK_CONFIRM'] !== 'yes') {
    throw new HarnessError(
      'Configuration',
      'TWINLOCK_KUBECONFIG is set: tests change and delete what is in that cluster; set TWINLOCK_CONFIRM=yes if it is a throw-away one',
    );
  }
  if (!registry) {
    throw new HarnessError(
      'Configuration',
      'TWINLOCK_KUBECONFIG needs TWINLOCK_REGISTRY: a host:port/prefix that this machine pushes to and its nodes pull from',
    );
  }
  const folder = join(runFolder(), 'external');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const flat = join(folder, 'admin.kubeconfig');
  const view = ['--kubeconfig', kubeconfig, 'config', 'view', '--raw', '--minify', '--flatten'];
  await writeFile(flat, (await run(await tools.kubectl(), view)).stdout, { mode: 0o600 });
  const { endpoint, credentials } = await readKubeconfig(flat);
  if (!('token' in credentials) && credentials.certificate === '') {
    throw new HarnessError(
      'Configuration',
      `${kubeconfig}: its user needs a client certificate or a token in the file, not a login program`,
    );
  }
  return new NodeCluster({ folder, kubeconfig: flat, server: endpoint.server, registry, doors: {} });
}
