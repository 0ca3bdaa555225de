import type { ApprovalPolicy, ApprovalPolicyStatus } from '../../api/index.ts';
import { conditionsOf } from '../../kube/index.ts';
import { keyOf, type Standing } from '../decide/index.ts';
import { acceptedCondition, trustStatus } from './trust.ts';

/** Status of a policy: output only. Nothing but signatures says anything about one. */
export function policyStatus(policy: ApprovalPolicy, standing: Standing, now: number): ApprovalPolicyStatus {
  const { reason, message } = acceptedCondition(standing);
  const kstatus = standing.state === 'Accepted' ? 'Current' : standing.state === 'Waiting' ? 'InProgress' : 'Failed';
  return {
    observedGeneration: policy.metadata.generation,
    trust: trustStatus(standing, keyOf(policy)),
    conditions: conditionsOf(policy, { kstatus, reason, message }, [acceptedCondition(standing)], now),
  };
}
