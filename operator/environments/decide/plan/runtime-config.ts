import type { ServedFile } from '../children/index.ts';
import { twinPath, type EnvironmentHosts } from '../../naming/index.ts';
import { bindingsOf, endpointAt, type ResolvedService, type Self, type WorkloadSpec } from '../resolve/index.ts';

type Format = NonNullable<WorkloadSpec['runtimeConfig']>['format'];
type Values = readonly (readonly [name: string, value: string])[];

/** What the boundary serves for workloads whose build cannot know where services are. */
export function runtimeConfigs(
  workloads: readonly WorkloadSpec[],
  services: readonly ResolvedService[],
  hosts: EnvironmentHosts,
  selfOf: (workload: WorkloadSpec) => Self,
): readonly ServedFile[] {
  const outside = services.map((service) => asSeenOutside(service, hosts));
  return workloads.flatMap((workload) => {
    const { name, runtimeConfig, bindings = [] } = workload;
    if (runtimeConfig === undefined) return [];
    const found = bindingsOf(outside, bindings, selfOf(workload));
    if (!('bindings' in found)) return [];
    const values = found.bindings.flatMap(({ env, value }) => (value === undefined ? [] : [[env, value] as const]));
    const { path, format } = runtimeConfig;
    return [{ workload: name, path, contentType: TYPES[format], body: WRITTEN[format](values) }];
  });
}

/** A browser reaches what is exposed, by its URL outside; nothing else has one. */
function asSeenOutside(service: ResolvedService, hosts: EnvironmentHosts): ResolvedService {
  const { name, twin, expose } = service;
  if (twin === undefined || expose === 'None') return service;
  const url = expose === 'Host' ? hosts.url(hosts.componentHost(name)) : hosts.url(hosts.host, twinPath(name));
  return { ...service, endpoint: endpointAt(url) };
}

const TYPES = {
  JSON: 'application/json',
  Env: 'text/plain; charset=utf-8',
  Script: 'text/javascript; charset=utf-8',
} as const satisfies Record<Format, string>;

const json = (values: Values): string => JSON.stringify(Object.fromEntries(values), undefined, 2);

const WRITTEN: Readonly<Record<Format, (values: Values) => string>> = {
  JSON: (values) => `${json(values)}\n`,
  Env: (values) => values.map(([name, value]) => `${name}=${shellWord(value)}\n`).join(''),
  Script: (values) => `window.twinlockConfig = ${json(values)};\n`,
};

/** One word, as shells and readers of .env files take it. */
function shellWord(value: string): string {
  return /^[\w.:/@+-]*$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
