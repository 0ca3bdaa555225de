import { z } from 'zod';
import { group as ownGroup } from '../names.ts';
import { objectKinds } from '../object-kinds.ts';
import { makersOfPods, workloadKinds } from '../workload-kinds.ts';
import { listOf } from './lists.ts';
import { worded } from './text.ts';

/** Kinds that an installation names beside the known ones. Each costs rights and a rule of the lock. */
const MAX_DEFINED_KINDS = 32;

/** How each part of one is written; the schema of the chart's values has the same. */
const definedKindPatterns = {
  group: /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/,
  version: /^v[0-9]+((alpha|beta)[0-9]+)?$/,
  kind: /^[A-Z][A-Za-z0-9]{0,62}$/,
  plural: /^[a-z][a-z0-9]{0,62}$/,
} as const;

/** A kind of objects of a namespace that an installation lets targets list: where the API server serves it. */
export const definedKinds = listOf(
  'Further kinds of objects that targets may list.',
  z.strictObject({
    group: z.string().max(253).regex(definedKindPatterns.group),
    version: z.string().max(63).regex(definedKindPatterns.version),
    kind: z.string().max(63).regex(definedKindPatterns.kind),
    plural: z.string().max(63).regex(definedKindPatterns.plural),
  }),
  { max: MAX_DEFINED_KINDS },
);
export type DefinedKind = z.output<typeof definedKinds>[number];

interface Refused {
  readonly names: readonly string[];
  /** Why, and what to do instead. */
  readonly because: string;
}

/** Kinds that are never promoted as objects, of whatever group: a target tells kinds apart by this name. */
const neverKinds: readonly Refused[] = [
  {
    names: makersOfPods,
    because: 'makes pods of production, which come from the workloads of a target alone',
  },
  {
    names: ['Secret'],
    because:
      'is never promoted, since statements and records would hold what is in it: it changes under a new name, or by a rotator of the target',
  },
  {
    names: ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
    because: 'is never promoted: whoever may bring it could give any right away, the right to approve among them',
  },
];

/** The same by kind, for the chart and for the process. */
export const refusedKinds: readonly Refused[] = [
  { names: objectKinds, because: 'has the name of a kind that targets can list anyway: leave it out' },
  { names: workloadKinds, because: 'has the name of a workload: targets have those in spec.workloads' },
  ...neverKinds,
];

/**
 * Groups of the API server itself. Whoever answers for one of them is believed by Kubernetes' own controllers, which approve
 * and sign certificates, bind roles and make pods from what they read there.
 */
export const kubernetesGroups: readonly string[] = [
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
];

const RBAC = 'rbac.authorization.k8s.io';

/** API groups whose kinds are never promoted. */
export const refusedGroups: readonly Refused[] = [
  { names: [ownGroup], because: "is of Twinlock's own group, and says itself who may change it" },
  {
    names: [RBAC],
    because: 'is never promoted: whoever may bring it could give any right away, the right to approve among them',
  },
  {
    names: [...kubernetesGroups, 'extensions', 'metrics.k8s.io'].filter((group) => group !== RBAC).toSorted(),
    because: "is Kubernetes' own, and of those only LimitRange and ResourceQuota can be named here",
  },
];

/** Kinds of Kubernetes' core group that can be named all the same, with their plural. */
export const admittedKinds = { LimitRange: 'limitranges', ResourceQuota: 'resourcequotas' } as const;

/** Kinds that no list of objects has, in the words of {@link refusedKinds}: a target's, a Promotion's. */
const NEVER = neverKinds.flatMap(({ names }) => names);
/** CEL list of them. */
export const neverKindsCel = `[${NEVER.map((kind) => `'${kind}'`).join(', ')}]`;

/** Whether a kind is never promoted. */
export function isNeverPromoted(kind: string): boolean {
  return NEVER.includes(kind);
}

/** A kind by name, as objects and manifests have it: which ones there are, the installation says. */
export function kindName(description: string): z.ZodString {
  return worded(description, 63, definedKindPatterns.kind, 'write a kind, in CamelCase, such as ConfigMap');
}

/**
 * What is wrong with the kinds that an installation names, with the path in the chart's values; undefined when they can be
 * held. The chart refuses the same at installation, in the same words.
 */
export function definedKindFault(kinds: readonly DefinedKind[]): string | undefined {
  const [first] = kinds.flatMap((defined, index) => {
    const { group, kind, plural } = defined;
    const at = `promotions.kinds[${index}]`;
    const before = kinds.slice(0, index);
    if (before.some((each) => each.kind === kind)) return [`${at}.kind: ${kind} is there twice: ${TWICE}`];
    if (before.some((each) => each.plural === plural && each.group === group))
      return [`${at}.plural: ${plural} is there twice: write each once`];
    const byKind = refusedKinds.find(({ names }) => names.includes(kind));
    if (byKind !== undefined) return [`${at}.kind: ${kind} ${byKind.because}`];
    if (group === '' && Object.entries(admittedKinds).some(([name, of]) => name === kind && of === plural)) return [];
    const byGroup = refusedGroups.find(({ names }) => names.includes(group));
    return byGroup === undefined ? [] : [`${at}.group: ${kind} ${byGroup.because}`];
  });
  return first;
}

/** For the chart, too. */
export const TWICE = 'targets tell kinds apart by this name, so write each once';
