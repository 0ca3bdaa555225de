import type { Frozen, TwinClassSpec } from '../../../api/index.ts';
import type { NetworkPolicy } from '../../../kube/index.ts';
import { BOUNDARY_NAME, BOUNDARY_PORT, COMPONENT_LABEL, PAGE_PORT, ROLE_LABEL } from '../../naming/index.ts';
import { childMetadata, type Home } from './metadata.ts';

type PolicySpec = NonNullable<NetworkPolicy['spec']>;
type EgressRule = NonNullable<PolicySpec['egress']>[number];
type Peer = NonNullable<EgressRule['to']>[number];
type Port = NonNullable<EgressRule['ports']>[number];
type Egress = Frozen<NonNullable<TwinClassSpec['network']['egress']>[number]>;

/** A workload whose report the environments process reads. */
export interface ReportingWorkload {
  readonly name: string;
  readonly port: number;
}

export interface NetworkInput {
  readonly home: Home;
  readonly systemNamespace: string;
  /** What the class opens for everything in its environments. */
  readonly network: Frozen<TwinClassSpec['network']>;
  /** What the environment asked for within it, for its workloads. */
  readonly egress: readonly Egress[];
  readonly reporting: readonly ReportingWorkload[];
  /** Namespaces of the class's Gateways. */
  readonly gateways: readonly string[];
  /** Where the boundary asks who people are. */
  readonly asked: readonly Egress[];
}

const inNamespace = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
const tcp = (port: number): Port => ({ protocol: 'TCP', port });

/**
 * NetworkPolicies of an environment. They add up, so the first denies everything and the others say what is open: name
 * resolution and what else the class opens, traffic inside the environment, the way in through the boundary, and what
 * the environment lists.
 */
export function networkPolicies({
  home,
  systemNamespace,
  network,
  egress,
  reporting,
  gateways,
  asked,
}: NetworkInput): readonly NetworkPolicy[] {
  const policy = (name: string, spec: PolicySpec): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(home, name),
    spec,
  });
  const listed = new Set([systemNamespace, ...network.ingress.map(({ namespace }) => namespace)]);
  const unlisted = [...new Set(gateways)].filter((namespace) => !listed.has(namespace));
  const policies = [
    policy('twinlock-default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    policy('twinlock-inside', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }, ...[...network.dns, ...(network.egress ?? [])].map(destination)],
    }),
    policy(BOUNDARY_NAME, {
      podSelector: { matchLabels: { [COMPONENT_LABEL]: BOUNDARY_NAME } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [inNamespace(systemNamespace), ...network.ingress.map(peer), ...unlisted.map(inNamespace)],
          ports: [tcp(BOUNDARY_PORT)],
        },
      ],
      // /admin/services is answered by the environments process.
      egress: [{ to: [inNamespace(systemNamespace)], ports: [tcp(PAGE_PORT)] }, ...asked.map(destination)],
    }),
  ];
  if (reporting.length > 0) policies.push(policy('twinlock-reports', reports(systemNamespace, reporting)));
  if (egress.length > 0) {
    policies.push(
      policy('twinlock-egress', {
        // Twins have no business where an author wants to go: they are what stands in for it.
        podSelector: { matchLabels: { [ROLE_LABEL]: 'workload' } },
        policyTypes: ['Egress'],
        egress: egress.map(destination),
      }),
    );
  }
  return policies;
}

function reports(systemNamespace: string, reporting: readonly ReportingWorkload[]): PolicySpec {
  const ports = [...new Set(reporting.map(({ port }) => port))].sort((a, b) => a - b);
  return {
    podSelector: {
      matchExpressions: [
        { key: COMPONENT_LABEL, operator: 'In', values: reporting.map(({ name }) => name).toSorted() },
      ],
    },
    policyTypes: ['Ingress'],
    ingress: [{ from: [inNamespace(systemNamespace)], ports: ports.map(tcp) }],
  };
}

function peer({ cidr, namespace }: Pick<Egress, 'cidr' | 'namespace'>): Peer {
  return cidr === undefined ? inNamespace(namespace ?? '') : { ipBlock: { cidr } };
}

function destination({ ports, ...to }: Egress): EgressRule {
  return {
    to: [peer(to)],
    ...(ports === undefined ? {} : { ports: ports.map(({ protocol, port }) => ({ protocol, port })) }),
  };
}
