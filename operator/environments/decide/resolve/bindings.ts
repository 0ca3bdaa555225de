import type { BindingSource, ResolvedService, ServiceMode } from './services.ts';

/** A binding of one workload with what its service says about it. */
export interface WorkloadBinding {
  readonly service: string;
  readonly mode: ServiceMode;
  readonly env: string;
  readonly source: BindingSource;
  /** What the variable is set to; undefined for Real and Disabled, where it stays unset. */
  readonly value: string | undefined;
}

/** A binding as a workload writes it. */
export interface OwnBinding {
  readonly service: string;
  readonly env: string;
  readonly source: BindingSource;
}

/** A variable that two services would set, and nobody decided which. */
export interface BindingClash {
  readonly env: string;
  readonly services: readonly [string, string];
}

/**
 * The bindings that hold for a workload: those that its services bring, overridden by the workload's own for the same
 * variable.
 *
 * @returns the bindings by variable, or the first variable that two services bring and the workload does not decide.
 */
export function bindingsOf(
  services: readonly ResolvedService[],
  own: readonly OwnBinding[],
): { readonly bindings: readonly WorkloadBinding[] } | { readonly clash: BindingClash } {
  const byName = new Map(services.map((service) => [service.name, service]));
  const bindings = new Map<string, WorkloadBinding>();
  for (const { service: name, env, source } of own) {
    const service = byName.get(name);
    if (service !== undefined) bindings.set(env, bound(service, env, source));
  }
  const decided = new Set(bindings.keys());
  for (const service of services) {
    for (const { env, source } of service.bindings) {
      if (decided.has(env)) continue;
      const other = bindings.get(env);
      if (other !== undefined) return { clash: { env, services: [other.service, service.name] } };
      bindings.set(env, bound(service, env, source));
    }
  }
  return { bindings: [...bindings.values()] };
}

function bound(service: ResolvedService, env: string, source: BindingSource): WorkloadBinding {
  return { service: service.name, mode: service.mode, env, source, value: valueOf(service, source) };
}

function valueOf(service: ResolvedService, source: BindingSource): string | undefined {
  const { endpoint } = service;
  if (endpoint === undefined) return undefined;
  switch (source) {
    case 'URL':
      return endpoint.url;
    case 'Host':
      return endpoint.host;
    case 'Port':
      return String(endpoint.port);
    case 'DummyKey':
      return service.dummyKey;
  }
}
