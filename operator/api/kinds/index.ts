import type { KindDefinition } from '../kind.ts';
import { approvalPolicyKind } from './approval-policy.ts';
import { approverKeyringKind } from './approver-keyring.ts';
import { gateRunKind } from './gate-run.ts';
import { productionTargetKind } from './production-target.ts';
import { promotionRecordKind } from './promotion-record.ts';
import { promotionKind } from './promotion.ts';
import { twinClassKind } from './twin-class.ts';
import { twinEnvironmentKind } from './twin-environment.ts';
import { vendorTwinKind } from './vendor-twin.ts';
import { workloadLockKind } from './workload-lock.ts';

/** Every kind of the API. */
export const kinds: readonly KindDefinition[] = [
  twinEnvironmentKind,
  twinClassKind,
  vendorTwinKind,
  productionTargetKind,
  promotionKind,
  approvalPolicyKind,
  approverKeyringKind,
  workloadLockKind,
  promotionRecordKind,
  gateRunKind,
];

export * from './approval-policy.ts';
export * from './approver-keyring.ts';
export * from './gate-run.ts';
export * from './production-target.ts';
export * from './promotion-record.ts';
export { MAX_KEPT } from './promotion-record-chain.ts';
export * from './promotion-status.ts';
export * from './promotion.ts';
export { serviceNamespace } from './twin-class-auth.ts';
export * from './twin-class.ts';
export * from './twin-environment-spec.ts';
export * from './twin-environment-status.ts';
export * from './twin-environment.ts';
export * from './vendor-twin.ts';
export * from './workload-lock.ts';
