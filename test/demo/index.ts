/** The demo's parts, for `make demo` and for the end-to-end tests. */
export { removeStory } from './clean.ts';
export { get } from './door.ts';
export type { DoorAnswer } from './door.ts';
export { fill, filled } from './manifests.ts';
export { prepare } from './prepare.ts';
export { Shell } from './shell.ts';
export { installTwinlock, steps } from './steps/index.ts';
export { hold, StoryError } from './story.ts';
export type { Step, Story } from './story.ts';
