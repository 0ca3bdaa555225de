/** Kubernetes for programs: a client, caches that follow the API server, idempotent writes. Knows nothing of Twinlock. */
export * from './objects/index.ts';
export * from './clock/index.ts';
export * from './errors.ts';
export { conditionStatus, withCondition } from './conditions.ts';
export type { ConditionInput } from './conditions.ts';
export { silentLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export { inClusterConfig, kubeconfigConfig, loadConfig } from './config/index.ts';
export type { ClusterConfig, LoadConfigOptions, TlsMaterial } from './config/index.ts';
export type * from './client/client.ts';
export { KubeClient } from './client/kube-client.ts';
export type { KubeClientOptions } from './client/kube-client.ts';
export type { RequestReport } from './transport/index.ts';
export * from './cache/index.ts';
export * from './apply/index.ts';
export { Recorder } from './events/recorder.ts';
export type { RecorderOptions } from './events/recorder.ts';
export type { EventInput, EventRecorder } from './events/types.ts';
