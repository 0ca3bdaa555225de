import type { TwinClass } from '../../../api/index.ts';

/** An environment as far as caps see it: one that has room, or waits for it. */
export interface Candidate {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly createdAt: string;
  /** It has its namespace, or is getting it just now. */
  readonly holds: boolean;
}

/** Room in a class, as one environment finds it. */
export interface Room {
  /** It has its namespace, or has been given room for it. */
  readonly held: boolean;
  /** It has been given room by this process. */
  readonly reserved: boolean;
  /** Another one as soon as somebody takes room or gives it back. */
  readonly revision: number;
  /** Empty where it has room. */
  readonly candidates: readonly Candidate[];
}

/** Whether there is room; a position is 1 for the next one. */
export type Turn = { readonly admitted: true } | { readonly admitted: false; readonly position: number };

/**
 * Whether an environment may have its namespace now. First come, first served; one that waits for its own namespace's
 * cap does not hold up those of other namespaces.
 *
 * @param candidates of the class, `key` among them. Whoever does not ask for room is none: a spec that is refused or
 *   suspended before it has anything keeps nobody waiting.
 */
export function turnOf(
  key: string,
  candidates: readonly Candidate[],
  { maxEnvironments, maxPerNamespace }: Pick<TwinClass['spec'], 'maxEnvironments' | 'maxPerNamespace'>,
): Turn {
  const perNamespace = new Map<string, number>();
  let total = 0;
  const take = ({ namespace }: Candidate): void => {
    perNamespace.set(namespace, (perNamespace.get(namespace) ?? 0) + 1);
    total++;
  };
  for (const candidate of candidates) {
    if (!candidate.holds) continue;
    if (candidate.key === key) return { admitted: true };
    take(candidate);
  }
  let position = 0;
  for (const candidate of candidates.filter(({ holds }) => !holds).toSorted(byAge)) {
    const room = total < maxEnvironments && (perNamespace.get(candidate.namespace) ?? 0) < maxPerNamespace;
    if (room) take(candidate);
    else position++;
    if (candidate.key === key) return room ? { admitted: true } : { admitted: false, position };
  }
  return { admitted: true };
}

function byAge(a: Candidate, b: Candidate): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
