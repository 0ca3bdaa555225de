import { environmentBounds, type TwinEnvironmentStatus } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import { proveImages, wiringOf, type ImageProof, type Report, type ServiceWiring } from '../decide/wiring/index.ts';
import type { Variable } from '../decide/resolve/index.ts';
import { livePods, partState, type ObservedParts, type PartState } from '../decide/observed.ts';

type Services = NonNullable<TwinEnvironmentStatus['services']>;
type Workloads = NonNullable<TwinEnvironmentStatus['workloads']>;

/** A service with its wiring and the state of its twin. */
export interface ServiceSummary {
  readonly name: string;
  readonly state: PartState;
  readonly wiring: ServiceWiring;
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
 */
export function summarize(plan: Plan, parts: ObservedParts, reports: ReadonlyMap<string, Report>): Summary {
  const observed = plan.workloads.map((workload) => ({
    plan: workload,
    pods: livePods(parts, workload.name),
    report: workload.reportPath === undefined ? undefined : reports.get(workload.name),
  }));
  return {
    services: plan.services.map((service) => ({
      name: service.name,
      state: service.twin === undefined ? { ready: true } : partState(parts, service.name),
      wiring: wiringOf(service, observed),
    })),
    workloads: observed.map(({ plan: workload, pods }) => {
      const state = partState(parts, workload.name);
      return { name: workload.name, state, proof: proveImages(workload, pods, state.ready) };
    }),
  };
}

const MAX_REASON = 1000;

/** `status.services` */
export function serviceStatuses(plan: Plan, { services }: Summary): Services {
  return services.map(({ name, state, wiring }, index) => {
    const planned = plan.services[index];
    const reason = state.ready ? wiring.reason : `twin ${state.reason}`;
    return {
      name,
      mode: planned?.mode ?? 'Twin',
      ...(planned?.endpoint === undefined ? {} : { url: planned.endpoint.url }),
      ...(wiring.rendered.length === 0 ? {} : { rendered: shown(wiring.rendered) }),
      ...(wiring.running.length === 0 ? {} : { running: shown(wiring.running) }),
      ...(wiring.reported === undefined ? {} : { reported: withoutUndefined(wiring.reported) }),
      verified: wiring.verdict === 'True',
      ready: state.ready,
      ...(reason === undefined ? {} : { reason: printable(reason, MAX_REASON) }),
    };
  });
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
