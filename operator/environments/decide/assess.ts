import { annotations, type TwinClass } from '../../api/index.ts';
import { parseTime } from '../../canonical/index.ts';
import { lastActivityOf, lifetimeOf, type Lifetime } from './lifecycle/index.ts';
import { classOf, namespaceProblem, planEnvironment, samePlanInput, type PlanInput } from './plan/index.ts';
import type { Problem } from './resolve/index.ts';
import type { AssessedWorld, EnvironmentWorld, Planned } from './world.ts';

/** Works out what every step may ask for. */
export function assess(world: EnvironmentWorld): AssessedWorld {
  const twinClass = classOf(world.environment, world.classes);
  return { ...world, twinClass, lifetime: lifeOf(world, twinClass), planned: plannedFor(world, twinClass) };
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
  if (!('reason' in twinClass))
    return lifetimeOf(environment, twinClass.spec.ttl, environment.metadata.annotations?.[annotations.extendAt], now);
  const { expiresAt, lastHandledExtendAt } = environment.status ?? {};
  const end = parseTime(expiresAt ?? '');
  return {
    lastActivityAt: lastActivityOf(environment, now) ?? now,
    expiresAt: Number.isFinite(end) ? end : undefined,
    expired: end <= now,
    ending: undefined,
    handledExtendAt: lastHandledExtendAt,
    extended: false,
  };
}

function plannedFor(
  { environment, namespaceLabels, catalogue, settings, applied, front }: EnvironmentWorld,
  twinClass: TwinClass | Problem,
): Planned {
  if ('reason' in twinClass) return { problems: [twinClass] };
  const refused = namespaceProblem(environment.metadata.namespace ?? '', namespaceLabels, twinClass);
  if (refused !== undefined) return { problems: [refused] };
  const input: PlanInput = { environment, twinClass, catalogue, settings, hasRoutes: front.routes !== 'Unserved' };
  // What was planned and sent a moment ago need not be worked out again.
  if (applied !== undefined && samePlanInput(applied.of, input)) return { input, plan: applied.plan };
  const plan = planEnvironment(input);
  return 'problems' in plan ? plan : { input, plan };
}
