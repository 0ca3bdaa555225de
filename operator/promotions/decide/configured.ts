import { digestOf, printable } from '../../canonical/index.ts';
import type { WorkloadKey } from '../../lock/index.ts';
import { referencesOf, type ConfigurationKey, type Reference, type Spec } from '../../workloads/index.ts';
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
    const { metadata: _metadata, ...held } = content;
    return { ...found, state: { digest: digestOf(held) } };
  });
}

/** What the changed workloads will be configured by, each object once. */
export function configuredBy(
  changed: readonly (WorkloadKey & { readonly desired: Spec | undefined })[],
  found: DecidingWorld['configuration'],
): readonly Configured[] {
  const all = new Map<string, Configured>();
  for (const { kind, name, desired } of changed)
    for (const reference of desired === undefined ? [] : referencesOf(kind, desired)) {
      const key = shownKey(reference);
      const before = all.get(key);
      const state = found.find((each) => shownKey(each) === key)?.state ?? 'Unread';
      const by = before === undefined || (before.optional && !reference.optional) ? `${kind}/${name}` : before.by;
      all.set(key, { ...reference, optional: reference.optional && (before?.optional ?? true), state, by });
    }
  return [...all.values()].toSorted((a, b) => (shownKey(a) < shownKey(b) ? -1 : 1));
}

/** For messages. */
export function shownKey({ kind, name }: ConfigurationKey): string {
  return `${kind}/${printable(name)}`;
}
