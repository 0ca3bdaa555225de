import { votesProof, type ProvingKeyring, type RecordEntry, type RecordSpec } from '../../records/index.ts';
import type { CountResult } from '../../votes/index.ts';

/** What proves a decision of people offline: the statements byte for byte, and the votes that counted with their keys. */
export function proofOf(round: RecordSpec, count: CountResult, keyring: ProvingKeyring): Partial<RecordEntry> {
  return {
    ...(round.statements === undefined ? {} : { statements: round.statements }),
    ...(round.policy === undefined ? {} : { policy: round.policy }),
    ...(round.gates === undefined ? {} : { gates: round.gates }),
    ...votesProof(count, keyring, round.keyring?.digest),
  };
}
