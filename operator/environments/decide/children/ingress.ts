import type { Ingress } from '../../../kube/index.ts';
import type { Frozen, TwinClassSpec } from '../../../api/index.ts';
import { BOUNDARY_NAME, BOUNDARY_PORT, TLS_SECRET } from '../../naming/index.ts';
import { childMetadata, type Home } from './metadata.ts';

type Exposure = Frozen<TwinClassSpec['exposure']>;

/** Annotation by which cert-manager makes a certificate for the hosts of an Ingress. */
const CLUSTER_ISSUER = 'cert-manager.io/cluster-issuer';

/** Leads the environment's hosts to its boundary, where the class has Ingresses. Nothing of it is an author's to write. */
export function ingressManifests(
  home: Home,
  hosts: readonly string[],
  { ingress, tls }: Pick<Exposure, 'ingress' | 'tls'>,
): readonly Ingress[] {
  if (ingress === undefined) return [];
  const { className, annotations = [] } = ingress;
  const issuer = tls?.clusterIssuer === undefined ? [] : [[CLUSTER_ISSUER, tls.clusterIssuer] as const];
  const written = Object.fromEntries([...annotations.map(({ name, value }) => [name, value] as const), ...issuer]);
  const backend = { service: { name: BOUNDARY_NAME, port: { number: BOUNDARY_PORT } } };
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        ...childMetadata(home, BOUNDARY_NAME),
        ...(Object.keys(written).length === 0 ? {} : { annotations: written }),
      },
      spec: {
        ...(className === undefined ? {} : { ingressClassName: className }),
        ...(tls === undefined ? {} : { tls: [{ hosts, secretName: TLS_SECRET }] }),
        rules: hosts.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } })),
      },
    },
  ];
}
