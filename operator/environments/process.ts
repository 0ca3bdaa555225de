import { hostname } from 'node:os';
import { serviceAccounts, TwinEnvironment } from '../api/index.ts';
import { KubeClient, loadConfig, Recorder, ServerAddresses, systemClock } from '../kube/index.ts';
import { OutboundClient, systemResolve } from '../outbound/index.ts';
import type { ProcessOptions, RunningProcess } from '../process-options.ts';
import { createLogger, Manager, Metrics } from '../runtime/index.ts';
import { environmentController } from './controller.ts';
import { PageServer } from './page/index.ts';
import { reportFetcher, type FetchReport } from './gather/reports/index.ts';

/** What a test puts in the place of the world outside the cluster. */
export interface EnvironmentsOverrides {
  readonly fetchReport?: FetchReport | undefined;
}

/**
 * Starts the environments process: client, caches, controller, page, health.
 *
 * @returns once it serves health; caches fill in the background, `/readyz` says when.
 */
export async function startEnvironments(
  options: ProcessOptions,
  overrides: EnvironmentsOverrides = {},
): Promise<RunningProcess> {
  const name = serviceAccounts.environments;
  const logger = createLogger({ level: options.logLevel, name });
  const metrics = new Metrics();
  metrics.collectProcess();
  const config = await loadConfig({ kubeconfig: options.kubeconfig });
  const client = new KubeClient(config, {
    userAgent: name,
    onRequest: metrics.countRequest,
  });
  const addresses = new ServerAddresses({
    client,
    clock: systemClock,
    server: config.server,
    serviceHost: process.env['KUBERNETES_SERVICE_HOST'],
    resolve: systemResolve,
  });
  const outbound = new OutboundClient({ clock: systemClock, refused: () => addresses.get(), userAgent: name });
  const instance = hostname();
  const manager = new Manager({
    client,
    logger,
    metrics,
    health: options.health,
    ...(options.leaderElect
      ? { leaderElection: { namespace: options.namespace, name, identity: `${instance}_${crypto.randomUUID()}` } }
      : {}),
  });
  const background = new AbortController();
  const events = new Recorder({ client, controller: `twinlock.dev/${name}`, instance, logger });
  manager.add(
    environmentController({
      client,
      cache: manager.cache,
      events,
      clock: systemClock,
      logger,
      metrics,
      fetchReport: overrides.fetchReport ?? reportFetcher(outbound),
      signal: background.signal,
      settings: {
        systemNamespace: options.namespace,
        boundaryImage: options.boundaryImage,
        policiesEnforced: options.networkPoliciesEnforced,
      },
    }),
  );
  // Every replica serves the page, the leader alone reconciles.
  const page = new PageServer(manager.cache.informer(TwinEnvironment).lister);
  const http = await page.listen(options.http);
  const running = await manager.start().catch(async (error: unknown) => {
    await page.close();
    await client.close();
    throw error;
  });
  const done = running.done.finally(async () => {
    background.abort();
    await page.close();
    await events.flush();
    await client.close();
  });
  const ended = done.catch(() => undefined);
  return {
    http,
    health: running.health ?? options.health,
    done,
    stop: async (): Promise<void> => {
      await running.stop();
      await ended;
    },
  };
}
