import { assess } from './assess.ts';
import type { EnvironmentDecision } from './decision.ts';
import { expired } from './steps/expired.ts';
import { going } from './steps/going.ts';
import { homeTaken } from './steps/home-taken.ts';
import { interrupted } from './steps/interrupted.ts';
import { orphaned } from './steps/orphaned.ts';
import { planRefused } from './steps/plan-refused.ts';
import { queued } from './steps/queued.ts';
import { running } from './steps/running.ts';
import { suspended } from './steps/suspended.ts';
import { unadmitted } from './steps/unadmitted.ts';
import { unapplied } from './steps/unapplied.ts';
import { unasked } from './steps/unasked.ts';
import { untried } from './steps/untried.ts';
import { uncopied } from './steps/uncopied.ts';
import type { AssessedWorld, PlannedWorld, World } from './world.ts';

/** Answers, or leaves the answer to the steps that follow. */
type Step<W> = (world: W) => EnvironmentDecision | undefined;

/** In their order; each is a file. */
const STEPS: readonly Step<AssessedWorld>[] = [orphaned, going, expired, planRefused];

/** Of one that can be what it is to be: `planRefused` has answered for the others. */
const PLANNED_STEPS: readonly Step<PlannedWorld>[] = [
  suspended,
  homeTaken,
  queued,
  unadmitted,
  uncopied,
  unapplied,
  interrupted,
  uncopied,
  unasked,
  untried,
  running,
];

/** What happens to an environment next: the first step that has an answer. A pure function of the world. */
export function decideEnvironment(world: World): EnvironmentDecision {
  if (world.environment === undefined) return orphaned(world) ?? { action: { do: 'Leave' } };
  const assessed = assess(world);
  const answer = firstAnswer(STEPS, assessed) ?? (isPlanned(assessed) && firstAnswer(PLANNED_STEPS, assessed));
  if (!answer) throw new Error('no step has an answer for this environment');
  return answer;
}

function firstAnswer<W>(steps: readonly Step<W>[], world: W): EnvironmentDecision | undefined {
  for (const step of steps) {
    const answer = step(world);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function isPlanned(world: AssessedWorld): world is PlannedWorld {
  return 'plan' in world.planned && !('reason' in world.twinClass);
}
