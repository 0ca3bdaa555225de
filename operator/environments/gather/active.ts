import type { TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import type { Problem } from '../decide/resolve/index.ts';
import type { Context } from './context.ts';
import type { ReportTarget } from './reports/index.ts';
import { volumesOf } from './volumes.ts';
import { observedParts, type InventoryItem, type ObservedParts, type Situation } from '../decide/index.ts';
import type { Report } from '../decide/wiring/index.ts';

/** What the caches know of an environment that has its children; `rejected` is what the API server would not take. */
export function activeSituation(
  context: Context,
  environment: TwinEnvironment,
  plan: Plan,
  lifetime: Lifetime,
  rejected: readonly Problem[],
  parts: ObservedParts,
): Situation {
  const { settings } = context;
  const { namespace } = plan.home;
  return {
    kind: 'Active',
    plan,
    lifetime,
    parts,
    reports: reportsOf(context, environment, plan),
    inventory: inventoryOf(context, environment, namespace),
    rejected,
    suspended: environment.spec.suspend,
    bounded: settings.boundaryImage !== undefined,
    policiesEnforced: settings.policiesEnforced,
  };
}

/** What the caches hold of an environment's namespace. */
export function partsOf({ informers }: Context, { home: { namespace } }: Plan): ObservedParts {
  return observedParts(informers.workloads.lister.list(namespace), informers.pods.lister.list(namespace));
}

/** The apps' last reports, by workload, of those that report. */
function reportsOf({ reports }: Context, environment: TwinEnvironment, plan: Plan): ReadonlyMap<string, Report> {
  return new Map(
    reportTargets(plan).map(({ workload }) => [workload, reports.get(keyOf(environment), workload)] as const),
  );
}

/** Where the apps of an environment report how they are wired, of those that do. */
export function reportTargets({ home: { namespace }, workloads }: Plan): readonly ReportTarget[] {
  return workloads.flatMap(({ name: workload, port, reportPath: path }) =>
    port === undefined || path === undefined ? [] : [{ namespace, workload, port, path }],
  );
}

/** What lives outside the namespace, and the namespace, with which everything else goes. */
function inventoryOf(context: Context, environment: TwinEnvironment, namespace: string): readonly InventoryItem[] {
  const uid = context.informers.namespaces.lister.get({ name: namespace })?.metadata.uid;
  return [
    { group: '', kind: 'Namespace', name: namespace, ...(uid === undefined ? {} : { uid }) },
    ...volumesOf(context, environment, namespace),
  ];
}
