/** What an environment consists of: its services from the catalogue, its workloads and what binds the two. No I/O. */
export { bindingsOf, type Self, type WorkloadBinding } from './bindings.ts';
export { containerSecurity, podDefaults, podSecurityOf, readinessProbe, type PodSecurity } from './pod-defaults.ts';
export { allContainers, imagesOf, readTemplate, volumesOf, type EnvVar, type PodTemplate } from './pod-template.ts';
export { choosingOf } from './chosen.ts';
export { problem, type Problem } from './problem.ts';
export {
  endpointAt,
  resolveServices,
  type Catalogue,
  type NamedPort,
  type ResolvedService,
  type RunningTwin,
  type ServiceMode,
} from './services.ts';
export { STATE_GROUP, stateVolume } from './state.ts';
export { ownConfigMapsOf, type OwnConfigMaps } from './config-maps.ts';
export { governs, literal, renderEnv, renderedVariables, type Variable } from './variables.ts';
export { isExposed, resolveWorkloads, type ResolvedWorkload, type WorkloadSpec } from './workloads.ts';
