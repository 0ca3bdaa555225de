import type { DemoImages } from '../images/index.ts';
import type { FullCluster } from '../harness/index.ts';
import type { Print, Shell } from './shell.ts';

/** Everything that a step of the story needs. */
export interface Story {
  readonly cluster: FullCluster;
  readonly images: DemoImages;
  readonly shell: Shell;
  readonly print: Print;
  /** Where commands run: manifests, keys, signatures, exports. */
  readonly folder: string;
  /** Kubeconfigs by person; the agent's joins when its service account is there. */
  readonly people: Map<string, string>;
}

/** One numbered step: it does something with real commands and throws when the outcome is not what its title says. */
export interface Step {
  readonly title: string;
  readonly run: (story: Story) => Promise<void>;
}

/** Stops the story when something is not as it tells. */
export class StoryError extends Error {
  readonly code = 'StoryBroken';

  constructor(message: string) {
    super(message);
    this.name = 'StoryError';
  }
}

/** @throws StoryError with the message when the condition does not hold */
export function hold(condition: boolean, message: string): asserts condition {
  if (!condition) throw new StoryError(message);
}
