import { readCheckpoint } from '../checkpoint/index.ts';
import { newestCut } from '../cut.ts';
import { judgeContent } from './content.ts';
import { judgeEnd, type Answer, type Trust } from './end.ts';
import type { Export, FoundRecord } from './lines.ts';
import { witnessesOf } from './witnesses.ts';

/** What can be said of one target's chain. */
export interface ChainVerdict {
  readonly namespace: string;
  readonly target: string;
  readonly records: number;
  /** No byte was changed, and no record is missing before the last one but by a cut that was signed for. */
  readonly intact: Answer;
  /** The last record is the last one that was signed for: nothing was cut off at the end. */
  readonly complete: Answer;
  /** The newest checkpoint that counts, and who beside the cluster signed it. */
  readonly checkpoint: { readonly size: number; readonly witnesses: readonly string[] } | undefined;
  /** Why an answer is no. */
  readonly faults: readonly string[];
  /** Why an answer is unknown. */
  readonly doubts: readonly string[];
}

export interface AuditVerdict {
  /** One for each chain that there are records of or that a checkpoint speaks of. */
  readonly chains: readonly ChainVerdict[];
  /** What was given and cannot be read. */
  readonly problems: readonly string[];
}

/**
 * Judges an export (security: "Records"). Pure: what an auditor runs offline. `intact` is computed from the records alone;
 * `complete` needs a checkpoint, and one counts only by a key or a witness that the auditor brings.
 */
export function verifyExport({ records, checkpoints, problems }: Export, trust: Trust): AuditVerdict {
  const notes = checkpoints.map((text) => readCheckpoint(text));
  const read = notes.filter((note) => note !== undefined);
  const unread = notes.length - read.length;
  const keys = new Map<string, Pick<ChainVerdict, 'namespace' | 'target'>>();
  for (const { record } of records) {
    const { namespace, name: target } = record.target;
    keys.set(chainOf(namespace, target), { namespace, target });
  }
  for (const { namespace, target } of read) keys.set(chainOf(namespace, target), { namespace, target });
  const chains = [...keys.values()].map(({ namespace, target }): ChainVerdict => {
    const content = judgeContent(
      records.filter(({ record: { target: of } }) => of.namespace === namespace && of.name === target),
    );
    const end = judgeEnd(
      content.chain,
      read.filter((note) => note.namespace === namespace && note.target === target),
      trust,
    );
    const doubts = [
      ...content.doubts,
      ...uncovered(content.chain, end.complete === 'no' ? 0 : (end.checkpoint?.size ?? 0)),
    ];
    return {
      namespace,
      target,
      records: content.chain.length,
      intact: end.rewritten ? 'no' : answered(content.faults, content.chain.length === 0 ? ['nothing'] : doubts),
      complete: end.complete,
      checkpoint: end.checkpoint,
      faults: [...content.faults, ...end.faults],
      doubts: [...doubts, ...end.doubts],
    };
  });
  const unmatched = trust.countersignatures.filter((armor) =>
    read.every(({ note }) => witnessesOf(note.text, [armor], trust.witnesses).length === 0),
  );
  return {
    chains,
    problems: [
      ...problems,
      ...(unread === 0 ? [] : [`${unread} checkpoints cannot be read`]),
      // What a witness saw may be what was left out.
      ...unmatched.map(() => 'a countersignature is of no checkpoint here, or of no witness: give what was signed too'),
    ],
  };
}

function chainOf(namespace: string, target: string): string {
  return JSON.stringify([namespace, target]);
}

/** Anybody can drop records at the start and say that a cut took them: it counts when it was signed for. */
function uncovered(chain: readonly FoundRecord[], signed: number): readonly string[] {
  const newest = newestCut(chain);
  const first = chain.findIndex(({ sequence }, index) => sequence !== index + 1);
  if (newest === undefined || newest.sequence <= signed || first === -1) return [];
  return [
    `record ${first + 1} is gone by the cut in record ${newest.sequence}, for which no checkpoint that counts was signed`,
  ];
}

function answered(faults: readonly unknown[], doubts: readonly unknown[]): Answer {
  return faults.length > 0 ? 'no' : doubts.length > 0 ? 'unknown' : 'yes';
}
