import { digestOfBytes, printable, rfc3339 } from '../../canonical/index.ts';
import { MAX_ARMOR_CHARACTERS, VOTE_PREFIX } from '../terms/names.ts';
import { armorHint } from './hints.ts';
import type { CountInput } from './types.ts';

/** Base64, the frame's dashes and letters, line breaks. */
const ARMOR_CHARACTERS = /^[A-Za-z0-9+/=\- \n]+$/;
/** What admission calls a signature: approvers may not take it away before status has it, letter by letter. */
const MARK = 'BEGIN SSH SIGNATURE';
/** What this module itself writes for what is no armor; must read back as it is. */
const SHORTENED = /^[\x20-\x7e]{0,60} \(\d+ characters, sha256:[0-9a-f]{64}\)$/;

/** One armor, from status or from annotations, before anybody looked inside. */
export interface Ballot {
  /**
   * What cannot be armor is shown by its beginning and digest only: status is read on terminals, has limits, and is no
   * place for a private key. What says that it is one is shown as it is.
   */
  readonly armor: string;
  /** Why it is no armor, when that is clear without reading it. */
  readonly unfit: 'TooLarge' | 'BadArmor' | undefined;
  /** What probably happened to it on its way; undefined for what looks like a signature, and once nobody carries it. */
  readonly hint?: string | undefined;
  readonly firstSeen: string;
  readonly carriedBy: readonly string[];
}

/** A ballot whose carriers are not all known yet. */
type Draft = { -readonly [Field in keyof Ballot]: Field extends 'carriedBy' ? string[] : Ballot[Field] };

/**
 * Every armor once: those of status in their order, then new ones by annotation name. One armor under two names, or
 * with and without its final line break, is one.
 */
export function ballotsOf({
  annotations = {},
  seen = [],
  now,
}: Pick<CountInput, 'annotations' | 'seen' | 'now'>): readonly Ballot[] {
  const ballots = new Map<string, Draft>();
  for (const { armor, firstSeen } of seen) {
    const shown = SHORTENED.test(armor) ? { armor, unfit: 'BadArmor' as const } : bounded(armor);
    const ballot: Draft = { ...shown, firstSeen, carriedBy: [] };
    // The first sight is the earliest one.
    if (!ballots.has(ballot.armor)) ballots.set(ballot.armor, ballot);
  }
  for (const name of Object.keys(annotations).toSorted()) {
    if (!name.startsWith(VOTE_PREFIX)) continue;
    const value = String(annotations[name]);
    const ballot: Draft = { ...bounded(value), firstSeen: rfc3339(now), carriedBy: [] };
    const known = ballots.get(ballot.armor) ?? ballot;
    // Status holds the shortened form, which says no longer what was wrong.
    known.unfit = ballot.unfit;
    known.hint = armorHint(value);
    known.carriedBy.push(name.slice(VOTE_PREFIX.length));
    ballots.set(known.armor, known);
  }
  return [...ballots.values()];
}

function bounded(value: string): Pick<Ballot, 'armor' | 'unfit'> {
  // The one that ssh-keygen writes and a shell's `$(...)` strips. Of several none is taken, or what was refused for them
  // would lose one with each count, and be accepted in the end.
  const armor = /[^\n]\n$/.test(value) ? value.slice(0, -1) : value;
  const marked = armor.includes(MARK);
  const unfit =
    armor.length > MAX_ARMOR_CHARACTERS
      ? 'TooLarge'
      : ARMOR_CHARACTERS.test(armor) && (marked || !armor.includes('PRIVATE KEY'))
        ? undefined
        : 'BadArmor';
  if (unfit === undefined || (unfit === 'BadArmor' && marked)) return { armor, unfit };
  return { armor: `${printable(armor, 40)} (${armor.length} characters, ${digestOfBytes(armor)})`, unfit };
}
