import { digestOfBytes, printable } from '../../canonical/index.ts';
import { MAX_ARMOR_CHARACTERS } from './armor.ts';
import { formatTime } from './time.ts';
import type { CountInput } from './types.ts';

/** Where votes are carried; what follows is a label for people. */
export const VOTE_PREFIX = 'vote.twinlock.dev/';

/** One armor, from status or from annotations, before anybody looked inside. */
export interface Ballot {
  /** Bounded: what would be too large is shown by its beginning and digest. */
  readonly armor: string;
  readonly tooLarge: boolean;
  readonly firstSeen: string;
  readonly carriedBy: readonly string[];
}

/**
 * Every armor once: those of status in their order, then new ones by annotation name. One armor under two names, or
 * with and without its final line break, is one.
 */
export function ballotsOf({ annotations = {}, seen = [], now }: CountInput): readonly Ballot[] {
  const ballots = new Map<string, { armor: string; tooLarge: boolean; firstSeen: string; carriedBy: string[] }>();
  for (const { armor, firstSeen } of seen) {
    const ballot = { ...bounded(armor), firstSeen, carriedBy: [] };
    // The first sight is the earliest one.
    if (!ballots.has(ballot.armor)) ballots.set(ballot.armor, ballot);
  }
  for (const name of Object.keys(annotations).toSorted()) {
    if (!name.startsWith(VOTE_PREFIX)) continue;
    const ballot = { ...bounded(String(annotations[name])), firstSeen: formatTime(now), carriedBy: [] };
    const known = ballots.get(ballot.armor) ?? ballot;
    known.tooLarge ||= ballot.tooLarge;
    known.carriedBy.push(name.slice(VOTE_PREFIX.length));
    ballots.set(known.armor, known);
  }
  return [...ballots.values()];
}

function bounded(value: string): Pick<Ballot, 'armor' | 'tooLarge'> {
  const armor = value.endsWith('\n') ? value.slice(0, -1) : value;
  if (armor.length <= MAX_ARMOR_CHARACTERS) return { armor, tooLarge: false };
  return { armor: `${printable(armor, 40)} (${armor.length} characters, ${digestOfBytes(armor)})`, tooLarge: true };
}
