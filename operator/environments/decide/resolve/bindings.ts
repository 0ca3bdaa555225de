import { ownVariables } from '../../../api/index.ts';
import type { BindingSpec, Endpoint, ResolvedService, ServiceMode } from './services.ts';

/** A binding of one workload with what its service says about it. */
export interface WorkloadBinding {
  readonly service: string;
  readonly mode: ServiceMode;
  readonly env: string;
  /** What is written to the variable, with placeholders. */
  readonly written: string;
  /** What the variable is set to; undefined for Real and Disabled, where it stays unset. */
  readonly value: string | undefined;
}

/** A binding as a workload writes it. */
export type OwnBinding = BindingSpec & { readonly service?: string | undefined };

/** A workload as it knows itself. */
export interface Self {
  /** Name of the environment. */
  readonly environment: string;
  /** Where the workload is reached from outside, or its environment where it is not; undefined without a boundary. */
  readonly endpoint: Endpoint | undefined;
}

/** Why the bindings of a workload cannot be worked out. */
export type BindingFault =
  /** Two services would set a variable, and nobody decided which. */
  | { readonly clash: { readonly env: string; readonly services: readonly [string, string] } }
  /** A variable wants a key that the twin does not have. */
  | { readonly keyless: { readonly env: string; readonly service: string } };

/**
 * The bindings that hold for a workload: those that its services bring, overridden by the workload's own for the same
 * variable.
 *
 * @returns the bindings by variable, or the first of which it is not clear what it gets.
 */
export function bindingsOf(
  services: readonly ResolvedService[],
  own: readonly OwnBinding[],
  self: Self,
): { readonly bindings: readonly WorkloadBinding[] } | BindingFault {
  const byName = new Map(services.map((service) => [service.name, service]));
  const bindings = new Map<string, WorkloadBinding>();
  for (const binding of own) {
    const service = binding.service === undefined ? outside(self) : byName.get(binding.service);
    if (service !== undefined) bindings.set(binding.env, bound(service, binding));
  }
  const decided = new Set(bindings.keys());
  for (const service of services) {
    for (const binding of service.bindings) {
      const { env } = binding;
      if (decided.has(env)) continue;
      const other = bindings.get(env);
      const next = bound(service, binding);
      if (other === undefined) bindings.set(env, next);
      else if (!isSameKey(other, next)) return { clash: { env, services: [other.service, service.name] } };
    }
  }
  const all = [...bindings.values()];
  const keyless = all.find(({ mode, value }) => mode === 'Twin' && value === undefined);
  return keyless === undefined ? { bindings: [...selfBindings(self), ...all] } : { keyless };
}

/** Twins of one vendor take one key: whichever brings it, the variable is the same. */
function isSameKey(one: WorkloadBinding, other: WorkloadBinding): boolean {
  return isKeyOnly(one) && isKeyOnly(other) && one.mode === other.mode && one.value === other.value;
}

/** What is bound to, as far as it goes into a variable. */
type Bound = Pick<ResolvedService, 'name' | 'mode' | 'endpoint' | 'dummyKey'>;

/** The workload itself, as nobody's service: no name is empty. */
function outside({ endpoint }: Self): Bound {
  return { name: '', mode: endpoint === undefined ? 'Disabled' : 'Twin', endpoint, dummyKey: undefined };
}

/** What every workload is told about itself. */
function selfBindings(self: Self): readonly WorkloadBinding[] {
  const { environment } = self;
  return [
    bound(outside(self), { env: ownVariables.url }),
    { service: '', mode: 'Twin', env: ownVariables.environment, written: environment, value: environment },
  ];
}

/** What each source stands for. */
const SOURCES = {
  URL: '{url}',
  Host: '{host}',
  Port: '{port}',
  HostPort: '{host}:{port}',
  DummyKey: '{key}',
} as const satisfies Record<NonNullable<BindingSpec['source']>, string>;

const PLACEHOLDER = /\{(url|host|port|key)\}/g;

function bound(service: Bound, { env, source = 'URL', value }: BindingSpec): WorkloadBinding {
  const written = value ?? SOURCES[source];
  return { service: service.name, mode: service.mode, env, written, value: filledIn(written, service) };
}

function filledIn(written: string, { endpoint, dummyKey }: Bound): string | undefined {
  if (endpoint === undefined || (dummyKey === undefined && written.includes('{key}'))) return undefined;
  // Alone, a host is what is dialled; beside other text it is a part of an address, where IPv6 stands in brackets.
  if (written === '{host}') return endpoint.host;
  // Text that goes on with a path brings its own slash.
  const whole = written.replaceAll('{url}/', `${endpoint.url.replace(/[/]$/, '')}/`);
  return whole.replaceAll(PLACEHOLDER, (_, name: string) => partOf(name, endpoint, dummyKey ?? ''));
}

function partOf(name: string, { url, host, port }: Endpoint, key: string): string {
  if (name === 'url') return url;
  if (name === 'port') return String(port);
  if (name === 'key') return key;
  return host.includes(':') ? `[${host}]` : host;
}

/** Whether nothing but the twin's key is put into the variable: the key of a vendor's account, not where it is. */
export function isKeyOnly({ written }: Pick<WorkloadBinding, 'written'>): boolean {
  return [...written.matchAll(PLACEHOLDER)].every(([, name]) => name === 'key');
}
