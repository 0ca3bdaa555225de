import type { TwinClass } from '../../api/index.ts';
import { parseTime } from '../../canonical/index.ts';
import { lastActivityOf, lifetimeOf, type Lifetime } from './lifecycle/index.ts';
import { isAsleep, runningJobs, sleepOf } from './asleep.ts';
import { classOf, namespaceProblem, planEnvironment, samePlanInput, type PlanInput } from './plan/index.ts';
import type { Problem } from './resolve/index.ts';
import type { AssessedWorld, EnvironmentWorld, Planned } from './world.ts';

/** Works out what every step may ask for. */
export function assess(world: EnvironmentWorld): AssessedWorld {
  const twinClass = classOf(world.environment, world.classes);
  const lifetime = lifeOf(world, twinClass);
  const sleep = 'reason' in twinClass ? undefined : sleepOf(world, twinClass, lifetime);
  const busy = runningJobs(world.parts);
  const asleep = world.environment.spec.suspend ? isAsleep(world) : sleep?.kind === 'Asleep' && busy.length === 0;
  return { ...world, twinClass, lifetime, sleep, busy, planned: plannedFor(world, twinClass, asleep) };
}

/** Whether its children have to go: it was deleted, or its time is over. */
export function isEnding(world: Pick<EnvironmentWorld, 'environment' | 'classes' | 'now'>): boolean {
  const { environment, classes } = world;
  return environment.metadata.deletionTimestamp !== undefined || lifeOf(world, classOf(environment, classes)).expired;
}

/** How long it lives, as far as that is known. */
export function lifetimeIn(world: Pick<EnvironmentWorld, 'environment' | 'classes' | 'now'>): Lifetime | undefined {
  const { environment, classes } = world;
  const twinClass = classOf(environment, classes);
  return 'reason' in twinClass && environment.status?.lastActivityAt === undefined
    ? undefined
    : lifeOf(world, twinClass);
}

/** Without a class nothing can be decided anew, but what was decided before still ends. */
function lifeOf(
  { environment, now }: Pick<EnvironmentWorld, 'environment' | 'now'>,
  twinClass: TwinClass | Problem,
): Lifetime {
  if (!('reason' in twinClass)) return lifetimeOf(environment, twinClass.spec.ttl, now);
  const { expiresAt, lastHandledExtendAt, lastHandledWakeAt } = environment.status ?? {};
  const end = parseTime(expiresAt ?? '');
  return {
    lastActivityAt: lastActivityOf(environment, now) ?? now,
    expiresAt: Number.isFinite(end) ? end : undefined,
    expired: end <= now,
    ending: undefined,
    handledExtendAt: lastHandledExtendAt,
    handledWakeAt: lastHandledWakeAt,
    extended: false,
  };
}

function plannedFor(
  { environment, namespaceLabels, catalogue, settings, applied, front }: EnvironmentWorld,
  twinClass: TwinClass | Problem,
  asleep: boolean,
): Planned {
  if ('reason' in twinClass) return { problems: [twinClass] };
  const refused = namespaceProblem(environment.metadata.namespace ?? '', namespaceLabels, twinClass);
  if (refused !== undefined) return { problems: [refused] };
  const hasRoutes = front.routes !== 'Unserved';
  const input: PlanInput = { environment, twinClass, catalogue, settings, hasRoutes, asleep };
  // What was planned and sent a moment ago need not be worked out again.
  if (applied !== undefined && samePlanInput(applied.of, input)) return { input, plan: applied.plan };
  const plan = planEnvironment(input);
  return 'problems' in plan ? plan : { input, plan };
}
