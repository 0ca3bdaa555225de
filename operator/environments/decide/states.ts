import { hashOf } from '../../kube/index.ts';
import { environmentRow } from '../../workloads/index.ts';
import { HASH_ANNOTATION } from '../naming/index.ts';
import type { Manifest } from './children/index.ts';
import { formerRuns, liveRunner, partState, waiting, type ObservedParts, type PartState } from './observed.ts';
import type { Plan } from './plan/index.ts';

/** What of a plan it takes. */
type Planned = Pick<Plan, 'workloads' | 'runners' | 'asleep'>;

/** How each part of an environment is doing, what it waits for included. */
export interface States {
  /** Of what nothing runs here, ready. */
  of(component: string): PartState;
  /** Names what a part that has to be started or changed waits for; empty when nothing holds it. */
  heldBy(component: string): readonly string[];
}

/**
 * Looks at the parts in the order of their needs, each once. What runs as it is to be waits for nothing any more: what it
 * needed may come and go.
 */
export function statesOf({ workloads, runners, asleep }: Planned, parts: ObservedParts): States {
  const byName = new Map(workloads.map((workload, index) => [workload.name, { ...workload, index }]));
  const isAsPlanned = once((component: string): boolean => {
    const runner = runners.get(component);
    return runner === undefined || isSent(parts, runner);
  });
  const heldBy = once((component: string): readonly string[] => {
    const runner = runners.get(component);
    const { needs = [] } = byName.get(component) ?? {};
    if (runner === undefined || (needs.length === 0 && !isRun(runner)) || isAsPlanned(component)) return [];
    // Pods go in no order, and nothing is begun whose needs are not there.
    if (asleep !== undefined) return isRun(runner) ? ['the environment to wake'] : [];
    const missing = needs.filter((need) => !isAsPlanned(need) || !of(need).ready);
    return [...missing, ...formerRuns(parts, runner).map(() => 'the end of its former run')].slice(0, MOST_NAMED);
  });
  const of = once((component: string): PartState => {
    const runner = runners.get(component);
    if (runner === undefined) return { ready: true };
    if (asleep?.has(component) === true) return waiting('sleeps');
    const held = heldBy(component);
    if (held.length > 0) return waiting(`waits for ${held.join(', ')}`);
    const state = partState(parts, runner);
    if (!isRun(runner) || state.ready || !state.failed) return state;
    const again = `; once spec.workloads[${byName.get(component)?.index}] says something else, that is run`;
    return { ...state, reason: `${state.reason}${again}` };
  });
  return { of, heldBy };
}

/** As many as `needs` can have. */
const MOST_NAMED = 16;

/** What is to be sent now: not what waits, nor what runs once and is there. */
export function sendable(plan: Planned & Pick<Plan, 'manifests'>, parts: ObservedParts): readonly Manifest[] {
  const states = statesOf(plan, parts);
  const stays = new Set(
    [...plan.runners].flatMap(([component, runner]) =>
      states.heldBy(component).length > 0 || (isRun(runner) && isSent(parts, runner)) ? [runner] : [],
    ),
  );
  return plan.manifests.parts.filter((part) => !stays.has(part));
}

function isRun({ kind }: Manifest): boolean {
  return environmentRow(kind)?.ends === true;
}

/** A run has the name of its content; anything else says what was sent of it last. */
function isSent(parts: ObservedParts, runner: Manifest): boolean {
  const live = liveRunner(parts, runner);
  if (live === undefined || isRun(runner)) return live !== undefined;
  return live.metadata.annotations?.[HASH_ANNOTATION] === hashOf(runner);
}

function once<T>(work: (component: string) => T): (component: string) => T {
  const known = new Map<string, { readonly answer: T }>();
  return (component) => {
    const found = known.get(component) ?? { answer: work(component) };
    known.set(component, found);
    return found.answer;
  };
}
