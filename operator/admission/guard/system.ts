import { all, any, text } from '../cel.ts';
import { refusal } from '../denial.ts';
import type { PolicyRule } from '../policy.ts';
import { clearsNamespace, controllers, kubelet, may, onSubResource } from '../who.ts';

/** Where the front door sends requests, and whom every pod with a token believes to be the API server. */
const CONFIGURATION = ['twinlock-front-door', 'kube-root-ca.crt'];

/** The operator's own namespace: its workloads, its pods, its tokens and what these are configured by. */
export function guardSystem(systemNamespace: string): PolicyRule {
  const controllersThere = controllers([
    'deployment-controller',
    'replicaset-controller',
    'statefulset-controller',
    'daemon-set-controller',
    'job-controller',
    'cronjob-controller',
    'generic-garbage-collector',
    'horizontal-pod-autoscaler',
    'root-ca-cert-publisher',
  ]);
  return {
    name: 'guard-system',
    description: "The operator's workloads, pods, tokens and configuration are changed with the verb upgrade only.",
    namespaces: { matchLabels: { 'kubernetes.io/metadata.name': systemNamespace } },
    match: [
      {
        groups: ['apps'],
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', '*/scale'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      { groups: ['batch'], resources: ['jobs', 'cronjobs'], operations: ['CREATE', 'UPDATE'] },
      { groups: [''], resources: ['replicationcontrollers'], operations: ['CREATE', 'UPDATE'] },
      { groups: [''], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
      { groups: [''], resources: ['pods/ephemeralcontainers', 'pods/resize'], operations: ['UPDATE'] },
      { groups: [''], resources: ['serviceaccounts/token', 'secrets'], operations: ['CREATE'] },
      { groups: [''], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'], names: CONFIGURATION },
      {
        groups: [''],
        resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'],
        operations: ['CONNECT'],
      },
    ],
    conditions: [
      {
        name: 'no-plain-secret',
        expression: "request.resource.resource != 'secrets' || object.type == 'kubernetes.io/service-account-token'",
      },
    ],
    validations: [
      {
        expression: any(
          controllersThere,
          clearsNamespace,
          all("request.operation == 'CREATE'", onSubResource('token'), kubelet),
          all(
            "request.operation == 'UPDATE'",
            "request.resource.resource == 'pods'",
            'dyn(object.spec) == dyn(oldObject.spec)',
          ),
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal("' is the operator itself: this needs the verb upgrade on productiontargets'"),
      },
    ],
  };
}
