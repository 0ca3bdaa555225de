import type { mutationFields } from '../api/schema/mutations.ts';
import { all, any, field, sameExcept, text } from './cel.ts';
import { section } from './resources.ts';

/**
 * What others may change in an approved pod on its way in (`mutations[]` of an entry), as CEL. `a` is the approved entry,
 * `c` a container of the pod and `d` the approved one of its name. Everything here stands behind the plain comparison: who
 * has no mutations pays for none.
 */
export type MutationField = (typeof mutationFields)[number];

export const mutations = field('a', 'mutations', '[]');

/**
 * The entry lets the field be changed.
 *
 * @param container CEL of a container's name; left out: in the pod itself, where no single container is meant
 */
export function mutates(what: MutationField, container?: string): string {
  return `${mutations}.exists(x, ${isOf(what, container)})`;
}

/** As {@link mutates}, and the mutation names this one. */
export function mutatesNamed(what: MutationField, name: string, container?: string): string {
  return `${mutations}.exists(x, ${isOf(what, container)} && ${isNamed(name)})`;
}

/** The mutation `x` is of this field, and of this container. */
export function isOf(what: MutationField, container?: string): string {
  const within = container === undefined ? '' : ` && x.?container.orValue(${container}) == ${container}`;
  return `x.field == ${text(what)}${within}`;
}

/** The mutation `x` names it: exactly, or by the start of names with a final `*`. */
export function isNamed(name: string): string {
  return `x.?names.orValue([]).exists(n, n == ${name} || (n.endsWith('*') && ${name}.startsWith(n.substring(0, n.size() - 1))))`;
}

/**
 * A variable beside the approved ones: a literal, or what the pod's own object or limits say. The content of a Secret, a
 * ConfigMap or a file is what nobody approved, and is frozen only where a template refers to it.
 *
 * @param e CEL of the variable in the pod's container
 */
export function isAddedEnv(e: string, container: string, approved: string): string {
  return all(
    mutatesNamed('Env', `${e}.name`, container),
    `${e}.all(k, k in ['name', 'value', 'valueFrom'])`,
    `${field(e, 'valueFrom', '{}')}.all(k, k in ['fieldRef', 'resourceFieldRef'])`,
    `!${approved}.exists(f, f.name == ${e}.name)`,
  );
}

/**
 * A mesh sends a probe to its agent: another handler, the same timing, and still the pod that is asked. `exec` runs a
 * command, so it stays the approved one; no probe comes or goes.
 */
export function isRewrittenProbe(p: string, t: string, name: string): string {
  const [found, approved] = [`${p}.${name}`, `${t}.${name}`];
  return all(
    mutates('Probes', `${p}.name`),
    `has(${found}) && has(${approved})`,
    sameExcept(found, approved, ['httpGet', 'tcpSocket', 'grpc']),
    ...['httpGet', 'tcpSocket'].map((handler) => `${found}.?${handler}.?host == ${approved}.?${handler}.?host`),
  );
}

const SIZES = ['cpu', 'memory', 'ephemeral-storage'];

/** Amounts of what every node has. A device is more than an amount, and claims are compared. */
export function isResized(p: string, t: string, container?: string): string {
  return all(
    container === undefined
      ? `${mutations}.exists(x, x.field == 'Resources' && !has(x.container))`
      : mutates('Resources', container),
    sameExcept(field(p, 'resources', '{}'), field(t, 'resources', '{}'), ['limits', 'requests']),
    `['limits', 'requests'].all(s,
  ${sameExcept(section(p, 's'), section(t, 's'), SIZES).replace('\n', '\n  ')})`,
  );
}

/**
 * What Istio (fsGroup), identity webhooks (fsGroup, supplementalGroups, so that the process can read its token) and those
 * that harden pods (seccompProfile, runAsNonRoot) set. Never a user, the root's group, sysctls, SELinux or Windows
 * options, nor a profile in the place of an approved one.
 */
export function isGrouped(p: string, t: string): string {
  const [found, approved] = [field(p, 'securityContext', '{}'), field(t, 'securityContext', '{}')];
  const groups = [field(found, 'supplementalGroups', '[]'), field(approved, 'supplementalGroups', '[]')] as const;
  return all(
    mutates('PodSecurityContext'),
    sameExcept(found, approved, [
      'fsGroup',
      'fsGroupChangePolicy',
      'supplementalGroups',
      'seccompProfile',
      'runAsNonRoot',
    ]),
    any(`${found}.?fsGroup == ${approved}.?fsGroup`, `${field(found, 'fsGroup', '0')} > 0`),
    `${groups[1]}.all(g, g in ${groups[0]})`,
    `${groups[0]}.all(g, g > 0 || g in ${groups[1]})`,
    any(
      `${found}.?seccompProfile == ${approved}.?seccompProfile`,
      all(`!('seccompProfile' in ${approved})`, `${found}.seccompProfile == {'type': 'RuntimeDefault'}`),
    ),
    any(`${found}.?runAsNonRoot == ${approved}.?runAsNonRoot`, `${field(found, 'runAsNonRoot', 'false')} == true`),
  );
}

/** The template's gates, and added ones by the type of their condition. */
export function sameGates(p: string, t: string): string {
  const approved = field(t, 'readinessGates', '[]');
  const added = all(mutatesNamed('ReadinessGates', 'g.conditionType'), `!(g in ${approved})`);
  return `${field(p, 'readinessGates', '[]')}.filter(g, !(${added.replaceAll('\n', '\n  ')})) == ${approved}`;
}
