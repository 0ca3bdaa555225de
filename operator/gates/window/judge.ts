import type { ApprovalPolicy, WindowSpec } from '../../api/index.ts';
import { localTime } from '../../calendar/index.ts';
import { printable, rfc3339 } from '../../canonical/index.ts';
import { occurrenceAt, type Occurrence, type UnreadableWindow } from './schedule.ts';

/** One window gate of a policy. */
export interface WindowGate {
  readonly name: string;
  readonly window: WindowSpec;
}

/** What the windows of a policy say at one time. */
export interface WindowsState {
  /** One line for each window that is in the way; empty when production may change. */
  readonly why: readonly string[];
  /** When nothing is in the way any more, milliseconds since the epoch; undefined: now, or nobody knows. */
  readonly opensAt: number | undefined;
  /** When that may be otherwise, milliseconds since the epoch; infinite when never. */
  readonly changesAt: number;
  readonly windows: readonly {
    readonly name: string;
    readonly result: 'Passed' | 'Pending';
    readonly summary: string;
  }[];
}

/** Edges that are looked at for the next opening: what lies further off is said as it is known then. */
const MOST_EDGES = 64;

/** The window gates of a policy. */
export function windowGates({ gates }: Pick<ApprovalPolicy['spec'], 'gates'>): readonly WindowGate[] {
  // A gate of this type without its part was refused by the API server; what got past it opens never.
  return gates.flatMap(({ name, type, window }) => (type === 'Window' ? [{ name, window: window ?? NEVER }] : []));
}

const NEVER: WindowSpec = { kind: 'Allow', start: '', duration: '1s', timeZone: 'UTC' };

/**
 * Production may change while no window of kind Freeze occurs, and one of kind Allow does where there is any. What cannot
 * be read is closed. A window holds what is approved; people sign whenever they like.
 *
 * @param overridden names of windows that a promotion was signed to pass by
 * @param now milliseconds since the epoch
 */
export function windowsAt(gates: readonly WindowGate[], overridden: ReadonlySet<string>, now: number): WindowsState {
  const closed = closedBy(gates, overridden, now);
  const opensAt = closed.shut.length === 0 ? undefined : openingAfter(gates, overridden, closed.until);
  return {
    why: closed.shut.map(({ name, words }) => `window ${printable(name)} ${words}; ${opening(opensAt, gates)}`),
    opensAt,
    changesAt: closed.until,
    windows: gates.map(({ name }) => {
      const shut = closed.shut.find((each) => each.name === name);
      if (shut !== undefined) return { name, result: 'Pending', summary: `${shut.words}; ${opening(opensAt, gates)}` };
      return {
        name,
        result: 'Passed',
        summary: overridden.has(name) ? 'this promotion passes by it' : 'not in the way',
      };
    }),
  };
}

interface Closed {
  readonly shut: readonly { readonly name: string; readonly words: string }[];
  /** When one of them changes, milliseconds since the epoch. */
  readonly until: number;
}

function closedBy(gates: readonly WindowGate[], overridden: ReadonlySet<string>, now: number): Closed {
  const seen = gates
    .filter(({ name }) => !overridden.has(name))
    .map(({ name, window }) => ({ name, kind: window.kind, at: occurrenceAt(window, now) }));
  const unreadable = seen.flatMap(({ name, at }) =>
    'unreadable' in at ? [{ name, words: `cannot be read and counts as closed: ${at.unreadable}` }] : [],
  );
  const readable = seen.flatMap(({ name, kind, at }) => (isReadable(at) ? [{ name, kind, at }] : []));
  const frozen = readable.filter(({ kind, at }) => kind === 'Freeze' && at.active);
  const allowing = readable.filter(({ kind }) => kind === 'Allow');
  const outside = allowing.some(({ at }) => at.active) ? [] : allowing;
  return {
    shut: [
      ...unreadable,
      ...frozen.map(({ name }) => ({ name, words: 'freezes production' })),
      ...outside.map(({ name }) => ({ name, words: 'is not open' })),
    ],
    until: Math.min(...readable.map(({ at }) => at.until)),
  };
}

function isReadable(at: Occurrence | UnreadableWindow): at is Occurrence {
  return !('unreadable' in at);
}

/** The first edge from this one on at which nothing is in the way; undefined: none that can be seen from here. */
function openingAfter(gates: readonly WindowGate[], overridden: ReadonlySet<string>, edge: number): number | undefined {
  for (let edges = 0, at = edge; edges < MOST_EDGES && Number.isFinite(at); edges += 1) {
    const { shut, until } = closedBy(gates, overridden, at);
    if (shut.length === 0) return at;
    at = until;
  }
  return undefined;
}

function opening(at: number | undefined, gates: readonly WindowGate[]): string {
  if (at === undefined) return 'nothing says when production opens: the windows of the policy have to be changed';
  const zone = gates.find(({ window }) => window.timeZone !== 'UTC')?.window.timeZone;
  const there = zone === undefined ? undefined : localTime(at, zone);
  return `production opens at ${rfc3339(at)}${there === undefined ? '' : ` (${there} in ${zone})`}`;
}
