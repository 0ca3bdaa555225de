import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { KubeClient, loadConfig, Namespace, Recorder, systemClock, type Client } from '../kube/index.ts';
import { createLogger, Manager, Metrics } from '../runtime/index.ts';
import { serviceAccounts } from '../api/index.ts';
import type { ProcessOptions, RunningProcess } from '../process-options.ts';
import { wirePromotions } from './controller/index.ts';

/** Hexadecimal digits of a round's nonce: 128 bits. */
const NONCE_BYTES = 16;

/**
 * Starts the promotions process: targets, promotions, the canary. Rejects when the cluster cannot be reached at all.
 *
 * @see design: security, "The lock" and "Counting"
 */
export async function startPromotions(options: ProcessOptions): Promise<RunningProcess> {
  const logger = createLogger({ level: options.logLevel, name: serviceAccounts.promotions });
  const metrics = new Metrics();
  metrics.collectProcess();
  const config = await loadConfig({ kubeconfig: options.kubeconfig });
  const client = new KubeClient(config, {
    userAgent: serviceAccounts.promotions,
    onRequest: metrics.countRequest,
  });
  const identity = `${hostname()}_${randomUUID()}`;
  const manager = new Manager({
    client,
    logger,
    metrics,
    health: options.health,
    leaderElection: options.leaderElect
      ? { namespace: options.namespace, name: serviceAccounts.promotions, identity }
      : undefined,
  });
  const events = new Recorder({
    client,
    controller: 'twinlock.dev/promotions',
    instance: identity,
    logger,
  });
  wirePromotions({
    manager,
    client,
    logger,
    events,
    clock: systemClock,
    systemNamespace: options.namespace,
    cluster: await clusterIdentity(client, options.clusterName),
    nonce: () => randomBytes(NONCE_BYTES).toString('hex'),
    podWriters: options.podWriters,
  });
  const running = await manager.start();
  const done = running.done.finally(() => client.close());
  // Whoever never asks for `done` must not crash the process with an unhandled rejection.
  done.catch(() => undefined);
  return {
    health: running.health ?? options.health,
    done,
    stop: async (): Promise<void> => {
      await events.flush();
      await running.stop();
      await done.catch(() => undefined);
    },
  };
}

/** kube-system's uid names a cluster for good; people know it by a name of their own or by the uid's beginning. */
async function clusterIdentity(
  client: Pick<Client, 'get'>,
  name: string | undefined,
): Promise<{ readonly name: string; readonly uid: string }> {
  const { metadata } = await client.get(Namespace, { name: 'kube-system' });
  const uid = metadata.uid ?? '';
  return { name: name ?? uid.slice(0, 8), uid };
}
