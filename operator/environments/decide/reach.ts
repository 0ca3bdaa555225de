import { digestOf } from '../../canonical/index.ts';
import { BOUNDARY_NAME } from '../naming/index.ts';
import type { TwinEnvironment } from '../../api/index.ts';
import type { ObservedParts } from './observed.ts';
import type { Plan } from './plan/index.ts';
import { statesOf } from './states.ts';
import type { Told } from './told.ts';
import type { ReportTarget } from './wiring/index.ts';

/** Whether something answers through the boundary and its own Service; a failure says who does not, in their words. */
export type Reach = { readonly reached: true } | { readonly pending: true } | { readonly failure: string };

export type ReachTarget = Pick<ReportTarget, 'namespace' | 'workload'>;
export type KnownReach = Told<ReachTarget, Reach>;

/** What trying comes to for an environment. */
export type Reachability =
  /** All that is exposed. `digest` is of the pods on the way; undefined where nothing is exposed. */
  | { readonly kind: 'Reached'; readonly digest: string | undefined }
  /** Not all of it was tried; of this very spec, what was seen before holds. */
  | { readonly kind: 'Waiting'; readonly asBefore: boolean }
  | { readonly kind: 'NotReached'; readonly failures: readonly string[] };

/** What of a world it takes. */
interface Reaching {
  readonly environment: TwinEnvironment;
  readonly planned: { readonly plan: Plan };
  readonly parts: ObservedParts;
  /** By component. */
  readonly reach: ReadonlyMap<string, KnownReach>;
}

/** What is exposed, with its pods all there, and not known to be reached: nobody is asked before, and nobody after. */
export function tried(world: Reaching): readonly KnownReach[] {
  return wasReached(world) ? [] : waysOf(world).flatMap(({ known, ready }) => (ready ? (known ?? []) : []));
}

/** What is told of it: a failure as soon as there is one, and a proof of all or none. */
export function reachabilityOf(world: Reaching): Reachability {
  const { metadata, status } = world.environment;
  const ways = waysOf(world);
  if (ways.length === 0) return { kind: 'Reached', digest: undefined };
  if (wasReached(world)) return { kind: 'Reached', digest: status?.reached };
  const failures = ways.flatMap(({ name, port, known, ready }) =>
    ready && known !== undefined && 'failure' in known.report ? [`${name}:${port} ${known.report.failure}`] : [],
  );
  if (failures.length > 0) return { kind: 'NotReached', failures };
  if (ways.every(({ known, ready }) => ready && known !== undefined && 'reached' in known.report))
    return { kind: 'Reached', digest: digestOfWays(ways) };
  return { kind: 'Waiting', asBefore: status?.observedGeneration === metadata.generation };
}

/** Nothing is missing but answers that are on their way: they are news within seconds. */
export function onlyAsking(world: Reaching): boolean {
  const { planned, parts, environment } = world;
  const { services, workloads } = planned.plan;
  const states = statesOf(planned.plan, parts);
  return (
    environment.status?.observedGeneration === environment.metadata.generation &&
    [...services, ...workloads].every(({ name }) => states.of(name).ready) &&
    tried(world).some(({ asking }) => asking)
  );
}

interface Way {
  readonly name: string;
  readonly port: number;
  readonly known: KnownReach | undefined;
  /** All pods on the way are there. */
  readonly ready: boolean;
}

function waysOf({ planned, parts, reach }: Reaching): readonly Way[] {
  const states = statesOf(planned.plan, parts);
  return planned.plan.exposed.map(({ name, port }) => ({
    name,
    port,
    known: reach.get(name),
    ready: states.of(BOUNDARY_NAME).ready && states.of(name).ready,
  }));
}

/** The same pods, by the status: a process that has just started need not try again. */
function wasReached(world: Reaching): boolean {
  const { reached } = world.environment.status ?? {};
  const ways = waysOf(world);
  return reached !== undefined && ways.every(({ ready }) => ready) && reached === digestOfWays(ways);
}

function digestOfWays(ways: readonly Way[]): string {
  return digestOf(ways.map(({ name, port, known }) => ({ name, port, pods: (known?.pods ?? []).toSorted() })));
}
