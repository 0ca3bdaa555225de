import { maxKeyringWarnings, type ApproverKeyring, type ApproverKeyringStatus } from '../../api/index.ts';
import { withCondition } from '../../kube/index.ts';
import type { KeyringReview } from '../../votes/index.ts';

/** Status of a keyring: output only. Ready as long as somebody can vote, whatever single keys lack. */
export function keyringStatus(
  { metadata, status }: ApproverKeyring,
  { warnings, voters }: KeyringReview,
  now: number,
): ApproverKeyringStatus {
  const told = warnings.length === 0 ? '' : `; ${warnings.length} of its entries need attention, see status.warnings`;
  const conditions = withCondition(
    status?.conditions,
    {
      type: 'Ready',
      ...(voters > 0
        ? { status: 'True', reason: 'Usable', message: `${voters} can vote${told}` }
        : {
            status: 'False',
            reason: 'NobodyCanVote',
            message: `nobody has a key that counts now, so nothing can be approved: enrol one${told}`,
          }),
      observedGeneration: metadata.generation,
    },
    now,
  );
  return {
    observedGeneration: metadata.generation,
    ...(warnings.length === 0 ? {} : { warnings: shown(warnings) }),
    conditions: conditions.map((condition) => ({ ...condition })),
  };
}

function shown(warnings: readonly string[]): string[] {
  const lines = warnings.map((line) => line.slice(0, 1024));
  if (lines.length <= maxKeyringWarnings) return lines;
  const first = lines.slice(0, maxKeyringWarnings - 1);
  return [...first, `and ${lines.length - first.length} more`];
}
