/** One interface to real clusters for every test and the demo. */
export { preparedApi, sharedApi, startApi, stopApis } from './api/index.ts';
export { store, stored, type Operation } from './api/etcd.ts';
export { cacheFolder, momentaryFolder, runFolder } from './cache.ts';
export { run } from './command.ts';
export { full } from './full/index.ts';
export { librariesOf, nodeImageFiles } from './image/index.ts';
export { HarnessError } from './errors.ts';
export { kstatusOf } from './kstatus.ts';
export type { KstatusAnswer } from './kstatus.ts';
export { opensshTests } from './openssh-tests.ts';
export { redisServer } from './redis.ts';
export { Kubelet } from './kubelet.ts';
export { freePorts } from './ports.ts';
export {
  apiVersion,
  certManagerCRDs,
  gatewayCRDs,
  hasMutatingPolicies,
  isNewest,
  kubernetesVersion,
  peerCRDs,
  tools,
} from './tools.ts';
export { waitFor } from './wait.ts';
export type { NotYet, WaitOptions } from './wait.ts';
export type {
  Answer,
  ApiCluster,
  ApiOptions,
  BoundToken,
  Cluster,
  CommandResult,
  Component,
  FullCluster,
  ImageFile,
  ImageFiles,
  ImageOptions,
  KubectlOptions,
  RequestOptions,
} from './types.ts';
