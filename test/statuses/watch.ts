/** Every status that goes by in a cluster while tests run, held against the table of rules and against kstatus. */
import { apiVersion, fieldManagers, kinds } from '../../operator/api/index.ts';
import { Reflector } from '../../operator/kube/cache/reflector.ts';
import { KubeClient, loadConfig, resourceType, silentLogger, systemClock } from '../../operator/kube/index.ts';
import type { Cluster } from '../harness/index.ts';
import { reasonsOf, type Reported } from './rules.ts';
import { SeenStatuses } from './seen.ts';

export interface WatchedStatuses {
  /**
   * Ends the watch; before the cluster stops.
   *
   * @throws Error that says which status of which object broke which rule
   */
  stop(): Promise<void>;
}

/** Who writes statuses; what others forged into one is not the operator's to answer for. */
const WRITERS: readonly string[] = [fieldManagers.promotions, `${fieldManagers.environments}-status`];

/** Follows every kind that has conditions, as admin, once its CRDs are established. */
export async function watchStatuses({ kubeconfig }: Pick<Cluster, 'kubeconfig'>): Promise<WatchedStatuses> {
  const client = new KubeClient(await loadConfig({ kubeconfig, clock: systemClock }), { clock: systemClock });
  const seen = new SeenStatuses();
  const stop = new AbortController();
  const add = (object: Reported): void => {
    if (object.status !== undefined && isOwn(object)) seen.add(object);
  };
  const following = kinds
    .filter(({ kind }) => reasonsOf[kind] !== undefined)
    .map(({ kind, plural, namespaced }) => {
      const type = resourceType<Reported>({ apiVersion, kind, plural, namespaced });
      const sink = {
        keep: (object: Reported) => object,
        replace: (objects: readonly Reported[]) => objects.forEach(add),
        upsert: add,
        remove: add,
        progress: () => undefined,
      };
      const reflector = new Reflector({
        client,
        type,
        selection: {},
        sink,
        clock: systemClock,
        random: Math.random,
        logger: silentLogger,
      });
      return reflector.run(stop.signal);
    });
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(following);
      await client.close();
      await seen.verify();
    },
  };
}

/** Whether the operator wrote all of its status. */
function isOwn({ metadata: { managedFields = [] } }: Reported): boolean {
  const writers = managedFields.filter(({ subresource }) => subresource === 'status').map(({ manager }) => manager);
  return writers.length > 0 && writers.every((manager) => WRITERS.some((known) => known === manager));
}
