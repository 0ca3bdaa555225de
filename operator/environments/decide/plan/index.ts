/** What an environment is to be, as plain data: from the spec, its class and the catalogue to manifests. No I/O. */
export { classOf, namespaceProblem } from './class.ts';
export { planEnvironment, type Plan, type PlanInput, type PlanSettings } from './environment.ts';
