import { departureOf, keyName, signersOf, type NoteKey, type SignedCheckpoint } from '../checkpoint/index.ts';
import { isGone } from '../cut.ts';
import type { FoundRecord } from './lines.ts';
import { witnessesOf, type Witness } from './witnesses.ts';

/** `unknown` is never a yes: what cannot be told must not pass for sound. */
export type Answer = 'yes' | 'no' | 'unknown';

/** Whom an auditor believes. */
export interface Trust {
  /** Of clusters, known from elsewhere than the export. */
  readonly keys: readonly NoteKey[];
  readonly witnesses: readonly Witness[];
  /** Armored signatures over texts of checkpoints. */
  readonly countersignatures: readonly string[];
}

/** What the checkpoints say of one chain's end. */
export interface End {
  readonly complete: Answer;
  /** A record is another one than was signed for. */
  readonly rewritten: boolean;
  /** The newest checkpoint that counts, and who beside the cluster signed it. */
  readonly checkpoint: { readonly size: number; readonly witnesses: readonly string[] } | undefined;
  readonly faults: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Whether the last record is the last that was signed for. A checkpoint counts by a key of its own cluster or by a witness,
 * and each that counts must be in the chain: whoever holds the cluster's key cannot take back what a witness has seen.
 */
export function judgeEnd(chain: readonly FoundRecord[], notes: readonly SignedCheckpoint[], trust: Trust): End {
  const counted = notes.flatMap((checkpoint) => {
    const { note, cluster } = checkpoint;
    const byCluster = signersOf(note, trust.keys).some(({ name }) => name === keyName(cluster));
    const witnesses = witnessesOf(note.text, trust.countersignatures, trust.witnesses);
    return byCluster || witnesses.length > 0 ? [{ ...checkpoint, witnesses }] : [];
  });
  const newest = counted.toSorted((a, b) => a.size - b.size || a.witnesses.length - b.witnesses.length).at(-1);
  if (newest === undefined)
    return { complete: 'unknown', rewritten: false, checkpoint: undefined, faults: [], doubts: [uncounted(notes)] };
  const checkpoint = { size: newest.size, witnesses: newest.witnesses };
  const departures = counted.flatMap((each) => departureOf(chain, each) ?? []);
  const faults = [...new Set(departures.map(({ message }) => message))];
  const rewritten = departures.some(({ kind }) => kind === 'Rewritten');
  const head = chain.at(-1)?.sequence ?? 0;
  if (faults.length > 0) return { complete: 'no', rewritten, checkpoint, faults, doubts: [] };
  const unseen = counted.filter(
    ({ size, digest, witnesses }) => witnesses.length > 0 && isGone(chain, { sequence: size, digest }),
  );
  if (unseen.length > 0) {
    const doubts = unseen.map(
      ({ size, witnesses }) =>
        `${witnesses.join(', ')} signed for record ${size}, which is gone: give an export from before the cut too`,
    );
    return { complete: 'unknown', rewritten, checkpoint, faults, doubts };
  }
  if (newest.size === head) return { complete: 'yes', rewritten, checkpoint, faults, doubts: [] };
  const doubt = `the newest checkpoint is of record ${newest.size} and the last record is ${head}: get a newer one`;
  return { complete: 'unknown', rewritten, checkpoint, faults, doubts: [doubt] };
}

function uncounted(notes: readonly SignedCheckpoint[]): string {
  return notes.length === 0
    ? 'there is no checkpoint: whether records are missing at the end cannot be told'
    : `of ${notes.length === 1 ? 'the checkpoint' : `${notes.length} checkpoints`} none is signed by a key or a witness that you named`;
}
