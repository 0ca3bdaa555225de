import {
  keyringWarnings,
  type ApproverKeyring,
  type ApproverKeyringStatus,
  type KeyringReason,
} from '../../api/index.ts';
import { conditionsOf, fittedLines, type Outcome } from '../../kube/index.ts';
import { acceptedCondition, keyOf, trustStatus, type Standing } from '../../trust/index.ts';
import type { KeyringReview } from '../../votes/index.ts';

/**
 * Status of a keyring: output only. Ready as long as somebody can vote, whatever single keys lack.
 *
 * @param standing what people signed of it; undefined where trust is not sealed
 */
export function keyringStatus(
  keyring: ApproverKeyring,
  { warnings, voters }: KeyringReview,
  now: number,
  standing?: Standing | undefined,
): ApproverKeyringStatus {
  const told = warnings.length === 0 ? '' : `; ${warnings.length} of its entries need attention, see status.warnings`;
  const outcome: Outcome<KeyringReason> =
    voters > 0
      ? { kstatus: 'Current', reason: 'Usable', message: `${voters} can vote${told}` }
      : {
          kstatus: 'Failed',
          reason: 'NobodyCanVote',
          message: `nobody has a key that counts now, so nothing can be approved: enrol one${told}`,
        };
  return {
    observedGeneration: keyring.metadata.generation,
    ...(warnings.length === 0 ? {} : { warnings: fittedLines(warnings, keyringWarnings) }),
    ...(standing === undefined ? {} : { trust: trustStatus(standing, keyOf(keyring)) }),
    conditions: conditionsOf(keyring, outcome, standing === undefined ? [] : [acceptedCondition(standing)], now),
  };
}
