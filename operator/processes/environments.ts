import { followedEnvironments } from '../environments/gather/cache/index.ts';
import { reacher, type TryReach } from '../environments/gather/reach.ts';
import { reportFetcher, type FetchReport } from '../environments/gather/reports/index.ts';
import { PageServer } from '../environments/page/index.ts';
import { wireEnvironments } from '../environments/wire.ts';
import { ServerAddresses } from '../kube/index.ts';
import { OutboundClient, systemResolve } from '../outbound/index.ts';
import type { ProcessOptions, RunningProcess } from './options.ts';
import { startProcess, type Overrides, type Parts } from './process.ts';

/** What a test puts in the place of the world outside the cluster too. */
export interface EnvironmentsOverrides extends Overrides {
  readonly fetchReport?: FetchReport | undefined;
  readonly tryReach?: TryReach | undefined;
}

/** Starts the environments process: the TwinEnvironment controller and the page of each environment. */
export function startEnvironments(
  options: ProcessOptions,
  overrides: EnvironmentsOverrides = {},
): Promise<RunningProcess> {
  return startProcess(
    'environments',
    options,
    async (parts) => {
      const { client, manager, metrics, events, logger, clock, closing } = parts;
      const background = new AbortController();
      closing.defer(() => background.abort());
      const outbound = outboundOf(parts);
      manager.add(
        wireEnvironments({
          client,
          cache: manager.cache,
          events,
          clock,
          logger,
          metrics,
          fetchReport: overrides.fetchReport ?? reportFetcher(outbound),
          tryReach: overrides.tryReach ?? reacher(outbound),
          signal: background.signal,
          settings: {
            systemNamespace: options.namespace,
            boundaryImage: options.boundaryImage,
            policiesEnforced: options.networkPoliciesEnforced,
          },
        }),
      );
      // Every replica serves the page, the leader alone reconciles.
      const page = new PageServer(followedEnvironments(manager.cache).lister);
      closing.defer(() => page.close());
      return page.listen(options.http);
    },
    overrides,
  );
}

/** The one client for what apps answer; it connects to no address of the API server. */
function outboundOf({ client, clock, config, name }: Parts): OutboundClient {
  const addresses = new ServerAddresses({
    client,
    clock,
    server: config.server,
    serviceHost: process.env['KUBERNETES_SERVICE_HOST'],
    resolve: systemResolve,
  });
  return new OutboundClient({ clock, refused: () => addresses.get(), userAgent: name });
}
