import { parseTime, printable } from '../../canonical/index.ts';
import { keyProblem, ownersOf, parseKeyring, type Enrolment, type Enrolments } from './keyring.ts';
import type { KeyringSpec, KeySpec } from './types.ts';

/** What whoever writes a keyring should know of it, before somebody signs with a key that cannot count. */
export interface KeyringReview {
  /** One line each: what is wrong and what to do. */
  readonly warnings: readonly string[];
  /** People with a key that counts now. */
  readonly voters: number;
  /** When time itself changes the answer, milliseconds since the epoch; undefined when it never does. */
  readonly changesAt: number | undefined;
}

/** Reads a keyring as a count would. Pure; never throws. */
export function reviewKeyring(keyring: KeyringSpec, now: number): KeyringReview {
  const { principals, enrolments, warnings } = parseKeyring(keyring);
  const all = [...enrolments.values()];
  const usable = all.filter((entries) => canCount(entries, now));
  const voters = new Set(usable.map(([{ principal }]) => principal.name));
  return {
    warnings: [
      ...warnings,
      ...all.flatMap((entries) => warningsOf(entries, now)),
      ...principals
        .filter(({ name }) => !voters.has(name))
        .map(({ name }) => `principal ${printable(name)} has no key that counts now: enrol one`),
    ],
    voters: voters.size,
    changesAt: nextChange(
      all.flat().map(({ spec }) => spec),
      now,
    ),
  };
}

function canCount(entries: readonly Enrolment[], now: number): boolean {
  return (
    ownersOf(entries).size === 1 && keyProblem(entries, { now, firstSeen: now }) === undefined && canTouch(entries)
  );
}

/** Only a security key can prove a touch. */
function canTouch(entries: readonly Enrolment[]): boolean {
  return entries.every(({ spec, key }) => spec.requireTouch !== true || key.application !== undefined);
}

function warningsOf(entries: Enrolments, now: number): readonly string[] {
  if (ownersOf(entries).size > 1) return [];
  const [{ principal, key }] = entries;
  const whose = `key ${key.fingerprint} of principal ${printable(principal.name)}`;
  const warnings: string[] = [];
  if (entries.length > 1) warnings.push(`${whose} is enrolled ${entries.length} times: all of these must allow a vote`);
  for (const { spec } of entries) {
    const { notBefore, notAfter, revokedAt } = spec;
    const unread = timesOf(spec).filter((time) => Number.isNaN(parseTime(time)));
    if (unread.length > 0)
      warnings.push(`${whose} has a time that is none, ${printable(unread.join(', '), 200)}: it counts for nothing`);
    else if (revokedAt === undefined && notAfter !== undefined && !(now <= parseTime(notAfter)))
      warnings.push(`${whose} is not valid after ${printable(notAfter)}: enrol a new one`);
    else if (notBefore !== undefined && !(now >= parseTime(notBefore)))
      warnings.push(`${whose} is not valid before ${printable(notBefore)}`);
  }
  if (!canTouch(entries))
    warnings.push(
      `${whose} has requireTouch and is no security key: no vote of it can count (ssh-keygen -t ed25519-sk)`,
    );
  return warnings;
}

function timesOf({ notBefore, notAfter, revokedAt }: KeySpec): readonly string[] {
  return [notBefore, notAfter, revokedAt].filter((time) => time !== undefined);
}

function nextChange(keys: readonly KeySpec[], now: number): number | undefined {
  const ahead = keys
    .flatMap(timesOf)
    .map(parseTime)
    .filter((time) => time > now);
  return ahead.length === 0 ? undefined : ahead.reduce((first, time) => Math.min(first, time));
}
