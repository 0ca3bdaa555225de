import { appMakers, controllersOf, podMakers } from '../../workloads/index.ts';
import { all, any, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { ENVIRONMENTS, PROMOTIONS } from '../names.ts';
import { requestsOn, type PolicyRule } from '../policy.ts';
import { clearsNamespace, controllers, kubelet, may, onSubResource, scheduler, type Who } from '../who.ts';
import { isOwnPod, ownPodVariables } from './own-pods.ts';

/** Where the front door sends requests, and whom every pod with a token believes to be the API server. */
const CONFIGURATION = ['twinlock-front-door', 'kube-root-ca.crt'];

/** Helm takes values and manifests of the next upgrade or rollback from what it stored of the last one. */
const RELEASE = 'sh.helm.release.v1.';
const SECRET_TYPES = ['kubernetes.io/service-account-token', 'helm.sh/release.v1'];

/** By the object, not by the request: one that deletes a collection names none. */
const named = "dyn(object == null ? oldObject : object).metadata.?name.orValue('')";
const isNewPod = all("request.operation == 'CREATE'", "request.resource.resource == 'pods'", onSubResource(''));
/** Conditions are Kubernetes' node controller's too, whose account the clouds share. */
const sameAddress = all(
  ...['podIP', 'podIPs', 'hostIP', 'phase'].map(
    (name) => `dyn(object).?status.?${name} == dyn(oldObject).?status.?${name}`,
  ),
);

/** The operator's own namespace: its workloads, its pods, its accounts and tokens and what these are configured by. */
export function guardSystem(by: Who, systemNamespace: string): PolicyRule {
  const controllersThere = controllers([
    ...controllersOf(podMakers.filter(({ type }) => type.group !== '')),
    'generic-garbage-collector',
    'horizontal-pod-autoscaler',
    'root-ca-cert-publisher',
    'pod-garbage-collector',
  ]);
  const upgrade = may('upgrade', 'productiontargets', text(systemNamespace));
  return {
    name: 'guard-system',
    description: "The operator's workloads, pods, tokens and configuration are changed with the verb upgrade only.",
    namespaces: { matchLabels: { 'kubernetes.io/metadata.name': systemNamespace } },
    match: [
      ...requestsOn(appMakers, ['CREATE', 'UPDATE', 'DELETE']),
      { groups: ['apps'], resources: ['*/scale'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
      { groups: [''], resources: ['replicationcontrollers'], operations: ['CREATE', 'UPDATE'] },
      { groups: [''], resources: ['pods'], operations: ['CREATE', 'UPDATE'] },
      {
        groups: [''],
        resources: ['pods/ephemeralcontainers', 'pods/resize', 'pods/status'],
        operations: ['UPDATE'],
      },
      { groups: [''], resources: ['bindings', 'pods/binding', 'serviceaccounts/token'], operations: ['CREATE'] },
      { groups: [''], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] },
      {
        groups: [''],
        resources: ['serviceaccounts'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      { groups: [''], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'] },
      {
        groups: ['coordination.k8s.io'],
        resources: ['leases'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      {
        groups: [''],
        resources: ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'],
        operations: ['CONNECT'],
      },
    ],
    conditions: [
      {
        name: 'what-the-operator-is-made-of',
        expression: `request.resource.resource == 'secrets' ? dyn(object).?type.orValue('') in ${texts(SECRET_TYPES)}
  : request.resource.resource == 'leases' || (request.resource.resource == 'serviceaccounts' && ${onSubResource('')}) ? ${named} in ${texts([ENVIRONMENTS, PROMOTIONS])}
  : request.resource.resource != 'configmaps' || ${named} in ${texts(CONFIGURATION)} || ${named}.startsWith(${text(RELEASE)})`,
      },
    ],
    variables: ownPodVariables,
    validations: [
      {
        expression: any(
          controllersThere,
          clearsNamespace,
          all("request.operation == 'CREATE'", onSubResource('token'), kubelet),
          all(
            "request.operation == 'CREATE'",
            "(request.resource.resource == 'bindings' || " + onSubResource('binding') + ')',
            scheduler,
          ),
          all(
            "request.resource.resource == 'leases'",
            `(${named} == ${text(ENVIRONMENTS)} ? (${by.environments}) : (${by.promotions}))`,
          ),
          all(
            "request.operation == 'UPDATE'",
            "request.resource.resource == 'pods'",
            'dyn(object.spec) == dyn(oldObject.spec)',
            any(sameAddress, kubelet),
          ),
          upgrade,
        ),
        message: refusal("' is the operator itself: this needs the verb upgrade on productiontargets'"),
      },
      {
        expression: any(`!(${isNewPod.replaceAll('\n', ' ')})`, isOwnPod(systemNamespace), upgrade),
        message: refusal(
          "' is not what the chart runs here: keep whatever changes pods, webhooks and mutating policies, out of this namespace'",
        ),
      },
    ],
  };
}
