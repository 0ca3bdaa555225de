import type { TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import type { Problem } from '../decide/resolve/index.ts';
import { observedParts, type InventoryItem, type Situation } from '../status/index.ts';
import type { Context } from '../controller/context.ts';
import { volumesOf } from '../act/removal.ts';

/** What the caches know of an environment that has its children; `rejected` is what the API server would not take. */
export function activeSituation(
  context: Context,
  environment: TwinEnvironment,
  plan: Plan,
  lifetime: Lifetime,
  rejected: readonly Problem[],
): Situation {
  const { informers, settings, reports } = context;
  const { namespace } = plan.home;
  const parts = observedParts(informers.workloads.lister.list(namespace), informers.pods.lister.list(namespace));
  return {
    kind: 'Active',
    plan,
    lifetime,
    parts,
    reports: (workload) => {
      const planned = plan.workloads.find(({ name }) => name === workload);
      if (planned?.port === undefined || planned.reportPath === undefined) return undefined;
      const ready = (parts.pods.get(workload) ?? []).filter((pod) => pod.ready);
      const target = { namespace, workload, port: planned.port, path: planned.reportPath };
      return reports.get(
        keyOf(environment),
        target,
        ready.map(({ metadata }) => metadata.uid ?? ''),
      );
    },
    inventory: inventoryOf(context, environment, namespace),
    rejected,
    suspended: environment.spec.suspend,
    bounded: settings.boundaryImage !== undefined,
    policiesEnforced: settings.policiesEnforced,
  };
}

/** What lives outside the namespace, and the namespace, with which everything else goes. */
function inventoryOf(context: Context, environment: TwinEnvironment, namespace: string): readonly InventoryItem[] {
  const uid = context.informers.namespaces.lister.get({ name: namespace })?.metadata.uid;
  return [
    { group: '', kind: 'Namespace', name: namespace, ...(uid === undefined ? {} : { uid }) },
    ...volumesOf(context, environment, namespace),
  ];
}
