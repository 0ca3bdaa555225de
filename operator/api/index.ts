/** The API `twinlock.dev/v1alpha1`: one zod schema per kind is its type, its CRD and its CEL rules. */
export { conditionOf, conditionTypes, outcomeTypes, type ConditionType, type OwnConditionType } from './conditions.ts';
export * from './duration.ts';
export { MAX_QUORUM } from './schema/quorum.ts';
export { isRecurrence } from './schema/window.ts';
export type { Frozen, KindDefinition, TwinlockObject } from './kind.ts';
export * from './kinds/index.ts';
export * from './names.ts';
export * from './reasons/index.ts';
export { maxRequest } from './schema/conditions.ts';
export { trustBounds, type TrustStatus } from './schema/trust.ts';
export type { SleepSpec } from './kinds/sleep.ts';
export * from './object-kinds.ts';
export * from './schema/defined-kinds.ts';
export * from './workload-kinds.ts';
