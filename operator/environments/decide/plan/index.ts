/** What an environment is to be, as plain data: from the spec, its class and the catalogue to manifests. No I/O. */
export { classOf, namespaceProblem } from './class.ts';
export { planEnvironment } from './environment.ts';
export { samePlanInput, type Plan, type PlanInput, type PlannedManifests, type PlanSettings } from './terms.ts';
