import { conditionOf, type Frozen, type TwinEnvironment, type TwinEnvironmentStatus } from '../../api/index.ts';

type Service = Frozen<NonNullable<TwinEnvironmentStatus['services']>[number]>;
type Variable = NonNullable<Service['rendered']>[number];

/** One variable of one container: what was written, and what runs. */
export interface VariableView {
  readonly workload: string;
  readonly container: string;
  readonly env: string;
  readonly rendered: string | undefined;
  readonly running: string | undefined;
}

export interface ServiceView {
  readonly name: string;
  readonly mode: Service['mode'];
  readonly url: string | undefined;
  readonly reported: { readonly mode?: string | undefined; readonly url?: string | undefined } | undefined;
  readonly ready: boolean;
  readonly verified: boolean;
  readonly reason: string | undefined;
  readonly variables: readonly VariableView[];
}

/** What the page of an environment shows; its JSON form is this object. */
export interface ServicesView {
  readonly environment: { readonly namespace: string; readonly name: string };
  readonly phase: string | undefined;
  /** Condition TwinsWired. */
  readonly wired: 'True' | 'False' | 'Unknown';
  readonly message: string | undefined;
  readonly services: readonly ServiceView[];
}

/** Nothing but the status: what is shown is what the conditions were decided on. */
export function servicesView(environment: TwinEnvironment): ServicesView {
  const { metadata, spec, status } = environment;
  const wired = conditionOf(environment, 'TwinsWired');
  const known = new Map((status?.services ?? []).map((service) => [service.name, service]));
  return {
    environment: { namespace: metadata.namespace ?? '', name: metadata.name },
    phase: status?.phase,
    wired: wired?.status ?? 'Unknown',
    message: wired?.message,
    services: (spec.services ?? []).map(({ name, mode }) => {
      const service = known.get(name);
      return {
        name,
        mode: service?.mode ?? mode,
        url: service?.url,
        reported: service?.reported,
        ready: service?.ready ?? false,
        verified: service?.verified ?? false,
        reason: service === undefined ? 'not observed yet' : service.reason,
        variables: variables(service?.rendered ?? [], service?.running ?? []),
      };
    }),
  };
}

function variables(rendered: readonly Variable[], running: readonly Variable[]): readonly VariableView[] {
  const place = ({ workload, container, env }: Variable): string => JSON.stringify([workload, container, env]);
  const written = new Map(rendered.map((variable) => [place(variable), variable.value]));
  const live = Map.groupBy(running, place);
  const places = [...new Map([...rendered, ...running].map((variable) => [place(variable), variable]))];
  return places.flatMap(([key, { workload, container, env }]) => {
    const seen = live.get(key) ?? [undefined];
    return seen.map((each) => ({ workload, container, env, rendered: written.get(key), running: each?.value }));
  });
}
