import { annotations, type TwinClass } from '../../api/index.ts';
import type { EnvironmentDecision } from './decision.ts';
import { lifetimeOf, type Lifetime } from './lifecycle/index.ts';
import { classOf, namespaceProblem, planEnvironment } from './plan/index.ts';
import { classMissing } from './steps/class-missing.ts';
import { expired } from './steps/expired.ts';
import { going } from './steps/going.ts';
import { orphaned } from './steps/orphaned.ts';
import { planRefused } from './steps/plan-refused.ts';
import { running } from './steps/running.ts';
import { suspended } from './steps/suspended.ts';
import type { EnvironmentWorld, PlannedWorld, World } from './world.ts';

/** Answers, or leaves the answer to the steps that follow. */
type Step = (world: PlannedWorld) => EnvironmentDecision | undefined;

/** Of what is planned, in their order; each is a file. */
const STEPS: readonly Step[] = [planRefused, suspended, running];

/** What happens to an environment next: the first step that has an answer. A pure function of the world. */
export function decideEnvironment(world: World): EnvironmentDecision {
  const left = orphaned(world);
  if (left !== undefined) return left;
  if (world.environment === undefined) return { action: { do: 'Leave' } };
  const { environment, now, classes } = world;
  const gone = going(world);
  if (gone !== undefined) return gone;
  const twinClass = classOf(environment, classes);
  if ('reason' in twinClass) return classMissing(world, twinClass);
  const extendAt = environment.metadata.annotations?.[annotations.extendAt];
  const lifetime = lifetimeOf(environment, twinClass.spec.ttl, extendAt, now);
  const over = expired(lifetime);
  if (over !== undefined) return over;
  const planned = withPlan(world, twinClass, lifetime);
  for (const step of STEPS) {
    const answer = step(planned);
    if (answer !== undefined) return answer;
  }
  throw new Error('no step has an answer for this environment');
}

function withPlan(world: EnvironmentWorld, twinClass: TwinClass, lifetime: Lifetime): PlannedWorld {
  const { environment, namespaceLabels, catalogue, settings } = world;
  const refused = namespaceProblem(environment.metadata.namespace ?? '', namespaceLabels, twinClass);
  const plan =
    refused === undefined ? planEnvironment({ environment, twinClass, catalogue, settings }) : { problems: [refused] };
  return { ...world, twinClass, lifetime, plan };
}
