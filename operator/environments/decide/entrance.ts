import { printable } from '../../canonical/index.ts';
import { TLS_SECRET } from '../naming/index.ts';
import type { CertificateChild, RouteChild } from './live.ts';
import { problem, type Problem } from './resolve/index.ts';
import type { Copied } from './copies.ts';
import { noGatewayAPI, routeProblem } from './routed.ts';
import type { Plan } from './plan/index.ts';

/** What others say of what stands before the boundary. */
export interface Front {
  /** What cert-manager says of the environment's certificate; `Unserved`: the cluster has no cert-manager. */
  readonly certificate: CertificateChild | 'Unserved' | undefined;
  /** What Gateways say of its routes; `Unserved`: the cluster has no Gateway API. */
  readonly routes: readonly RouteChild[] | 'Unserved';
}

/** What of a world it takes. */
interface Entering {
  readonly planned: { readonly plan: Pick<Plan, 'certificate' | 'routes'> };
  readonly front: Front;
  readonly copied: Copied | undefined;
}

/** Why people do not get as far as the boundary, although that answers; undefined when nothing speaks against it. */
export function entranceProblem({ planned, front, copied }: Entering): Problem | undefined {
  const { certificate, routes } = planned.plan;
  if (routes !== undefined) return front.routes === 'Unserved' ? noGatewayAPI : routeProblem(routes, front.routes);
  if (certificate === undefined) return undefined;
  if (certificate.kind === 'Issued') return issuedProblem(certificate, front);
  const refused = copied?.problems.find(({ reason }) => reason === 'NoCertificate');
  if (refused !== undefined) return refused;
  const there = copied?.there.some(({ kind, name }) => kind === 'Secret' && name === TLS_SECRET) === true;
  return there ? undefined : closed('The certificate was not copied yet');
}

/** What nobody tells of when it changes: a kind of the API server that it did not have. */
export function untold({ planned, front }: Pick<Entering, 'planned' | 'front'>): boolean {
  const { certificate, routes } = planned.plan;
  return (
    (certificate?.kind === 'Issued' && front.certificate === 'Unserved') ||
    (routes !== undefined && front.routes === 'Unserved')
  );
}

const MAX_WORDS = 400;

/** What cert-manager has not done yet; it names its own next step. */
function issuedProblem(
  { issuer, hosts }: { readonly issuer: string; readonly hosts: readonly string[] },
  { certificate }: Front,
): Problem | undefined {
  if (certificate === 'Unserved')
    return closed('exposure.tls.clusterIssuer needs cert-manager, which this cluster does not have: install it');
  if (certificate === undefined)
    return closed(
      `cert-manager has not taken up the Ingress: it makes the Certificate ${TLS_SECRET} by ClusterIssuer ${issuer}`,
    );
  const { dnsNames, ready } = certificate;
  const missed = hosts.find((host) => !dnsNames.includes(host));
  if (missed !== undefined) return closed(`the Certificate ${TLS_SECRET} does not name ${missed} yet`);
  if (ready.status === 'True' && ready.ofToday) return undefined;
  const words = ready.message === '' ? 'cert-manager says nothing of it yet' : printable(ready.message, MAX_WORDS);
  return closed(`the Certificate ${TLS_SECRET} of ClusterIssuer ${issuer} is not ready: ${words}`);
}

function closed(why: string): Problem {
  return problem('NoCertificate', why);
}
