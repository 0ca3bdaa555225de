import { environmentRow } from '../../../workloads/index.ts';
import { BOUNDARY_NAME, COMPONENT_LABEL } from '../../naming/index.ts';
import type { Manifest } from '../children/index.ts';

/** Components of which nothing runs while their environment sleeps: all that stay, the boundary and what is excepted aside. */
export function sleepersOf(parts: readonly Manifest[], except: readonly string[]): ReadonlySet<string> {
  const goesOn = [BOUNDARY_NAME, ...except];
  return new Set(
    parts.flatMap((part) => (stays(part) && !goesOn.includes(componentOf(part)) ? componentOf(part) : [])),
  );
}

/** The parts without pods of those; what runs to its end is left as it is. */
export function putToSleep(parts: readonly Manifest[], sleepers: ReadonlySet<string>): readonly Manifest[] {
  return parts.map((part) =>
    stays(part) && sleepers.has(componentOf(part)) ? { ...part, spec: { ...part.spec, replicas: 0 } } : part,
  );
}

/** Whether it has pods that stay. */
function stays(part: Manifest): part is Extract<Manifest, { readonly spec: { readonly template: unknown } }> {
  return environmentRow(part.kind)?.ends === false;
}

function componentOf({ metadata }: Manifest): string {
  return metadata.labels?.[COMPONENT_LABEL] ?? '';
}
