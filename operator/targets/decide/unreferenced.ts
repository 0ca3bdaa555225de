import { labels, mayGo } from '../../api/index.ts';
import { parseTime } from '../../canonical/index.ts';
import type { KubeObject } from '../../kube/index.ts';
import type { LockSpec } from '../../lock/index.ts';
import { nameOf, openApproval, resultOf, type RecordSpec } from '../../records/index.ts';
import { referencesOf, type ConfigurationKey } from '../../workloads/index.ts';

/** What of an object it is decided by; never what it holds. */
export interface LeftConfiguration extends ConfigurationKey {
  readonly metadata: Pick<KubeObject['metadata'], 'uid' | 'resourceVersion' | 'labels'> & {
    readonly creationTimestamp?: string | undefined;
    readonly deletionTimestamp?: string | undefined;
  };
}

/** A protected namespace, and what is left there of the names that its contents referred to once. */
export interface UnreferencedWorld {
  readonly namespace: string;
  readonly chains: readonly (readonly RecordSpec[])[];
  /** All of these names, {@link placeOf} each. */
  readonly names: readonly string[];
  /** Of those that nobody looked at yet. */
  readonly left: readonly LeftConfiguration[];
}

export interface UnreferencedDecision {
  readonly action?: readonly LeftConfiguration[] | undefined;
}

/**
 * Names that approved contents referred to and that the lock does not hold any more. Never those of the newest decision: an
 * undo may let them go while Git still has them, and the next promotion brings them again.
 *
 * @param chains of every target of the namespace
 * @returns undefined while a rollout is under way: what it takes back may refer to them again
 */
export function unreferenced(
  { frozen = [], objects = [] }: LockSpec,
  chains: UnreferencedWorld['chains'],
): readonly ConfigurationKey[] | undefined {
  if (chains.some((chain) => openApproval(chain) !== undefined)) return undefined;
  const held = new Set([...frozen, ...objects].map(placeOf));
  for (const chain of chains) for (const key of namesOf(chain, chain.filter(decides).slice(-1))) held.add(placeOf(key));
  const names = chains.flatMap((chain) => namesOf(chain, chain.filter(decides)));
  const left = new Map(names.map((key) => [placeOf(key), key]));
  return [...left].filter(([place]) => !held.has(place)).map(([, key]) => key);
}

/**
 * Deletes what says so by its label and was there when the last decision let it go: one that was made since, under the same
 * name, waits for the promotion that will refer to it. Pure.
 */
export function decideUnreferenced({ chains, left }: UnreferencedWorld): UnreferencedDecision {
  const decided = Math.max(...chains.flatMap((chain) => chain.filter(decides).map(({ time }) => parseTime(time))));
  const action = left.filter(
    ({ metadata }) =>
      metadata.labels?.[labels.unreferenced] === mayGo &&
      metadata.deletionTimestamp === undefined &&
      // Unreadable or missing is never older.
      parseTime(metadata.creationTimestamp ?? '') < decided,
  );
  return action.length === 0 ? {} : { action };
}

/** By kind and name. */
export function placeOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}

const decides = (record: RecordSpec): boolean => record.type === 'Adopted' || resultOf(record) === 'Approved';

/** What the contents refer to that were approved, and those that ran before. What was only asked for is not among them. */
function namesOf(chain: readonly RecordSpec[], decisions: readonly RecordSpec[]): readonly ConfigurationKey[] {
  const contents = decisions.flatMap((record) => {
    const round = record.type === 'Adopted' ? record : chain.find((each) => nameOf(each) === record.round?.record);
    return [...(round?.currentSpecs ?? []), ...(round?.desiredSpecs ?? [])];
  });
  return contents.flatMap(({ kind, spec }) =>
    referencesOf(kind, spec).map(({ name, kind: of }) => ({ kind: of, name })),
  );
}
