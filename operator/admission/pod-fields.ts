import { all, any, field, sameExcept, sameField, text, texts } from './cel.ts';
import { RESTARTED_AT } from './names.ts';

/**
 * How a field of a pod is compared with the approved template's. `p` and `t` are CEL for the pod's and the template's
 * spec (or a container of each), `a` for the approved entry of the lock.
 */
export interface FieldRule {
  readonly why: string;
  readonly compare: (p: string, t: string) => string;
}

/** Labels that Kubernetes' own controllers and admission put on pods beside the template's. */
export const ADDED_LABELS = [
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
];
/** Set at binding, from the node. */
export const ADDED_LABEL_PREFIX = 'topology.kubernetes.io/';

/** Annotations that Kubernetes or `kubectl rollout restart` adds. */
export const ADDED_ANNOTATIONS = [RESTARTED_AT, 'kubernetes.io/limit-ranger'];

const isStatefulSet = "a.kind == 'StatefulSet'";
const isDaemonSet = "a.kind == 'DaemonSet'";
/** A RuntimeClass brings scheduling of its own; its admission plugin checks that it is exactly that. */
const hasRuntimeClass = (t: string): string => `has(${t}.runtimeClassName)`;

/** Fields of a pod's spec that need more than equality. Every other one, known today or not, must be equal. */
export const POD_FIELDS: Readonly<Record<string, FieldRule>> = {
  containers: { why: 'compared one by one, see CONTAINER_FIELDS', compare: () => 'true' },
  initContainers: { why: 'compared one by one, see CONTAINER_FIELDS', compare: () => 'true' },
  volumes: { why: 'compared one by one, see volumes.ts', compare: () => 'true' },
  priority: { why: 'computed from priorityClassName by admission, which refuses any other', compare: () => 'true' },
  serviceAccountName: {
    why: 'defaults to "default"',
    compare: (p, t) =>
      `${field(p, 'serviceAccountName', "'default'")} == ${field(t, 'serviceAccountName', "'default'")}`,
  },
  serviceAccount: {
    why: 'the old name of serviceAccountName, which the API server keeps equal',
    compare: (p, t) => `${field(p, 'serviceAccount', "'default'")} == ${field(t, 'serviceAccount', "'default'")}`,
  },
  enableServiceLinks: {
    why: 'defaults to true on pods, not on templates',
    compare: (p, t) => `${field(p, 'enableServiceLinks', 'true')} == ${field(t, 'enableServiceLinks', 'true')}`,
  },
  priorityClassName: {
    why: "a cluster's default class is filled in by admission",
    compare: (p, t) =>
      any(
        sameField(p, t, 'priorityClassName'),
        `!has(${t}.priorityClassName) && !${p}.priorityClassName.startsWith('system-')`,
      ),
  },
  preemptionPolicy: {
    why: 'filled in from the priority class, and refused when it differs from it',
    compare: (p, t) => any(sameField(p, t, 'preemptionPolicy'), `!has(${t}.preemptionPolicy)`),
  },
  imagePullSecrets: {
    why: "the service account's are filled in",
    compare: (p, t) => any(sameField(p, t, 'imagePullSecrets'), `!has(${t}.imagePullSecrets)`),
  },
  tolerations: {
    why: 'admission and the DaemonSet controller add those of the node conditions',
    compare: (p, t) =>
      all(
        `${field(t, 'tolerations', '[]')}.all(x, x in ${field(p, 'tolerations', '[]')})`,
        any(
          hasRuntimeClass(t),
          `${field(p, 'tolerations', '[]')}.all(x, x in ${field(t, 'tolerations', '[]')} || ${field('x', 'key', "''")}.startsWith('node.kubernetes.io/'))`,
        ),
      ),
  },
  affinity: {
    why: 'the DaemonSet controller names the node there; matchLabelKeys are made selectors',
    compare: (p, t) =>
      any(
        sameField(p, t, 'affinity'),
        all(isDaemonSet, sameExcept(field(p, 'affinity', '{}'), field(t, 'affinity', '{}'), ['nodeAffinity'])),
        all(
          `${field(t, 'affinity.?nodeAffinity', '{}')} == ${field(p, 'affinity.?nodeAffinity', '{}')}`,
          matchesKeys(t),
        ),
      ),
  },
  topologySpreadConstraints: {
    why: 'matchLabelKeys are made selectors',
    compare: (p, t) => {
      const [found, approved] = [
        field(p, 'topologySpreadConstraints', '[]'),
        field(t, 'topologySpreadConstraints', '[]'),
      ];
      return all(
        `${found}.size() == ${approved}.size()`,
        `${found}.all(x, ${approved}.exists(y, x == y || (has(y.matchLabelKeys) && ${sameExcept('x', 'y', ['labelSelector'])})))`,
      );
    },
  },
  hostname: {
    why: 'the StatefulSet controller sets it to the name of the pod',
    compare: (p, t) =>
      `${p}.?hostname == (${isStatefulSet} ? optional.of(object.metadata.?name.orValue('')) : ${t}.?hostname)`,
  },
  subdomain: {
    why: "the StatefulSet controller sets it to the set's serviceName",
    compare: (p, t) =>
      `${field(p, 'subdomain', "''")} == (${isStatefulSet} ? a.spec.?serviceName : ${t}.?subdomain).orValue('')`,
  },
  nodeSelector: {
    why: 'a RuntimeClass adds its own',
    compare: (p, t) =>
      any(
        sameField(p, t, 'nodeSelector'),
        all(
          hasRuntimeClass(t),
          `${field(t, 'nodeSelector', '{}')}.all(k, ${p}.?nodeSelector[?k] == optional.of(${t}.nodeSelector[k]))`,
        ),
      ),
  },
  overhead: {
    why: "the RuntimeClass's, which its admission plugin checks",
    compare: (p, t) => any(sameField(p, t, 'overhead'), hasRuntimeClass(t)),
  },
  resources: { why: 'requests default to limits, and a LimitRange fills in what is left out', compare: sameResources },
};

/** Fields of a container that need more than equality. */
export const CONTAINER_FIELDS: Readonly<Record<string, FieldRule>> = {
  resources: { why: 'requests default to limits, and a LimitRange fills in what is left out', compare: sameResources },
  imagePullPolicy: {
    why: 'the admission plugin AlwaysPullImages sets Always',
    compare: (p, t) => any(sameField(p, t, 'imagePullPolicy'), `${field(p, 'imagePullPolicy', "''")} == 'Always'`),
  },
  ports: {
    why: "on the host's network, hostPort is filled in on pods, not on templates",
    compare: (p, t) =>
      any(
        sameField(p, t, 'ports'),
        all(
          'a.spec.template.spec.?hostNetwork.orValue(false)',
          `${field(p, 'ports', '[]')}.size() == ${field(t, 'ports', '[]')}.size()`,
          `${field(p, 'ports', '[]')}.all(x, x.hostPort == x.containerPort && ${field(t, 'ports', '[]')}.exists(y, ${sameExcept('x', 'y', ['hostPort'])}))`,
        ),
      ),
  },
  volumeMounts: {
    why: "the service account's token is mounted by admission",
    compare: (p, t) =>
      `${field(p, 'volumeMounts', '[]')}.filter(m, !(${isTokenMount('m')})) == ${field(t, 'volumeMounts', '[]')}`,
  },
};

/** All fields of a spec, or of a container, by the rules of a table and equality for the rest. */
export function sameByTable(p: string, t: string, table: Readonly<Record<string, FieldRule>>): string {
  const rules = Object.values(table).map(({ compare }) => compare(p, t));
  return all(sameExcept(p, t, Object.keys(table)), ...rules.filter((rule) => rule !== 'true'));
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

function isTokenMount(m: string): string {
  return [
    `${m}.name.startsWith('kube-api-access-')`,
    `${m}.mountPath == ${text(TOKEN_PATH)}`,
    `${m}.?readOnly == optional.of(true)`,
    `${m}.size() == 3`,
  ].join(' && ');
}

/** Some term of the pod (anti-)affinity of a template has keys that the API server turns into selectors. */
function matchesKeys(t: string): string {
  const lists = ['podAffinity', 'podAntiAffinity'].flatMap((side) => [
    [`affinity.?${side}.?requiredDuringSchedulingIgnoredDuringExecution`, 'x'] as const,
    [`affinity.?${side}.?preferredDuringSchedulingIgnoredDuringExecution`, 'x.podAffinityTerm'] as const,
  ]);
  return any(
    ...lists.map(
      ([list, term]) =>
        `${field(t, list, '[]')}.exists(x, has(${term}.matchLabelKeys) || has(${term}.mismatchLabelKeys))`,
    ),
  );
}

function section(of: string, name: string): string {
  return `${of}.?resources[?${name}].orValue({})`;
}

function sameResources(p: string, t: string): string {
  return all(
    sameExcept(field(p, 'resources', '{}'), field(t, 'resources', '{}'), ['limits', 'requests']),
    `['limits', 'requests'].all(s,
  ${section(t, 's')}.all(k, ${section(p, 's')}[?k] == optional.of(${section(t, 's')}[k]))
  && ${section(p, 's')}.all(k, k in ${section(t, 's')}
    || k in ${texts(['cpu', 'memory', 'ephemeral-storage'])}
    || (s == 'requests' && optional.of(${section(p, 's')}[k]) == ${section(t, "'limits'")}[?k])))`,
  );
}
