import type { Digest } from '../../canonical/index.ts';
import {
  objectEntry,
  objectsOf,
  stateOf,
  withOpenedObject,
  type LockSpec,
  type ObjectState,
} from '../../lock/index.ts';
import { objectDigest, type ObjectKey } from '../../objects/index.ts';
import type { RecordedObject } from '../../records/index.ts';
import type { Changed } from '../../votes/statement/index.ts';
import { inOrder } from './plan/index.ts';
import type { DecidingWorld } from './world.ts';

/** An object beside the workloads that the promotion makes, changes or takes away. */
export interface ChangedObject extends ObjectKey {
  readonly current: ObjectState;
  readonly desired: ObjectState;
}

/** What would change, in the order in which it is applied; what has no plan yet is not among it. */
export function objectChanges({ objects, lock }: Pick<DecidingWorld, 'objects' | 'lock'>): readonly ChangedObject[] {
  return inOrder(
    objects.flatMap(({ kind, name, live, planned }) => {
      if (planned === undefined || !('state' in planned)) return [];
      const like = lock && objectsOf(lock.spec, { kind, name }).current?.content;
      const current = stateOf(kind, live, like);
      const desired = planned.state;
      return current.digest === desired.digest ? [] : [{ kind, name, current, desired }];
    }),
  );
}

/** How the paths of its changes begin. */
export function pathOf({ kind, name }: ObjectKey): string {
  return `${kind}/${name} `;
}

/** For the list of changes. */
export function inWords({ kind, name, current, desired }: ChangedObject): Changed {
  return { kind, name, current: current.content, desired: desired.content };
}

/** For the statement. */
export function objectDigests({ kind, name, current, desired }: ChangedObject): {
  readonly kind: string;
  readonly name: string;
  readonly currentDigest: Digest | 'none';
  readonly desiredDigest: Digest | 'none';
} {
  return { kind, name, currentDigest: digestIn(current), desiredDigest: digestIn(desired) };
}

function digestIn({ content }: ObjectState): Digest | 'none' {
  return content === undefined ? 'none' : objectDigest(content);
}

/** For the record of the round. */
export function recorded({ kind, name }: ObjectKey, { digest, content }: ObjectState): RecordedObject {
  return {
    kind,
    name,
    ...(digest === undefined ? {} : { digest }),
    ...(content === undefined ? {} : { content: { ...content } }),
  };
}

/** The lock with what was asked for; what it held is the fallback. */
export function withObjectsOpened(
  lock: LockSpec,
  target: NonNullable<DecidingWorld['target']>,
  changed: readonly ChangedObject[],
  record: string,
): LockSpec {
  return changed.reduce(
    (opened, { kind, name, desired }) => withOpenedObject(opened, objectEntry(target, { kind, name }, desired, record)),
    lock,
  );
}
