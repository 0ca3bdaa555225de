import { all, text, texts } from './cel.ts';
import { ENVIRONMENTS, GROUP, PROMOTIONS } from './names.ts';

const EXTRA = 'authentication.kubernetes.io';

/** CEL that tells who sends a request. Names alone prove nothing: `edit` may impersonate service accounts. */
export interface Who {
  /** The promotions controller's own process: a token bound to its pod. Impersonation carries no such extra. */
  readonly promotions: string;
  /** The environments controller's own process. */
  readonly environments: string;
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
    namedEnvironments: `request.userInfo.username == ${account(ENVIRONMENTS)}`,
  };
}

/**
 * One of Kubernetes' own controllers, by the short names of their accounts, or the controller manager itself where it
 * runs without an account per controller. The credential's id is there for tokens and certificates and never for
 * impersonation.
 */
export function controllers(names: readonly string[]): string {
  const users = ['system:kube-controller-manager', ...names.map((name) => `system:serviceaccount:kube-system:${name}`)];
  return all(`request.userInfo.username in ${texts(users)}`, hasExtra('credential-id'));
}

/** Kubernetes' controllers that make pods from an apps/v1 workload. */
export const WORKLOAD_CONTROLLERS = ['replicaset-controller', 'statefulset-controller', 'daemon-set-controller'];

/**
 * A kubelet, which NodeRestriction and RBAC hold to its own pods. Some clouds authenticate it without a credential's id,
 * and who may impersonate users and groups is a cluster admin anyway.
 */
export const kubelet = all(
  "request.userInfo.username.startsWith('system:node:')",
  "'system:nodes' in request.userInfo.groups",
);

/** RBAC grants the user a verb on an object of this group: `namespace` and `name` are CEL, left out for "any". */
export function may(verb: string, resource: string, namespace?: string, name?: string): string {
  const scope = [
    ...(namespace === undefined ? [] : [`.namespace(${namespace})`]),
    ...(name === undefined ? [] : [`.name(${name})`]),
  ];
  return `authorizer.group(${text(GROUP)}).resource(${text(resource)})${scope.join('')}.check(${text(verb)}).allowed()`;
}

/** `request.subResource` is absent, not empty, for the object itself. */
export const subResource = "(has(request.subResource) ? request.subResource : '')";

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
