import { annotations, type TwinClass } from '../../api/index.ts';
import type { EnvironmentDecision } from './decision.ts';
import { lifetimeOf } from './lifecycle/index.ts';
import { classOf, namespaceProblem, planEnvironment } from './plan/index.ts';
import { classMissing } from './steps/class-missing.ts';
import { expired } from './steps/expired.ts';
import { going } from './steps/going.ts';
import { planRefused } from './steps/plan-refused.ts';
import { running } from './steps/running.ts';
import { suspended } from './steps/suspended.ts';
import type { ClassedWorld, EnvironmentWorld } from './world.ts';

/** Answers, or leaves the answer to the steps that follow. */
type Step = (world: ClassedWorld) => EnvironmentDecision | undefined;

/** In their order; each is a file. */
const STEPS: readonly Step[] = [expired, planRefused, suspended, running];

/** What happens to an environment next: the first step that has an answer. A pure function of the world. */
export function decideEnvironment(world: EnvironmentWorld): EnvironmentDecision {
  const gone = going(world);
  if (gone !== undefined) return gone;
  const twinClass = classOf(world.environment, world.classes);
  if ('reason' in twinClass) return classMissing(world, twinClass);
  const classed = withClass(world, twinClass);
  for (const step of STEPS) {
    const answer = step(classed);
    if (answer !== undefined) return answer;
  }
  throw new Error('no step has an answer for this environment');
}

function withClass(world: EnvironmentWorld, twinClass: TwinClass): ClassedWorld {
  const { environment, now, catalogue, settings } = world;
  const { namespace = '', annotations: written } = environment.metadata;
  const refused = namespaceProblem(namespace, world.namespaceLabels, twinClass);
  return {
    ...world,
    twinClass,
    lifetime: lifetimeOf(environment, twinClass.spec.ttl, written?.[annotations.extendAt], now),
    plan:
      refused === undefined
        ? planEnvironment({ environment, twinClass, catalogue, settings })
        : { problems: [refused] },
  };
}
