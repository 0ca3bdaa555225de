import type { EventRecorder } from '../../kube/index.ts';
import { sealRecord, type RecordEntry, type RecordStore } from '../../records/index.ts';
import { trustOf, type SealedObject } from '../decide/index.ts';
import type { Sealing } from '../gather/index.ts';

export interface Accepting {
  readonly records: Pick<RecordStore, 'append'>;
  readonly sealing: Sealing;
  readonly events: Pick<EventRecorder, 'record'>;
}

/**
 * Appends what was signed: from that record on it counts. Whoever appends first wins.
 *
 * @throws Error when the chain would not hold with it, which would close it for good
 */
export async function accept(
  { records, sealing, events }: Accepting,
  regarding: SealedObject,
  entry: RecordEntry,
): Promise<void> {
  const chain = sealing.chain();
  const { fault } = trustOf([...chain, sealRecord(sealing.place, chain, entry)], sealing.terms.keyring);
  if (fault !== undefined) throw new Error(`what was signed does not fit into its chain: ${fault}`);
  if (!(await records.append(sealing.place, chain, entry))) return;
  const { version = 0, digest, pinned } = entry.trust ?? {};
  const who = [...new Set((entry.votes ?? []).map(({ principal }) => principal))].join(', ');
  events.record({
    regarding,
    type: 'Normal',
    reason: 'Accepted',
    action: 'Accept',
    note: `version ${version} counts from now on${digest === undefined ? ', a removal' : ''}: ${pinned === true ? 'pinned at installation' : `signed by ${who}`}`,
  });
}
