/** What a promotion wants production to be: which images, in which containers, or which manifests. Pure. */
export {
  artifactsOf,
  type ArtifactsInput,
  type ArtifactsResult,
  type ContainerImage,
  type ManifestImages,
} from './artifacts.ts';
export { ranWith } from './ran.ts';
export { withImages } from './images.ts';
export { jobsOf, newJob, type PlannedSpec, type WantedJob } from './jobs.ts';
export {
  asApproved,
  isRemoved,
  proposalFor,
  proposalRefused,
  wantedFor,
  type Planned,
  type PlanRefusal,
  type Wanted,
} from './proposal.ts';
export {
  imagesOfManifest,
  manifestFault,
  inOrder,
  manifestOf,
  objectManifestOf,
  removedWorkloads,
  touchedObjects,
  workloadManifests,
  MAX_MANIFEST_BYTES,
  newObject,
  withManifest,
  withManifestMetadata,
  type Manifest,
  type ManifestFault,
} from './manifests.ts';
