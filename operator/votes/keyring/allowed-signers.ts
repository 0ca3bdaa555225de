import { parseTime, printable, rfc3339 } from '../../canonical/index.ts';
import { ownersOf, parseKeyring, type Enrolments } from './keyring.ts';
import { VOTE_NAMESPACE } from '../terms/names.ts';
import type { KeyringSpec } from './types.ts';

/** What ssh-keygen would read as a pattern or a list is no name here. */
const PLAIN_NAME = /^[A-Za-z0-9._@+-]{1,253}$/;

/**
 * The keyring as a file for stock `ssh-keygen -Y verify -f`, for auditors: each key for this project's namespace only,
 * with its window. A revoked key ends at its revocation, so that `-O verify-time=` shows what was valid then. What
 * cannot be written safely is a comment that says so.
 */
export function allowedSigners(keyring: KeyringSpec): string {
  const { enrolments, warnings } = parseKeyring(keyring);
  const lines = [...enrolments.values()].filter((entries) => ownersOf(entries).size === 1).map(signerLine);
  return [...warnings.map((warning) => `# ${printable(warning, 400)}`), ...lines].map((line) => `${line}\n`).join('');
}

function signerLine(entries: Enrolments): string {
  const [{ principal, key }] = entries;
  if (!PLAIN_NAME.test(principal.name))
    return `# principal ${printable(principal.name)} has a name that this format cannot hold: ${key.fingerprint} left out`;
  const after = entries.flatMap(({ spec }) => spec.notBefore ?? []).map(parseTime);
  const before = entries.flatMap(({ spec }) => [spec.notAfter ?? [], spec.revokedAt ?? []].flat()).map(parseTime);
  if ([...after, ...before].some(Number.isNaN)) return `# ${key.fingerprint} has a time that cannot be read: left out`;
  const options = [
    `namespaces="${VOTE_NAMESPACE}"`,
    ...(after.length === 0 ? [] : [`valid-after="${compact(Math.max(...after))}"`]),
    ...(before.length === 0 ? [] : [`valid-before="${compact(Math.min(...before))}"`]),
  ];
  return `${principal.name} ${options.join(',')} ${key.type} ${key.blob.toString('base64')}`;
}

/** `20261121100000Z`: ssh-keygen takes times without Z as local ones. */
function compact(milliseconds: number): string {
  return rfc3339(milliseconds).replace(/[-:T]/g, '');
}
