/**
 * What must not compile: `tsc` reads this file as every other, and an `@ts-expect-error` over a line that compiles is an
 * error itself. Nothing here runs.
 */
import { componentManifest, serviceManifest } from '../../operator/environments/decide/children/components.ts';
import type { Container, Manifest, PodSpec } from '../../operator/environments/decide/children/types.ts';
import { containerSecurity } from '../../operator/environments/decide/resolve/index.ts';
import { Deployment, type Client, type NetworkPolicy, type Pod, type RoleBinding } from '../../operator/kube/index.ts';
import type { PodTemplate } from '../../operator/workloads/index.ts';

const meta = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } } as const;
const home = { owner: { namespace: 'a', name: 'b', uid: 'c' }, namespace: 'd', pullSecrets: [] };
const component = { name: 'web', role: 'workload' } as const;

/** A container of ours. */
export const container: Container = {
  name: 'web',
  securityContext: containerSecurity,
  readinessProbe: { tcpSocket: { port: 80 } },
};

export const misspeltField: Container = {
  name: 'web',
  // @ts-expect-error readinessProbe
  readinesProbe: { tcpSocket: { port: 80 } },
};

export const misspeltDeepInside: Container = {
  name: 'web',
  // @ts-expect-error tcpSocket
  readinessProbe: { tcpSoket: { port: 80 } },
};

export const wrongType: PodSpec = {
  containers: [container],
  // @ts-expect-error seconds are a number
  terminationGracePeriodSeconds: '5',
};

export const inTheTemplateOfAComponent = componentManifest<PodTemplate>(home, component, {
  replicas: 1,
  template: {
    spec: {
      containers: [container],
      // @ts-expect-error enableServiceLinks
      enableServiceLink: false,
    },
  },
});

export const strategyOfAComponent = componentManifest<PodTemplate>(home, component, {
  replicas: 1,
  // @ts-expect-error type
  strategy: { typ: 'Recreate' },
  template: { spec: { containers: [container] } },
});

// @ts-expect-error a port has a number
export const portOfAService = serviceManifest(home, component, 80, [{ name: 'admin' }]);

export const canaryPod: Pod = {
  ...meta,
  spec: {
    containers: [container],
    // @ts-expect-error automountServiceAccountToken
    automountServiceAccountTokens: false,
  },
};

export const policy: NetworkPolicy = {
  ...meta,
  // @ts-expect-error ipBlock has a cidr
  spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { except: [] } }] }] },
};

// @ts-expect-error a binding has a roleRef
export const binding: RoleBinding = { ...meta };

export const unknownManifest: Manifest = {
  ...meta,
  // @ts-expect-error no kind of an environment has such a field
  specification: {},
};

/** What the client answers has its kind's fields. */
export async function answers(client: Client): Promise<unknown> {
  const found = await client.get(Deployment, { name: 'a' });
  // @ts-expect-error readyReplicas
  return found.status?.readyReplica;
}
