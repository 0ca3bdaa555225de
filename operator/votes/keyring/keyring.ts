import { parseTime, printable } from '../../canonical/index.ts';
import { enrolledFingerprint, parsePublicKey, type PublicKey } from '../sshsig/keys.ts';
import type { VoteReason } from '../terms/reasons.ts';
import type { KeyringSpec, KeySpec, PrincipalSpec } from './types.ts';

/** One enrolment of one key. */
export interface Enrolment {
  readonly principal: PrincipalSpec;
  readonly spec: KeySpec;
  readonly key: PublicKey;
}

/** Every enrolment of one key; there is one at least. */
export type Enrolments = readonly [Enrolment, ...Enrolment[]];

/** A key that stands in the keyring and cannot be used. */
export interface UnusableKey {
  readonly principal: string;
  readonly reason: VoteReason;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** A keyring whose keys were parsed; what cannot be used is left out and told in `warnings`. */
export interface ParsedKeyring {
  readonly principals: readonly PrincipalSpec[];
  /** By fingerprint. Several when a key is enrolled more than once. */
  readonly enrolments: ReadonlyMap<string, Enrolments>;
  /** By fingerprint: what is enrolled and counts for nothing, and why. */
  readonly unusable: ReadonlyMap<string, UnusableKey>;
  readonly warnings: readonly string[];
}

/**
 * Parses every key of a keyring. A bad entry costs only itself; a principal's name that is there twice costs both,
 * since votes are counted by that name. Never throws.
 */
export function parseKeyring(keyring: KeyringSpec): ParsedKeyring {
  const warnings: string[] = [];
  const enrolments = new Map<string, Enrolments>();
  const unusable = new Map<string, UnusableKey>();
  const setAside = (line: string, key: UnusableKey): void => {
    const fingerprint = enrolledFingerprint(line);
    if (fingerprint !== undefined && !unusable.has(fingerprint)) unusable.set(fingerprint, key);
  };
  const all = keyring.principals ?? [];
  const names = all.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => name === '' || names.indexOf(name) !== index));
  for (const name of twice)
    warnings.push(`principal ${printable(name)} is there twice: none of its keys counts, give each a name of its own`);
  for (const { name, keys } of all.filter((principal) => twice.has(principal.name)))
    keys?.forEach(({ publicKey }) =>
      setAside(publicKey, {
        principal: name,
        reason: 'AmbiguousKey',
        message: 'the name of its principal is there twice, give each a name of its own',
      }),
    );
  const principals = all.filter(({ name }) => !twice.has(name));
  for (const principal of principals)
    for (const [index, spec] of (principal.keys ?? []).entries()) {
      const parsed = parsePublicKey(spec.publicKey);
      if (!parsed.ok) {
        warnings.push(`key ${index + 1} of principal ${printable(principal.name)} cannot be used: ${parsed.message}`);
        setAside(spec.publicKey, { principal: principal.name, reason: parsed.reason, message: parsed.message });
        continue;
      }
      const { fingerprint } = parsed.key;
      const entry = { principal, spec, key: parsed.key };
      const before = enrolments.get(fingerprint);
      enrolments.set(fingerprint, before === undefined ? [entry] : [...before, entry]);
    }
  for (const [fingerprint, entries] of enrolments)
    if (ownersOf(entries).size > 1)
      warnings.push(`key ${fingerprint} is enrolled for several principals: it counts for none`);
  return { principals, enrolments, unusable, warnings };
}

/** The names that share a key; more than one and a signature would prove nobody. */
export function ownersOf(entries: readonly Enrolment[]): ReadonlySet<string> {
  return new Set(entries.map(({ principal }) => principal.name));
}

/**
 * Why a key does not count at one of the given moments, or undefined. Each of its enrolments must allow it: enrolling a
 * revoked key a second time does not bring it back.
 */
export function keyProblem(
  entries: readonly Enrolment[],
  moments: { readonly now: number; readonly firstSeen: number },
): { readonly reason: VoteReason; readonly message: string } | undefined {
  for (const { spec, key } of entries) {
    const problem = windowProblem(spec, moments);
    if (problem !== undefined) return { ...problem, message: `key ${key.fingerprint} ${problem.message}` };
  }
  return undefined;
}

function windowProblem(
  { notBefore, notAfter, revokedAt, reason }: KeySpec,
  { now, firstSeen }: { readonly now: number; readonly firstSeen: number },
): { readonly reason: VoteReason; readonly message: string } | undefined {
  // Written as "unless it is surely good", so that a time which cannot be read refuses.
  if (revokedAt !== undefined && !(now < parseTime(revokedAt)))
    return {
      reason: 'KeyRevoked',
      message: `was revoked${reason === undefined ? '' : ` (${printable(reason)})`}: sign with another enrolled key`,
    };
  if (notBefore !== undefined && !(Math.min(now, firstSeen) >= parseTime(notBefore)))
    return { reason: 'KeyNotYetValid', message: `was not valid before ${printable(notBefore)} when the vote was seen` };
  if (notAfter !== undefined && !(Math.max(now, firstSeen) <= parseTime(notAfter)))
    return {
      reason: 'KeyExpired',
      message: `is not valid after ${printable(notAfter)}: ask for a new one to be enrolled`,
    };
  return undefined;
}
