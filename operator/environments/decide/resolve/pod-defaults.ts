import type { PodTemplate } from '../../../workloads/index.ts';

type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];

/** Pod Security Standard of a class. */
export type PodSecurity = 'baseline' | 'restricted';

/** Readiness by a path that answers 200, or by an open port. */
export function readinessProbe(port: number, path: string | undefined): NonNullable<Container['readinessProbe']> {
  return {
    ...(path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port, scheme: 'HTTP' } }),
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 3,
    successThreshold: 1,
  };
}

/** What the restricted Pod Security Standard asks of a container; baseline does not mind it. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
} as const satisfies NonNullable<Container['securityContext']>;

/** What the class's standard asks of a pod. Images that run as root need a class with podSecurity baseline. */
export function podSecurityOf(podSecurity: PodSecurity): NonNullable<PodSpec['securityContext']> {
  const seccompProfile = { type: 'RuntimeDefault' };
  return podSecurity === 'restricted' ? { runAsNonRoot: true, seccompProfile } : { seccompProfile };
}

/**
 * For every pod that does not say otherwise: no token, since code that nobody reviewed yet has no business with the API
 * server; no variables for Services, since those of a service `stripe` (STRIPE_PORT ...) would look like bindings; and
 * few seconds to end in, since Kubernetes waits for half of that time and more before it looks again whether a namespace
 * is empty.
 */
export const podDefaults = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 5,
} as const satisfies Partial<PodSpec>;
