import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isMembers, membersOf } from '../../canonical/index.ts';
import type { Content, GivenCertificate } from './copies.ts';
import { problem, type Problem } from './resolve/index.ts';

/** What is told of one that environments cannot have. */
export function certificateProblem({ namespace, name }: GivenCertificate, why: string): Problem {
  return problem(
    'NoCertificate',
    `Secret ${namespace}/${name}, the class's certificate (exposure.tls.secretRef), ${why}`,
  );
}

/**
 * Reads the class's certificate.
 *
 * @param now milliseconds since the epoch
 * @returns what the copy has, or why an Ingress controller would not serve it; nothing of it appears in that
 */
export function certificateOf(
  given: GivenCertificate,
  original: object,
  now: number,
): Content | { readonly problem: Problem } {
  const { type, data } = membersOf(original);
  const not = (why: string): { readonly problem: Problem } => ({ problem: certificateProblem(given, why) });
  if (type !== TLS_TYPE || !isMembers(data))
    return not(`is not of type ${TLS_TYPE}: make it with kubectl create secret tls`);
  const { 'tls.crt': chain, 'tls.key': key } = data;
  const pair = readPair(decoded(chain), decoded(key));
  if (pair === undefined) return not('holds no certificate with its key, both in PEM (tls.crt, tls.key)');
  if (!pair.matches) return not('holds a certificate and the key of another one');
  const missed = given.hosts.find((host) => pair.leaf.checkHost(host, { subject: 'never' }) === undefined);
  if (missed !== undefined) return not(`is not for ${missed}: it has to name *.<domain> of the class`);
  if (now < pair.leaf.validFromDate.getTime()) return not('is not valid yet');
  if (now >= pair.leaf.validToDate.getTime()) return not('has expired: renew it');
  // Nothing else of the original: whatever else somebody put there is not the environment's.
  return { type: TLS_TYPE, data: { 'tls.crt': chain, 'tls.key': key } };
}

const TLS_TYPE = 'kubernetes.io/tls';

function readPair(
  chain: Buffer,
  key: Buffer,
): { readonly leaf: X509Certificate; readonly matches: boolean } | undefined {
  try {
    const leaf = new X509Certificate(chain);
    return { leaf, matches: leaf.checkPrivateKey(createPrivateKey(key)) };
  } catch {
    // What OpenSSL says of bytes that it cannot read helps nobody, and may quote them.
    return undefined;
  }
}

function decoded(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64');
}
