import { configurationKeySecret, configurationRole, recordHeadsConfigMap, recordKeySecret } from '../api/index.ts';
import type { Right } from '../kube/index.ts';
import { objectTypes } from '../objects/index.ts';
import { jobMaker, ownedTypes, rightsOn, unnameableMakers, workloadRows } from '../workloads/index.ts';

const workloadTypes = workloadRows.map(([, { type }]) => type);
const follow = ['get', 'list', 'watch'] as const;
/** On objects that targets list. */
export const objectVerbs = ['get', 'create', 'update', 'delete'] as const;

/**
 * What the promotions process may do: exactly what it uses. It is the only one with write rights on production, and in a
 * protected namespace admission holds it to approved content like everybody else.
 */
export const promotionsRights = {
  cluster: [
    // Its own kinds: followed, and read live before anything is decided.
    { apiGroups: ['twinlock.dev'], resources: ['promotions', 'productiontargets'], verbs: follow },
    {
      apiGroups: ['twinlock.dev'],
      resources: [
        'promotions/status',
        'productiontargets/status',
        'approverkeyrings/status',
        'approvalpolicies/status',
      ],
      verbs: ['patch'],
    },
    // What decides: policies and keyrings, the environments that give evidence, classes that say which may.
    {
      apiGroups: ['twinlock.dev'],
      resources: ['approvalpolicies', 'approverkeyrings', 'twinenvironments'],
      verbs: follow,
    },
    { apiGroups: ['twinlock.dev'], resources: ['twinclasses'], verbs: ['list', 'watch'] },
    // The lock: made before a namespace is protected, opened by a promotion, removed with the last target.
    {
      apiGroups: ['twinlock.dev'],
      resources: ['workloadlocks'],
      verbs: [...follow, 'create', 'update', 'delete'],
    },
    // The chain: appended to, never changed. `delete` is for what a cut lets go, when its time is over.
    { apiGroups: ['twinlock.dev'], resources: ['promotionrecords'], verbs: [...follow, 'create', 'delete'] },
    // Puts the signed fallback back; admission asks for this verb whoever applies it.
    { apiGroups: ['twinlock.dev'], resources: ['productiontargets'], verbs: ['rollback'] },
    // Production: the dry run of the plan, the rollout, the rollback (update), the canary's forbidden edit (patch). A
    // promotion creates what is not there yet, and deletes what people signed away.
    ...rightsOn(workloadTypes, [...follow, 'create', 'update', 'patch', 'delete']),
    // The canary's: another dry run that must be refused, where others answer for workloads and pods.
    ...rightsOn(workloadTypes, ['patch'], 'status'),
    // Jobs of a promotion: made under a name, read by it, and ended when their time is over.
    ...rightsOn([jobMaker.type], ['get', 'create', 'delete']),
    // Objects that targets list: read by name, planned (dry run), applied and taken back. Never listed, never watched.
    ...rightsOn(objectTypes, objectVerbs),
    // A namespace that also runs what no target names is not taken over: every kind that makes pods.
    ...rightsOn(
      unnameableMakers.map(({ type }) => type),
      ['list'],
    ),
    // Pods of production are judged again and again, and so is who made them. `create` is for dry runs: the canary's,
    // which must be refused, and one of each template before it is taken over.
    ...rightsOn(ownedTypes, ['list', 'watch']),
    // `delete` is for those of a rollout that failed, for which a StatefulSet's controller waits.
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch', 'create', 'delete'] },
    // The protection label; kube-system's uid names the cluster.
    { apiGroups: [''], resources: ['namespaces'], verbs: [...follow, 'patch'] },
    // Lets itself read ConfigMaps and Secrets in namespaces that a target protects; `bind` says by which role.
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['rolebindings'],
      resourceNames: [configurationRole],
      verbs: ['get', 'create', 'patch', 'delete'],
    },
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles'],
      resourceNames: [configurationRole],
      verbs: ['bind'],
    },
    // The canary compares what is installed with what this program renders, and finds what else changes requests.
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: [
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
        'mutatingwebhookconfigurations',
      ],
      verbs: ['list', 'watch'],
    },
    // What happened, told where the Promotion and the target are.
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ],
  system: [
    // Leader election.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
    // Signed heads of the chains, the key that signs them, and the one of digests of Secrets: by name, made by an apply,
    // which names what it makes.
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: [recordKeySecret, configurationKeySecret],
      verbs: ['get', 'create', 'patch'],
    },
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: [recordHeadsConfigMap],
      verbs: ['get', 'create', 'patch'],
    },
  ],
} as const satisfies { readonly cluster: readonly Right[]; readonly system: readonly Right[] };

/**
 * The ClusterRole that the process binds to itself in each protected namespace, where content that is approved refers to
 * ConfigMaps and Secrets: by name, never as a list. It deletes what says that it may go when nothing approved refers to it.
 */
export const configurationReaderRole = {
  name: configurationRole,
  rules: [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get', 'delete'] }],
} as const satisfies { readonly name: string; readonly rules: readonly Right[] };
