import type { Right } from '../kube/index.ts';
import { appMade, environmentTypes, rightsOn } from '../workloads/index.ts';
import { DEBUGGER_ROLE, MANAGER_ROLE, SOURCE_ROLE, VIEWER_ROLE } from './naming/index.ts';

const read = ['list', 'watch'] as const;
const write = ['create', 'patch', 'delete'] as const;

/**
 * What the environments process may do: exactly what it uses. It writes nothing in a namespace but what the role
 * `twinlock-environment-manager` allows in those that it made itself.
 */
export const environmentsRights = {
  cluster: [
    // Its own kind: follow it, put the finalizer on and take it off, and report. `get` makes sure that one is gone before
    // a namespace that it left behind is removed.
    { apiGroups: ['twinlock.dev'], resources: ['twinenvironments'], verbs: ['get', ...read, 'patch'] },
    { apiGroups: ['twinlock.dev'], resources: ['twinenvironments/status'], verbs: ['patch'] },
    // What the platform decides: guard rails and the catalogue.
    { apiGroups: ['twinlock.dev'], resources: ['twinclasses', 'vendortwins'], verbs: read },
    // Namespaces of environments are made and deleted; labels of the others decide who may have environments. `get` reads
    // one live before it is taken over or given up. Admission holds writes to namespaces with the environment's label.
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', ...read, ...write] },
    // Gives itself the manager role in a namespace that it made, and people those of its class; `bind` below says which
    // roles that can be.
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: [...read, 'create', 'patch'] },
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles'],
      resourceNames: [MANAGER_ROLE, VIEWER_ROLE, DEBUGGER_ROLE],
      verbs: ['bind'],
    },
    // Children are followed in all namespaces by their label, so that what somebody removes comes back at once.
    ...rightsOn(environmentTypes, read),
    {
      apiGroups: [''],
      resources: ['pods', 'services', 'persistentvolumeclaims', 'resourcequotas', 'limitranges'],
      verbs: read,
    },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: read },
    // What Gateways and cert-manager say of the routes and the certificates of environments.
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: read },
    { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: read },
    // Volumes outlive namespaces: an environment is gone when they are.
    { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get'] },
    // The API server's own addresses, which no app's report may lead to.
    {
      apiGroups: ['discovery.k8s.io'],
      resources: ['endpointslices'],
      resourceNames: ['kubernetes'],
      verbs: ['get'],
    },
    // What happened, told where the TwinEnvironment is.
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  ],
  system: [
    // Leader election.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'update'] },
  ],
} as const satisfies { readonly cluster: readonly Right[]; readonly system: readonly Right[] };

/** The ClusterRole that the process binds to itself in each environment's namespace; nothing binds it elsewhere. */
export const environmentManagerRole = {
  name: MANAGER_ROLE,
  rules: [
    // What runs: twins, workloads, the boundary.
    ...rightsOn(environmentTypes, write),
    { apiGroups: [''], resources: ['services', 'persistentvolumeclaims'], verbs: write },
    // Copies; listed to find those that nobody wants any more, never watched.
    { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['list', ...write] },
    // Who is let in no longer.
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['delete'] },
    // Why pods are not ready, where their status does not say: the kubelet tells a failing mount or probe in Events only.
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['list'] },
    // What holds it in: bounds, which every environment has as long as it is there, and isolation.
    { apiGroups: [''], resources: ['resourcequotas', 'limitranges'], verbs: ['create', 'patch'] },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: write },
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: write },
  ],
} as const satisfies { readonly name: string; readonly rules: readonly Right[] };

const seen = ['get', ...read] as const;
const viewing = [
  { apiGroups: [''], resources: ['pods', 'services', 'events', 'persistentvolumeclaims'], verbs: seen },
  { apiGroups: [''], resources: ['resourcequotas', 'limitranges'], verbs: seen },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ...rightsOn([...new Set([...environmentTypes, ...appMade.map(({ type }) => type)])], seen),
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: seen },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies', 'ingresses'], verbs: seen },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: seen },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: seen },
] as const satisfies readonly Right[];

/**
 * ClusterRoles of the people whom a class lets in. Neither writes: what is promoted later was seen in the environment, so
 * nobody may change there what the operator made. Neither reads Secrets or ConfigMaps.
 */
export const environmentPeopleRoles = [
  { name: VIEWER_ROLE, rules: viewing },
  {
    name: DEBUGGER_ROLE,
    rules: [
      ...viewing,
      // `get` is what WebSockets ask for (KEP-4006).
      { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['get', 'create'] },
    ],
  },
] as const satisfies readonly { readonly name: string; readonly rules: readonly Right[] }[];

/** What the platform binds to the process in a namespace whose Secrets and ConfigMaps environments may have copied. */
export const environmentSourceRole = {
  name: SOURCE_ROLE,
  rules: [{ apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['get'] }],
} as const satisfies { readonly name: string; readonly rules: readonly Right[] };
