import type { Condition } from '../kube/objects/index.ts';

/** Types of conditions that every kind with conditions has, for kstatus. */
export const outcomeTypes = ['Ready', 'Reconciling', 'Stalled'] as const;

/** Types of conditions of each kind's own; one that is not in its list does not compile. */
export const conditionTypes = {
  TwinEnvironment: ['Admitted', 'TwinsReady', 'TwinsWired', 'Isolated', 'Exposed', 'Awake', 'Expiring'],
  ProductionTarget: ['Enforced', 'Tampered', 'Accepted'],
  Promotion: ['GatesPassed', 'Approved', 'RolledOut'],
  ApproverKeyring: ['Accepted'],
  ApprovalPolicy: ['Accepted'],
} as const;

export type ConditionedKind = keyof typeof conditionTypes;
/** Of a kind's own. */
export type OwnConditionType<Kind extends ConditionedKind> = (typeof conditionTypes)[Kind][number];
export type ConditionType<Kind extends ConditionedKind> = (typeof outcomeTypes)[number] | OwnConditionType<Kind>;

/** The condition of an object, of a type that its kind has; undefined while nothing was said of it. */
export function conditionOf<Kind extends ConditionedKind>(
  {
    status,
  }: {
    readonly kind: Kind;
    readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
  },
  type: ConditionType<Kind>,
): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
