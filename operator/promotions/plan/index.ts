/** What a promotion wants production to be: which images, in which containers. Pure. */
export {
  artifactsOf,
  digestPart,
  type Artifact,
  type ArtifactsInput,
  type ArtifactsResult,
  type ContainerImage,
} from './artifacts.ts';
export { withImages } from './images.ts';
