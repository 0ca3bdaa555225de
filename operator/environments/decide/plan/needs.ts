import type { Frozen, TwinEnvironmentSpec } from '../../../api/index.ts';
import { problem, type Problem } from '../resolve/index.ts';

/** The first workload that needs something that never is there: itself by a way round, or what there is none of. */
export function needsProblem({
  workloads = [],
  services = [],
}: Pick<Frozen<TwinEnvironmentSpec>, 'workloads' | 'services'>): Problem | undefined {
  const needs = new Map(workloads.map((workload) => [workload.name, workload.needs ?? []]));
  const known = new Set([...needs.keys(), ...services.map(({ name }) => name)]);
  /** Those from which no way leads back. */
  const cleared = new Set<string>();
  for (const [index, { name }] of workloads.entries()) {
    const missing = needs.get(name)?.find((need) => !known.has(need));
    if (missing !== undefined)
      return problem(
        'NeedsInvalid',
        `spec.workloads[${index}].needs: ${name} needs ${missing}, which is neither in workloads nor in services; add it there`,
      );
    const circle = circleFrom(name, needs, cleared, []);
    if (circle !== undefined)
      return problem(
        'NeedsInvalid',
        `spec.workloads[${workloads.findIndex((each) => each.name === circle[0])}].needs: ${circle.join(' needs ')}, so that none of them ever starts; take one of these out`,
      );
  }
  return undefined;
}

/** The names on the way back to where it began, which stands at both ends. */
function circleFrom(
  name: string,
  needs: ReadonlyMap<string, readonly string[]>,
  cleared: Set<string>,
  way: readonly string[],
): readonly string[] | undefined {
  if (cleared.has(name)) return undefined;
  const begun = way.indexOf(name);
  if (begun >= 0) return [...way.slice(begun), name];
  for (const need of needs.get(name) ?? []) {
    const circle = circleFrom(need, needs, cleared, [...way, name]);
    if (circle !== undefined) return circle;
  }
  cleared.add(name);
  return undefined;
}
