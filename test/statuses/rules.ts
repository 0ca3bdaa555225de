/** What the status of every kind has to be, in every state: one table, pure. */
import {
  conditionTypes,
  environmentReasons,
  keyringReasons,
  kinds,
  outcomeTypes,
  promotionReasons,
  targetReasons,
  trustReasons,
  type EnvironmentReason,
  type KeyringReason,
  type PromotionReason,
  type TargetReason,
  type TrustReason,
} from '../../operator/api/index.ts';
import type { Condition, KubeObject } from '../../operator/kube/index.ts';
import type { KstatusAnswer } from '../harness/index.ts';

/** An object with a status that a controller wrote, as the API server hands it out. */
export interface Reported extends KubeObject {
  readonly status?:
    | {
        readonly observedGeneration?: number | undefined;
        readonly conditions?: readonly Condition[] | undefined;
      }
    | undefined;
}

/** The kinds that have conditions, with the reasons that these may have. */
export const reasonsOf: Readonly<
  Record<
    string,
    | readonly EnvironmentReason[]
    | readonly TargetReason[]
    | readonly KeyringReason[]
    | readonly TrustReason[]
    | readonly PromotionReason[]
  >
> = {
  TwinEnvironment: environmentReasons,
  ProductionTarget: targetReasons,
  ApproverKeyring: keyringReasons,
  ApprovalPolicy: trustReasons,
  Promotion: promotionReasons,
};

interface Rule {
  readonly rule: string;
  /** What breaks it, in words; nothing when it holds. */
  readonly broken: (object: Reported) => readonly string[];
}

const RULES: readonly Rule[] = [
  {
    rule: 'the status is what the schema of its kind takes',
    broken: ({ kind, status }) => {
      const schema = kinds.find((each) => each.kind === kind)?.status;
      const issues = schema?.safeParse(status).error?.issues ?? [];
      return schema === undefined
        ? [`${kind} has no status`]
        : issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    },
  },
  {
    rule: 'there is a Ready condition, and no type twice',
    broken: (object) => {
      const types = conditionsOf(object).map(({ type }) => type);
      const twice = types.filter((type, index) => types.indexOf(type) !== index);
      return types.includes('Ready') ? twice : ['Ready is not there'];
    },
  },
  {
    rule: 'every condition is of a type that the kind has',
    broken: (object) => {
      const own = Object.entries(conditionTypes).find(([kind]) => kind === object.kind)?.[1] ?? [];
      const known: readonly string[] = [...outcomeTypes, ...own];
      return conditionsOf(object).flatMap(({ type }) => (known.includes(type) ? [] : [type]));
    },
  },
  {
    rule: 'Reconciling and Stalled are abnormal-true: True or not there',
    broken: (object) =>
      conditionsOf(object)
        .filter(({ type, status }) => (type === 'Reconciling' || type === 'Stalled') && status !== 'True')
        .map(({ type, status }) => `${type} is ${status}`),
  },
  {
    rule: 'exactly one outcome: Ready, Reconciling or Stalled',
    broken: (object) => {
      const outcomes = ['Ready', 'Reconciling', 'Stalled'].filter((type) => isTrue(object, type));
      return outcomes.length === 1 ? [] : [outcomes.length === 0 ? 'none of them' : outcomes.join(' and ')];
    },
  },
  {
    rule: 'what holds Ready up is what Reconciling or Stalled say',
    broken: (object) => {
      const [ready, why] = [find(object, 'Ready'), find(object, 'Reconciling') ?? find(object, 'Stalled')];
      return why === undefined || (why.reason === ready?.reason && why.message === ready.message)
        ? []
        : [`${ready?.reason ?? ''} beside ${why.reason}`];
    },
  },
  {
    rule: 'every condition speaks about the generation of the status, which is none of the future',
    broken: ({ metadata, status }) => [
      ...(status?.conditions ?? [])
        .filter(({ observedGeneration }) => observedGeneration !== status?.observedGeneration)
        .map(({ type, observedGeneration }) => `${type} speaks about ${String(observedGeneration)}`),
      ...((status?.observedGeneration ?? 0) > (metadata.generation ?? 0) ? ['it is ahead'] : []),
    ],
  },
  {
    rule: 'every reason is one of the kind, and every condition says why on any terminal',
    broken: (object) =>
      conditionsOf(object).flatMap(({ type, reason, message }) => [
        ...(reasonsOf[object.kind]?.some((known) => known === reason) === true ? [] : [`${type}: ${reason}`]),
        ...(/^[\x20-\x7e]+$/.test(message) ? [] : [`${type}: ${JSON.stringify(message)}`]),
      ]),
  },
];

/** The rules that a status breaks, in words; none when it is as it should be. */
export function faultsOf(object: Reported): readonly string[] {
  // As it goes over the wire: without what is undefined.
  const sent: Reported = JSON.parse(JSON.stringify(object));
  return RULES.flatMap(({ rule, broken }) =>
    broken(sent).map((what) => `${sent.kind} ${sent.metadata.name}: ${rule}: ${what}`),
  );
}

/** What a status promises to whoever waits for it, and what kstatus has to make of it. */
export function promisedOf(object: Reported): KstatusAnswer['status'] {
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (object.metadata.generation !== object.status?.observedGeneration) return 'InProgress';
  if (isTrue(object, 'Stalled')) return 'Failed';
  return isTrue(object, 'Ready') ? 'Current' : 'InProgress';
}

function conditionsOf({ status }: Reported): readonly Condition[] {
  return status?.conditions ?? [];
}

function find(object: Reported, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

function isTrue(object: Reported, type: string): boolean {
  return find(object, type)?.status === 'True';
}
