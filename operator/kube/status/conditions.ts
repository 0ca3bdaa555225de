import { rfc3339 } from '../../canonical/index.ts';
import type { Condition } from '../objects/index.ts';
import { conditionBounds } from './bounds.ts';
import { fittedText } from './texts.ts';

/** What an object has come to: its reason is one of its kind's, a union of literals. */
export interface Outcome<Reason extends string = string> {
  /**
   * In the words of kstatus. `Current`: what the spec asks for holds. `InProgress`: it gets there by itself. `Failed`: it does
   * not, until somebody acts; whoever waits for it need not wait longer.
   */
  readonly kstatus: 'Current' | 'InProgress' | 'Failed';
  readonly reason: Reason;
  readonly message: string;
}

/** A condition of a kind's own, beside those that the outcome gives. */
export interface ConditionInput<Reason extends string = string, Type extends string = string> {
  readonly type: Type;
  readonly status: Condition['status'];
  readonly reason: Reason;
  readonly message: string;
}

/** An object that has conditions, as it was observed. */
export interface Conditioned {
  readonly metadata: { readonly generation?: number | undefined };
  readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
}

/**
 * The conditions of an object: `Ready`, then `Reconciling` or `Stalled` while the one or the other is so (abnormal-true: they
 * are absent otherwise, and never there together or beside `Ready=True`), then the kind's own in their order. Conditions that
 * nothing is said about are gone. `lastTransitionTime` moves only when the status of a condition does (Kubernetes API
 * conventions, "Typical status properties"), so that an unchanged world gives an unchanged list.
 *
 * @param now wall clock, milliseconds since the epoch
 */
export function conditionsOf<Reason extends string>(
  { metadata, status }: Conditioned,
  outcome: Outcome<Reason>,
  others: readonly ConditionInput<Reason>[],
  now: number,
): Condition[] {
  return [...kstatusConditions(outcome), ...others].map((said) => {
    const before = status?.conditions?.find(({ type }) => type === said.type);
    return {
      type: said.type,
      status: said.status,
      observedGeneration: metadata.generation,
      lastTransitionTime: before?.status === said.status ? before.lastTransitionTime : rfc3339(now),
      reason: said.reason,
      message: fittedText(said.message, conditionBounds.message.max),
    };
  });
}

function kstatusConditions<Reason extends string>({
  kstatus,
  reason,
  message,
}: Outcome<Reason>): readonly ConditionInput<Reason>[] {
  switch (kstatus) {
    case 'Current':
      return [{ type: 'Ready', status: 'True', reason, message }];
    case 'InProgress':
      return [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Reconciling', status: 'True', reason, message },
      ];
    case 'Failed':
      return [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Stalled', status: 'True', reason, message },
      ];
  }
}
