import { isList, isMembers } from '../../../canonical/index.ts';
import type { TwinClass, TwinEnvironment } from '../../../api/index.ts';
import { TLS_SECRET } from '../../naming/index.ts';
import type { GivenCertificate } from '../copies.ts';
import { problem, type Problem, type ResolvedWorkload } from '../resolve/index.ts';

/** Where the certificate of an environment's Ingress comes from. */
export type PlannedCertificate =
  | { readonly kind: 'Copied'; readonly from: GivenCertificate }
  | { readonly kind: 'Issued'; readonly issuer: string; readonly hosts: readonly string[] };

/** A Gateway, or a listener of one, that an environment's routes are to be attached to. */
export interface GatewayRef {
  readonly namespace: string;
  readonly name: string;
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
}

/** What an environment's HTTPRoutes are to be: their names, and where they are attached. */
export interface PlannedRoutes {
  readonly names: readonly string[];
  readonly gateways: readonly GatewayRef[];
}

/** The certificate that the class has for these hosts; undefined where TLS is somebody else's. */
export function certificateFor({ spec }: TwinClass, hosts: readonly string[]): PlannedCertificate | undefined {
  const { secretRef, clusterIssuer } = spec.exposure.tls ?? {};
  if (secretRef !== undefined) return { kind: 'Copied', from: { ...secretRef, hosts } };
  return clusterIssuer === undefined ? undefined : { kind: 'Issued', issuer: clusterIssuer, hosts };
}

/** RFC 5280, ub-common-name: an issuer takes the first host for it. */
const COMMON_NAME_MAX = 64;

/** What no certificate could be made for. */
export function hostProblem({ spec }: TwinClass, host: string): Problem | undefined {
  if (spec.exposure.tls?.clusterIssuer === undefined || host.length <= COMMON_NAME_MAX) return undefined;
  return problem(
    'HostTooLong',
    `a certificate for ${host} would have a common name of ${host.length} characters, and ${COMMON_NAME_MAX} are the most; give the environment a shorter name, or have the platform take a shorter exposure.domain or one certificate for all (exposure.tls.secretRef)`,
  );
}

/** The first place at which an author names the Secret of the certificate: its key may be that of every environment. */
export function certificateKeyProblem(
  { spec }: TwinEnvironment,
  workloads: readonly Pick<ResolvedWorkload, 'name' | 'written'>[],
): Problem | undefined {
  const index = (spec.secrets ?? []).indexOf(TLS_SECRET);
  if (index >= 0) return refused(`spec.secrets[${index}]`);
  const reader = workloads.find(({ written }) => names(written.spec, TLS_SECRET));
  return reader === undefined ? undefined : refused(`workload ${reader.name}: its template`);
}

function refused(place: string): Problem {
  return problem(
    'CertificateRefused',
    `${place} names Secret ${TLS_SECRET}, which is for the Ingress alone: no workload reads the key of a certificate`,
  );
}

/**
 * Whether a text stands anywhere in it: volumes of a new kind may name Secrets in places that nobody knows yet. Without
 * recursion: an API server takes 10,000 levels, and a stack does not.
 */
function names(value: unknown, text: string): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (next === text) return true;
    if (isList(next) || isMembers(next)) for (const each of Object.values(next)) open.push(each);
  }
  return false;
}
