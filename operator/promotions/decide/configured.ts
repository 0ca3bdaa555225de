import { digestOf, printable, type Members } from '../../canonical/index.ts';
import { objectsOf, withOnlyObject, type LockSpec, type WorkloadKey } from '../../lock/index.ts';
import { referencesIn, referencesOf, type ConfigurationKey, type Reference, type Spec } from '../../workloads/index.ts';
import type { RecordedJob } from '../../records/index.ts';
import type { DecidingWorld, FoundConfiguration } from './world.ts';

/** A ConfigMap or Secret that the desired contents refer to, and what was found of it. */
export interface Configured extends Reference {
  /** `Unread`: it was not looked for. */
  readonly state: FoundConfiguration['state'] | 'Unread';
  /** One of the workloads that refer to it. */
  readonly by: string;
}

/** What was found, and in the place of it what the promotion itself makes of a ConfigMap that the target lists. */
export function configurationFound({
  configuration,
  objects,
}: Pick<DecidingWorld, 'configuration' | 'objects'>): DecidingWorld['configuration'] {
  return configuration.map((found) => {
    const planned = objects.find((each) => shownKey(found) === `${each.kind}/${each.name}`)?.planned;
    if (found.kind !== 'ConfigMap' || planned === undefined || !('state' in planned)) return found;
    const { content } = planned.state;
    if (content === undefined) return { ...found, state: 'Absent' };
    return { ...found, state: { digest: heldDigest(content) } };
  });
}

/** What the changed workloads will be configured by, each object once. */
export function configuredBy(
  changed: readonly (WorkloadKey & { readonly desired: Spec | undefined })[],
  found: DecidingWorld['configuration'],
  jobs: readonly RecordedJob[],
): readonly Configured[] {
  const all = new Map<string, Configured>();
  const referring = [
    ...changed.map(({ kind, name, desired }) => ({
      kind,
      name,
      references: desired === undefined ? [] : referencesOf(kind, desired),
    })),
    ...jobs.map(({ name, spec }) => ({ kind: 'Job', name, references: referencesIn(spec['template']) })),
  ];
  for (const { kind, name, references } of referring)
    for (const reference of references) {
      const key = shownKey(reference);
      const before = all.get(key);
      const state = found.find((each) => shownKey(each) === key)?.state ?? 'Unread';
      const by = before === undefined || (before.optional && !reference.optional) ? `${kind}/${name}` : before.by;
      all.set(key, { ...reference, optional: reference.optional && (before?.optional ?? true), state, by });
    }
  return [...all.values()].toSorted((a, b) => (shownKey(a) < shownKey(b) ? -1 : 1));
}

/**
 * The lock without older states of ConfigMaps that were signed as they are: who may roll an object back would change what
 * new content was signed with. A ConfigMap that the promotion itself brings keeps its fallback, to be taken back with it.
 */
export function withSignedConfiguration(
  lock: LockSpec,
  configuration: readonly Configured[],
  brought: readonly { readonly kind: string; readonly name: string }[],
): LockSpec {
  return configuration.reduce((held, { kind, name, state }) => {
    if (kind !== 'ConfigMap' || typeof state === 'string') return held;
    if (brought.some((each) => each.kind === kind && each.name === name)) return held;
    const { current } = objectsOf(held, { kind, name });
    return current?.content !== undefined && heldDigest(current.content) === state.digest
      ? withOnlyObject(held, current)
      : held;
  }, lock);
}

function heldDigest({ metadata: _metadata, ...held }: Members): string {
  return digestOf(held);
}

/** For messages. */
export function shownKey({ kind, name }: ConfigurationKey): string {
  return `${kind}/${printable(name)}`;
}
