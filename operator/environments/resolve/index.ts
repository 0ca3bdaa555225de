/** What an environment consists of, by name: its services from the catalogue, its workloads with what binds them. No I/O. */
export { type PodSecurity, containerSecurity, podDefaults, podSecurityOf, readinessProbe } from './pod-defaults.ts';
export { type EnvVar, allContainers, imagesOf, readTemplate, volumesOf } from './pod-template.ts';
export { type Problem, problem } from './problem.ts';
export {
  type BindingSource,
  type Catalogue,
  type ResolvedService,
  type ServiceMode,
  resolveServices,
} from './services.ts';
export { type Variable, governs, literal, renderEnv, renderedVariables, unliteral } from './variables.ts';
export { type ResolvedWorkload, resolveWorkloads } from './workloads.ts';
