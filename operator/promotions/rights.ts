import type { Right } from '../kube/index.ts';

const follow = ['get', 'list', 'watch'] as const;

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
      resources: ['promotions/status', 'productiontargets/status', 'approverkeyrings/status'],
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
    // The chain: appended to, never changed.
    { apiGroups: ['twinlock.dev'], resources: ['promotionrecords'], verbs: [...follow, 'create'] },
    // Puts the signed fallback back; admission asks for this verb whoever applies it.
    { apiGroups: ['twinlock.dev'], resources: ['productiontargets'], verbs: ['rollback'] },
    // Production: the dry run of the plan, the rollout, the rollback (update), the canary's forbidden edit (patch).
    { apiGroups: ['apps'], resources: ['deployments'], verbs: [...follow, 'update', 'patch'] },
    // A namespace that also runs what no target names is not taken over.
    { apiGroups: ['apps'], resources: ['statefulsets', 'daemonsets', 'replicasets'], verbs: ['list'] },
    // Bare pods before a namespace is taken over; pods of another template while a rollout is verified. `create` is the
    // canary's: a dry run that must be refused.
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'create'] },
    // The protection label; kube-system's uid names the cluster.
    { apiGroups: [''], resources: ['namespaces'], verbs: [...follow, 'patch'] },
    // The canary compares what is installed with what this program renders.
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: [
        'validatingadmissionpolicies',
        'validatingadmissionpolicybindings',
        'mutatingadmissionpolicies',
        'mutatingadmissionpolicybindings',
      ],
      verbs: ['list', 'watch'],
    },
    // What happened, told where the Promotion and the target are.
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ],
  system: [
    // Leader election.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  ],
} as const satisfies { readonly cluster: readonly Right[]; readonly system: readonly Right[] };
