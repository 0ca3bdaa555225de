import { all, any, sameField } from './cel.ts';
import { denial } from './denial.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { WORKLOAD_CONTROLLERS, controllers, onSubResource } from './who.ts';

const REMOVERS = [
  'generic-garbage-collector',
  'namespace-controller',
  'deployment-controller',
  'statefulset-controller',
  'daemon-set-controller',
];
const OWNED = [
  { groups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'controllerrevisions'] },
  { groups: [''], resources: ['persistentvolumeclaims'] },
];
const owners = (object: string): string => `${object}.metadata.?ownerReferences.orValue([])`;

/**
 * Workloads and claims go with their owner or namespace only. An owner that does not exist makes the garbage collector
 * delete for whoever named it, so owners are added by controllers only. Needs no lock, so that a namespace can go.
 */
export function removal(): PolicyRule {
  return {
    name: 'delete',
    description: 'Workloads and claims of a protected namespace are deleted by controllers only.',
    namespaces: protectedNamespaces,
    match: OWNED.map((resources) => ({ ...resources, operations: ['UPDATE', 'DELETE'] })),
    variables: [{ name: 'byController', expression: controllers(REMOVERS) }],
    validations: [
      {
        expression: "request.operation != 'DELETE' || variables.byController",
        message: denial("' may not be deleted'"),
      },
      {
        expression: `request.operation == 'DELETE' || ${owners('object')}.all(o, o in ${owners('oldObject')}) || variables.byController`,
        message: denial("' may not be given an owner: it would be deleted with it'"),
      },
    ],
  };
}

/** ReplicaSets are the Deployment controller's: one made or kept by hand serves an old version unnoticed. */
export function replicaSets(): PolicyRule {
  const unchanged = all(
    onSubResource(''),
    "request.operation == 'UPDATE'",
    'dyn(object.spec) == dyn(oldObject.spec)',
    sameField('object.metadata', 'oldObject.metadata', 'labels'),
    sameField('object.metadata', 'oldObject.metadata', 'ownerReferences'),
  );
  return {
    name: 'replicasets',
    description: 'ReplicaSets of a protected namespace are made and scaled by the Deployment controller only.',
    namespaces: protectedNamespaces,
    match: [{ groups: ['apps'], resources: ['replicasets', 'replicasets/scale'], operations: ['CREATE', 'UPDATE'] }],
    validations: [
      {
        expression: any(unchanged, controllers(['deployment-controller', 'generic-garbage-collector'])),
        message: denial("' belongs to its Deployment alone'"),
      },
    ],
  };
}

/** Whether a rollout went well is read from status, so status is the controllers' word. */
export function workloadStatus(): PolicyRule {
  return {
    name: 'workload-status',
    description: 'The status of the workloads of a protected namespace is written by their controllers only.',
    namespaces: protectedNamespaces,
    match: [
      {
        groups: ['apps'],
        resources: ['deployments/status', 'statefulsets/status', 'daemonsets/status', 'replicasets/status'],
        operations: ['UPDATE'],
      },
    ],
    validations: [
      {
        expression: controllers([...WORKLOAD_CONTROLLERS, 'deployment-controller']),
        message: denial("' has its status from its controller only'"),
      },
    ],
  };
}

/** Nobody scales production away: not below the target's `minReplicas`, nor further below where it is less already. */
export function scale(): PolicyRule {
  return {
    name: 'scale',
    description: 'Workloads of a protected namespace keep the replicas that their target asks for.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [
      {
        groups: ['apps'],
        resources: ['deployments', 'deployments/scale', 'statefulsets', 'statefulsets/scale'],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    variables: [
      { name: 'kind', expression: "request.resource.resource == 'deployments' ? 'Deployment' : 'StatefulSet'" },
      { name: 'replicas', expression: 'object.spec.?replicas.orValue(0)' },
      {
        name: 'least',
        expression: `params.spec.?approved.orValue([]).filter(a, a.kind == variables.kind && a.name == object.metadata.name)
  .map(a, a.?minReplicas.orValue(1))`,
      },
    ],
    validations: [
      {
        expression: `variables.least.all(n, variables.replicas >= n)
|| (request.operation == 'UPDATE' && variables.replicas >= oldObject.spec.?replicas.orValue(0))`,
        message: denial("' would run ' + string(variables.replicas) + ' replicas, below minReplicas of its target'"),
      },
    ],
  };
}

/** Traffic follows EndpointSlices, whoever writes them, so only their controllers do. */
export function routing(): PolicyRule {
  return {
    name: 'routing',
    description: 'Endpoints and EndpointSlices of a protected namespace are written by their controllers only.',
    namespaces: protectedNamespaces,
    match: [
      { groups: [''], resources: ['endpoints'], operations: ['CREATE', 'UPDATE'] },
      { groups: ['discovery.k8s.io'], resources: ['endpointslices'], operations: ['CREATE', 'UPDATE'] },
    ],
    validations: [
      {
        expression: controllers([
          'endpoint-controller',
          'endpointslice-controller',
          'endpointslicemirroring-controller',
          'generic-garbage-collector',
        ]),
        message: denial("' takes traffic and is written by its controller only'"),
      },
    ],
  };
}
