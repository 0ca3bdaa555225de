import type { TwinClass } from '../../api/index.ts';
import { BOUNDARY_NAME, COMPONENT_LABEL } from '../naming/index.ts';
import { sleepAt, type Lifetime, type Sleep } from './lifecycle/index.ts';
import type { ObservedParts } from './observed.ts';
import type { EnvironmentWorld } from './world.ts';

/** Whether an environment is to sleep: by its own spec, or by its class where that has none and it is Ephemeral. */
export function sleepOf(
  { environment: { spec }, now }: Pick<EnvironmentWorld, 'environment' | 'now'>,
  twinClass: TwinClass,
  { lastActivityAt }: Lifetime,
): Sleep | undefined {
  const inherited = spec.lifecycle === 'Ephemeral' ? twinClass.spec.sleep : undefined;
  return sleepAt(spec.sleep ?? inherited, lastActivityAt, now);
}

/** Names of what runs to its end and has not come there: taken away, it might leave half of its work behind. */
export function runningJobs({ workloads }: ObservedParts): readonly string[] {
  return [...workloads.values()]
    .filter(({ run }) => run?.state === 'Running')
    .map(({ metadata }) => metadata.labels?.[COMPONENT_LABEL] ?? metadata.name)
    .toSorted();
}

/** Whether it sleeps now, by what is there: what is suspended stays as it is. */
export function isAsleep({ environment, parts }: Pick<EnvironmentWorld, 'environment' | 'parts'>): boolean {
  const goesOn = [BOUNDARY_NAME, ...(environment.spec.sleep?.except ?? [])];
  const sleepers = [...parts.workloads.values()].filter(
    ({ run, metadata }) => run === undefined && !goesOn.includes(metadata.labels?.[COMPONENT_LABEL] ?? ''),
  );
  return sleepers.length > 0 && sleepers.every(({ replicas }) => replicas === 0);
}
