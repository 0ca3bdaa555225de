import { appMakers, controllersOf, podMakers } from '../workloads/index.ts';
import { all, text, texts } from './cel.ts';
import { ENVIRONMENTS, GROUP, PROMOTIONS } from './names.ts';

const EXTRA = 'authentication.kubernetes.io';
const MANAGER = 'system:kube-controller-manager';

/** CEL that tells who sends a request. Names alone prove nothing: `edit` may impersonate service accounts. */
export interface Who {
  /** The promotions controller's own process: a token bound to its pod. Impersonation carries no such extra. */
  readonly promotions: string;
  /** The environments controller's own process. */
  readonly environments: string;
  /** The promotions account by name, however it authenticated: for what is forbidden to it. */
  readonly namedPromotions: string;
  /** The environments account by name, however it authenticated: for what is forbidden to it. */
  readonly namedEnvironments: string;
}

/** @param systemNamespace where the operator's service accounts are */
export function who(systemNamespace: string): Who {
  const account = (name: string): string => text(`system:serviceaccount:${systemNamespace}:${name}`);
  const process = (name: string): string =>
    all(`request.userInfo.username == ${account(name)}`, hasExtra('pod-name'), hasExtra('credential-id'));
  return {
    promotions: process(PROMOTIONS),
    environments: process(ENVIRONMENTS),
    namedPromotions: `request.userInfo.username == ${account(PROMOTIONS)}`,
    namedEnvironments: `request.userInfo.username == ${account(ENVIRONMENTS)}`,
  };
}

/**
 * One of Kubernetes' own controllers, by the short names of their accounts, or the controller manager itself where it
 * runs without an account per controller. The credential's id is there for tokens and certificates and never for
 * impersonation.
 */
export function controllers(names: readonly string[]): string {
  const users = [MANAGER, ...names.map((name) => `system:serviceaccount:kube-system:${name}`)];
  return all(`request.userInfo.username in ${texts(users)}`, byOwnCredential);
}

/** By a credential of the user's own: who impersonates has none. */
export const byOwnCredential = hasExtra('credential-id');

/** The controller manager itself, which mints the tokens of its controllers. */
export const controllerManager = controllers([]);

/** Content of a namespace that is being deleted, by the controller that clears it; it has no say while one stays. */
export const clearsNamespace = all(
  controllers(['namespace-controller']),
  'namespaceObject != null',
  'has(namespaceObject.metadata.deletionTimestamp)',
);

/**
 * The accounts of the controller manager in kube-system, as of Kubernetes 1.36: who has a token of one is that
 * controller, and some may do more than an admin (the aggregation of roles, the approval of certificates). Without those
 * that a cloud's own controller manager mints tokens of, which the lock trusts with nothing: node, route and service.
 */
export const CONTROLLER_ACCOUNTS: readonly string[] = [
  ...controllersOf(podMakers),
  'attachdetach-controller',
  'bootstrap-signer',
  'certificate-controller',
  'clusterrole-aggregation-controller',
  'device-taint-eviction-controller',
  'disruption-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'endpointslicemirroring-controller',
  'ephemeral-volume-controller',
  'expand-controller',
  'generic-garbage-collector',
  'horizontal-pod-autoscaler',
  'kube-apiserver-serving-clustertrustbundle-publisher',
  'legacy-service-account-token-cleaner',
  'namespace-controller',
  'persistent-volume-binder',
  'pod-garbage-collector',
  'podcertificaterequestcleaner',
  'pv-protection-controller',
  'pvc-protection-controller',
  'resource-claim-controller',
  'resourcepoolstatusrequest-controller',
  'resourcequota-controller',
  'root-ca-cert-publisher',
  'selinux-warning-controller',
  'service-account-controller',
  'service-cidrs-controller',
  'storage-version-garbage-collector',
  'storage-version-migrator-controller',
  'token-cleaner',
  'ttl-after-finished-controller',
  'ttl-controller',
  'vac-protection-controller',
  'validatingadmissionpolicy-status-controller',
  'volumeattributesclass-protection-controller',
].toSorted();

/** Kubernetes' controllers that make pods from a workload that a target can name. */
export const WORKLOAD_CONTROLLERS = controllersOf(appMakers.filter(({ direct }) => direct));

/**
 * A kubelet, which NodeRestriction and RBAC hold to its own pods. Some clouds authenticate it without a credential's id,
 * and who may impersonate users and groups is a cluster admin anyway.
 */
export const kubelet = all(
  "request.userInfo.username.startsWith('system:node:')",
  "'system:nodes' in request.userInfo.groups",
);

/** The kubelet that runs the pod `oldObject`, by the name that it authenticates with (the node authorizer demands it). */
export const kubeletOfPod = all(
  "request.userInfo.username == 'system:node:' + oldObject.spec.?nodeName.orValue('')",
  "'system:nodes' in request.userInfo.groups",
);

/**
 * The scheduler. By its name alone, like kubelets: managed clusters give it tokens of other kinds, and it is trusted with
 * what it decides about a pod, nothing else.
 */
export const scheduler = "request.userInfo.username == 'system:kube-scheduler'";

/** RBAC grants the user a verb on an object of this group: `namespace` and `name` are CEL, left out for "any". */
export function may(verb: string, resource: string, namespace?: string, name?: string): string {
  const scope = [
    ...(namespace === undefined ? [] : [`.namespace(${namespace})`]),
    ...(name === undefined ? [] : [`.name(${name})`]),
  ];
  return `authorizer.group(${text(GROUP)}).resource(${text(resource)})${scope.join('')}.check(${text(verb)}).allowed()`;
}

/** `request.subResource` is absent, not empty, for the object itself. */
const subResource = "(has(request.subResource) ? request.subResource : '')";

/** True for a request on the given subresource, '' for the object itself. */
export function onSubResource(name: string): string {
  return `${subResource} == ${text(name)}`;
}

/** The field manager that the client names, '' when it names none. */
export const fieldManager =
  "(has(request.options) && has(request.options.fieldManager) ? request.options.fieldManager : '')";

export const isDryRun = 'has(request.dryRun) && request.dryRun';

function hasExtra(name: string): string {
  return `(has(request.userInfo.extra) && ${text(`${EXTRA}/${name}`)} in request.userInfo.extra)`;
}
