import { all, field, sameExcept, texts } from './cel.ts';

/** Requests or limits of a container or a pod. */
export function section(of: string, name: string): string {
  return `${of}.?resources[?${name}].orValue({})`;
}

/** The approved requests and limits; beyond them what defaulting and a LimitRange fill in. */
export function sameResources(p: string, t: string): string {
  return all(
    sameExcept(field(p, 'resources', '{}'), field(t, 'resources', '{}'), ['limits', 'requests']),
    `['limits', 'requests'].all(s,
  ${section(t, 's')}.all(k, ${section(p, 's')}[?k] == optional.of(${section(t, 's')}[k]))
  && ${section(p, 's')}.all(k, k in ${section(t, 's')}
    || k in ${texts(['cpu', 'memory', 'ephemeral-storage'])}
    || (s == 'requests' && optional.of(${section(p, 's')}[k]) == ${section(t, "'limits'")}[?k])))`,
  );
}
