import type { Cluster } from '../../harness/index.ts';

/** A namespace in which environments may be made; what was in it before is removed first, environments in order. */
export async function environmentsNamespace(cluster: Cluster, name: string): Promise<void> {
  await removeEnvironmentsNamespace(cluster, name);
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'twinlock.dev/environments': 'true' } } },
  ]);
}

/** Deletes the environments of a namespace, then the namespace. */
export async function removeEnvironmentsNamespace(cluster: Cluster, name: string): Promise<void> {
  const timeout = 130_000;
  await cluster.kubectl(['delete', 'twinenvironments', '--all', '-n', name, '--timeout=120s'], {
    timeout,
    check: false,
  });
  await cluster.kubectl(['delete', 'namespace', name, '--ignore-not-found', '--timeout=120s'], { timeout });
}
