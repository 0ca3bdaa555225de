/** Which variables lead to which twin: rendered into the workloads, compared with what runs and what the app reports. */
export { bindingsOf, type BindingClash, type OwnBinding } from './bindings.ts';
export { governs, literal, renderedVariables, renderEnv, unliteral, type EnvEntry } from './render.ts';
export type { Variable, WorkloadBinding } from './types.ts';
export { parseReport, sameURL, showURL, type Report, type ReportedService } from './report.ts';
export { proveImages, type ImageProof } from './images.ts';
export { keptEnv, runningValue, type LiveContainer, type LivePod } from './running.ts';
export { wiringOf, type ObservedWorkload, type ServiceWiring } from './verdict.ts';
