import { trustBounds, type TrustReason, type TrustStatus } from '../../api/index.ts';
import { digestOfBytes } from '../../canonical/index.ts';
import { fittedLines, type ConditionInput } from '../../kube/index.ts';
import { trustCommands, VOTE_PREFIX } from '../../votes/index.ts';
import type { SealedKey, SealedKind, Standing } from '../decide/index.ts';

/** As kubectl takes them. */
const RESOURCES: Readonly<Record<SealedKind, string>> = {
  ApproverKeyring: 'approverkeyring',
  ApprovalPolicy: 'approvalpolicy',
  ProductionTarget: 'productiontarget',
};

/** `status.trust` of an object: output only, but for the end of the text that people are signing. */
export function trustStatus(
  { accepted, proposal, count }: Standing,
  { kind, namespace, name }: SealedKey,
): TrustStatus {
  return {
    ...(accepted?.digest === undefined
      ? {}
      : { accepted: { version: accepted.version, digest: accepted.digest, record: accepted.record } }),
    ...(proposal === undefined || count === undefined
      ? {}
      : {
          pending: {
            version: proposal.version,
            ...(proposal.digest === undefined ? {} : { digest: proposal.digest }),
            notAfter: proposal.notAfter,
            statements: { ...proposal.statements },
            votes: fittedLines(
              count.votes.map(({ carriedBy: [annotation = ''], message }) => `${VOTE_PREFIX}${annotation}: ${message}`),
              trustBounds.votes,
            ),
            why: fittedLines(
              [
                ...count.missing,
                ...trustCommands({
                  resource: RESOURCES[kind],
                  namespace,
                  name,
                  // Of the text: the same content may come back under another version, and a name is taken once.
                  nonce: digestOfBytes(proposal.statements.approve),
                  principalHint: 'my-name',
                }),
              ],
              trustBounds.why,
            ),
          },
        }),
  };
}

/** Whether what stands in an object is what counts. */
export function acceptedCondition({ state, message }: Standing): ConditionInput<TrustReason, 'Accepted'> {
  const type = 'Accepted';
  switch (state) {
    case 'Accepted':
      return { type, status: 'True', reason: 'Accepted', message };
    case 'Waiting':
      return { type, status: 'False', reason: 'NotAccepted', message };
    case 'Refused':
      return { type, status: 'False', reason: 'ChangeRefused', message };
  }
}
