/** The proof that an environment talks to its twins: what was rendered, what runs and what the app reports, compared. */
export {
  parseReport,
  sameURL,
  showURL,
  type AppReport,
  type Report,
  type ReportTarget,
  type ReportedService,
} from './report.ts';
export { proveImages, type ImageProof } from './images.ts';
export { keptEnv, runningValue, type LiveContainer, type LivePod } from './running.ts';
export { wiringOf, type ObservedWorkload, type ServiceWiring } from './verdict.ts';
