import { environmentBounds, type Frozen, type TwinEnvironmentStatus } from '../../api/index.ts';
import { canonicalJSON, printable } from '../../canonical/index.ts';
import { environmentRowOf } from '../../workloads/index.ts';
import { twinPath } from '../naming/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import { proveImages, wiringOf, type ImageProof, type Report, type ServiceWiring } from '../decide/wiring/index.ts';
import type { Variable } from '../decide/resolve/index.ts';
import { livePods, type ObservedParts, type PartState } from '../decide/observed.ts';
import { statesOf } from '../decide/states.ts';

type ServiceStatus = Frozen<NonNullable<TwinEnvironmentStatus['services']>[number]>;
type Services = NonNullable<TwinEnvironmentStatus['services']>;
type Workloads = NonNullable<TwinEnvironmentStatus['workloads']>;

/** A service with its wiring and the state of its twin. */
export interface ServiceSummary {
  readonly name: string;
  readonly state: PartState;
  readonly wiring: ServiceWiring;
  /** The catalogue has other content of its version by now. */
  readonly outdated: boolean;
  /** What the status said of it before: it holds, since nothing else speaks against it. */
  readonly asBefore: ServiceStatus | undefined;
}

export interface WorkloadSummary {
  readonly name: string;
  readonly state: PartState;
  readonly proof: ImageProof;
}

/** What an environment's parts and wiring come to. */
export interface Summary {
  readonly services: readonly ServiceSummary[];
  readonly workloads: readonly WorkloadSummary[];
}

/**
 * Holds what was observed against the plan.
 *
 * @param reports what the apps said, by workload; read for those alone whose plan has a path for it
 * @param previous services and workloads as the status has them
 */
export function summarize(
  plan: Plan,
  parts: ObservedParts,
  reports: ReadonlyMap<string, Report>,
  previous: Pick<Frozen<TwinEnvironmentStatus>, 'services' | 'workloads'> = {},
): Summary {
  const states = statesOf(plan, parts);
  const observed = plan.workloads.map((workload) => {
    const pods = livePods(parts, plan.runners.get(workload.name));
    return {
      plan: workload,
      pods,
      report: workload.reportPath === undefined ? undefined : reports.get(workload.name),
      // Kubernetes removes pods that ended when it likes.
      over: environmentRowOf(workload.kind).ends && pods.length === 0 && states.of(workload.name).ready,
    };
  });
  return {
    services: plan.services.map((service) => {
      const { name, outdated } = service;
      const state = states.of(name);
      const wiring = wiringOf(service, observed);
      const seen = previous.services?.find((each) => each.name === name && each.ready);
      return { name, state, wiring, outdated, asBefore: wiring.onlyUnheard && state.ready ? seen : undefined };
    }),
    workloads: observed.map(({ plan: workload, pods, over }) => {
      const { name, templateDigest } = workload;
      const state = states.of(name);
      if (!over) return { name, state, proof: proveImages(workload, pods, state.ready) };
      const seen = previous.workloads?.find((each) => each.name === name && each.templateDigest === templateDigest);
      return { name, state, proof: { images: seen?.images ?? [], verdict: 'True', reason: undefined } };
    }),
  };
}

const MAX_REASON = 1000;

/** `status.services` */
export function serviceStatuses(plan: Plan, { services }: Summary): Services {
  return services.map(({ name, state, wiring, asBefore }, index) => {
    const planned = plan.services[index];
    const seen = asBefore ?? { verified: wiring.verdict === 'True', reported: wiring.reported, reason: wiring.reason };
    const reason = state.ready ? seen.reason : `twin ${state.reason}`;
    return {
      name,
      mode: planned?.mode ?? 'Twin',
      ...chosenOf(planned?.chosen),
      ...(planned?.outdated === true ? { outdated: true } : {}),
      ...(planned?.endpoint === undefined ? {} : { url: planned.endpoint.url }),
      ...outside(plan, planned),
      ...(wiring.rendered.length === 0 ? {} : { rendered: shown(wiring.rendered) }),
      ...(wiring.running.length === 0 ? {} : { running: shown(wiring.running) }),
      ...(seen.reported === undefined ? {} : { reported: withoutUndefined(seen.reported) }),
      verified: seen.verified,
      ready: state.ready,
      ...(reason === undefined ? {} : { reason: printable(reason, MAX_REASON) }),
    };
  });
}

/** Without the entry where it is larger than a status can have: then the environment follows the catalogue. */
function chosenOf(
  chosen: Plan['services'][number]['chosen'],
): Pick<Services[number], 'vendorTwin' | 'version' | 'entry'> {
  if (chosen === undefined) return {};
  const { vendorTwin, version, entry } = chosen;
  const fits = entry !== undefined && Buffer.byteLength(canonicalJSON(entry)) <= environmentBounds.entry;
  return { vendorTwin, version, ...(fits ? { entry: { ...entry } } : {}) };
}

/** Where a twin is reached from outside, as the boundary leads there. */
function outside(
  { url, hosts }: Plan,
  service: Plan['services'][number] | undefined,
): { readonly exposedURL?: string } {
  if (url === undefined || service?.twin === undefined || service.expose === 'None') return {};
  return {
    exposedURL:
      service.expose === 'Host'
        ? hosts.url(hosts.componentHost(service.name))
        : hosts.url(hosts.host, twinPath(service.name)),
  };
}

/** As much of it as a status takes. */
function shown(variables: readonly Variable[]): Variable[] {
  return variables
    .slice(0, environmentBounds.variables)
    .map(({ value, ...where }) => ({ ...where, value: value.slice(0, environmentBounds.value) }));
}

/** `status.workloads` */
export function workloadStatuses(plan: Plan, { workloads }: Summary): Workloads {
  return plan.workloads.map((workload, index) => {
    const { images = [] } = workloads[index]?.proof ?? {};
    return {
      name: workload.name,
      ...(images.length === 0 ? {} : { images: [...images] }),
      templateDigest: workload.templateDigest,
      ready: workloads[index]?.state.ready ?? false,
      ...(workload.url === undefined ? {} : { url: workload.url }),
    };
  });
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // Object.entries loses the types; the filter takes out just what the return type leaves out.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
