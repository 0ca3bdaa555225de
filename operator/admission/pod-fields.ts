import { JOB_LABELS } from '../workloads/index.ts';
import { all, any, field, sameExcept, sameField } from './cel.ts';
import { isGrouped, isResized, mutates, sameGates, type MutationField } from './mutations.ts';
import { RESTARTED_AT } from './names.ts';
import { sameResources } from './resources.ts';
import { isIndexed } from './templates.ts';

/**
 * How a field of a pod is compared with the approved template's. `p` and `t` are CEL for the pod's and the template's
 * spec (or a container of each), `a` for the approved entry of the lock.
 */
export interface FieldRule {
  readonly why: string;
  readonly compare: (p: string, t: string) => string;
  /** CEL of a list of texts: the entries of the field that differ; left out: the field's name says enough. */
  readonly entries?: (p: string, t: string) => string;
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

/** What the Job controller and the API server put on the pods of a Job, by which these are counted. */
export const JOB_POD_LABELS = [...JOB_LABELS, 'batch.kubernetes.io/job-completion-index'];
export const JOB_ANNOTATIONS = [
  'batch.kubernetes.io/job-completion-index',
  'batch.kubernetes.io/job-index-failure-count',
  'batch.kubernetes.io/job-index-ignored-failure-count',
];

const isStatefulSet = "a.kind == 'StatefulSet'";
const isDaemonSet = "a.kind == 'DaemonSet'";
/** A RuntimeClass brings scheduling of its own; its admission plugin checks that it is exactly that. */
const hasRuntimeClass = (t: string): string => `has(${t}.runtimeClassName)`;

/** Where a pod runs, and before which others. */
const SCHEDULING: Readonly<Record<string, FieldRule>> = {
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
        sameAffinity(field(p, 'affinity', '{}'), field(t, 'affinity', '{}')),
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
        `${found}.all(x, ${approved}.exists(y, ${sameButKeys('x', 'y')}))`,
      );
    },
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
  schedulerName: equal('schedulerName'),
};

/** Fields of a pod's spec that need more than equality. Every other one, known today or not, must be equal. */
export const POD_FIELDS: Readonly<Record<string, FieldRule>> = {
  containers: { why: 'compared one by one, see container-fields.ts', compare: () => 'true' },
  initContainers: { why: 'compared one by one, see container-fields.ts', compare: () => 'true' },
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
    why: "a cluster's default class is filled in by admission; never one of Kubernetes' own parts",
    compare: (p, t) =>
      any(
        sameField(p, t, 'priorityClassName'),
        all(
          any(`!has(${t}.priorityClassName)`, mutates('Scheduling')),
          `!${field(p, 'priorityClassName', "''")}.startsWith('system-')`,
        ),
      ),
  },
  preemptionPolicy: {
    why: 'filled in from the priority class, and refused when it differs from it',
    compare: (p, t) => any(sameField(p, t, 'preemptionPolicy'), `!has(${t}.preemptionPolicy)`, mutates('Scheduling')),
  },
  imagePullSecrets: {
    why: "the service account's are filled in",
    compare: (p, t) => any(sameField(p, t, 'imagePullSecrets'), `!has(${t}.imagePullSecrets)`),
  },
  hostname: {
    why: 'the StatefulSet controller sets it to the name of the pod, the Job controller to that without its random end',
    compare: (p, t) =>
      any(
        `${p}.?hostname == (${isStatefulSet} ? optional.of(object.metadata.?name.orValue('')) : ${t}.?hostname)`,
        all(isIndexed, `object.metadata.?generateName.orValue('').startsWith(${field(p, 'hostname', "''")} + '-')`),
      ),
  },
  subdomain: {
    why: "the StatefulSet controller sets it to the set's serviceName",
    compare: (p, t) =>
      `${field(p, 'subdomain', "''")} == (${isStatefulSet} ? a.spec.?serviceName : ${t}.?subdomain).orValue('')`,
  },
  overhead: {
    why: "the RuntimeClass's, which its admission plugin checks",
    compare: (p, t) => any(sameField(p, t, 'overhead'), hasRuntimeClass(t)),
  },
  resources: {
    why: 'requests default to limits, and a LimitRange fills in what is left out',
    compare: (p, t) => any(sameResources(p, t), isResized(p, t)),
  },
  securityContext: {
    why: 'a mutation may set groups and harden it',
    compare: (p, t) => any(sameField(p, t, 'securityContext'), isGrouped(p, t)),
  },
  readinessGates: {
    why: 'a mutation may add some by name',
    compare: sameGates,
  },
  ...orMutated('Scheduling', SCHEDULING),
  ...orMutated('DNS', Object.fromEntries(['dnsPolicy', 'dnsConfig', 'hostAliases'].map((name) => [name, equal(name)]))),
};

function equal(name: string): FieldRule {
  return { why: 'a mutation may change it', compare: (p, t) => sameField(p, t, name) };
}

/** The same rules, or a mutation that lets these fields differ. */
function orMutated(what: MutationField, table: Readonly<Record<string, FieldRule>>): typeof table {
  const rules = Object.entries(table).map(([name, { why, compare }]) => [
    name,
    { why, compare: (p: string, t: string) => any(compare(p, t), mutates(what)) },
  ]);
  // The names are those of the table; Object.entries loses them.
  return Object.fromEntries(rules) as typeof table;
}

/** All fields of a spec, or of a container, by the rules of a table and equality for the rest. */
export function sameByTable(p: string, t: string, table: Readonly<Record<string, FieldRule>>): string {
  const rules = Object.values(table).map(({ compare }) => compare(p, t));
  return all(sameExcept(p, t, Object.keys(table)), ...rules.filter((rule) => rule !== 'true'));
}

/** The terms of the pod (anti-)affinity are the template's, beside what the API server makes of their keys. */
function sameAffinity(found: string, approved: string): string {
  const sides = ['podAffinity', 'podAntiAffinity'];
  const lists = [
    ['requiredDuringSchedulingIgnoredDuringExecution', sameButKeys('x', 'y')],
    [
      'preferredDuringSchedulingIgnoredDuringExecution',
      all(sameExcept('x', 'y', ['podAffinityTerm']), sameButKeys('x.podAffinityTerm', 'y.podAffinityTerm')),
    ],
  ] as const;
  const members = lists.map(([list]) => list);
  return all(
    sameExcept(found, approved, sides),
    sameKeys(found, approved),
    ...sides.flatMap((side) => {
      const [of, from] = [field(found, side, '{}'), field(approved, side, '{}')];
      return [sameExcept(of, from, members), sameKeys(of, from)];
    }),
    ...sides.flatMap((side) =>
      lists.map(([list, same]) => {
        const [of, from] = [field(found, `${side}.?${list}`, '[]'), field(approved, `${side}.?${list}`, '[]')];
        return `${of}.size() == ${from}.size() && ${of}.all(x, ${from}.exists(y, ${same}))`;
      }),
    ),
  );
}

function sameKeys(left: string, right: string): string {
  return all(`${left}.all(k, k in ${right})`, `${right}.all(k, k in ${left})`);
}

/**
 * Two terms are the same beside the selectors that the API server makes of keys: of each it adds one more expression, for
 * the value that this pod has there.
 */
function sameButKeys(x: string, y: string): string {
  const [found, approved] = [field(x, 'labelSelector', '{}'), field(y, 'labelSelector', '{}')];
  const [of, from] = [field(found, 'matchExpressions', '[]'), field(approved, 'matchExpressions', '[]')];
  return any(
    `${x} == ${y}`,
    all(
      sameExcept(x, y, ['labelSelector']),
      sameExcept(found, approved, ['matchExpressions']),
      `${from}.all(e, e in ${of})`,
      `${of}.all(e, e in ${from} || e.key in ${field(y, 'matchLabelKeys', '[]')} || e.key in ${field(y, 'mismatchLabelKeys', '[]')})`,
    ),
  );
}
