import type { ProductionTarget } from '../api/index.ts';
import { CanonicalError, sortedBy, type Members } from '../canonical/index.ts';
import type { KubeObject } from '../kube/index.ts';
import { contentOfObject, objectDigest, type ObjectKey } from '../objects/index.ts';
import { nameOf, resultOf, type RecordedObject, type RecordSpec } from '../records/index.ts';
import { withoutClosed } from './closed.ts';
import { settingsOf } from './entry.ts';
import type { ApprovedObject, LockSpec } from './types.ts';

/** Both approved contents of an object. One without a digest says that the object is not there. */
export interface ApprovedObjects {
  readonly current: ApprovedObject | undefined;
  readonly fallback: ApprovedObject | undefined;
}

/** What a live object is, as the lock has it. */
export type ObjectMatch = 'Current' | 'Fallback' | 'None';

/** A content, or that there is none. */
export type ObjectState = Pick<RecordedObject, 'digest' | 'content'>;

/** The entries of an object in the lock, by role: neither where the lock does not hold it. */
export function objectsOf(lock: LockSpec, { kind, name }: ObjectKey): ApprovedObjects {
  const entries = (lock.objects ?? []).filter((entry) => entry.kind === kind && entry.name === name);
  return {
    current: entries.find(({ role }) => role === 'Current'),
    fallback: entries.find(({ role }) => role === 'Fallback'),
  };
}

/** Compares a live object with the approved ones as admission does. Content without a canonical form is none of them. */
export function matchObject({ current, fallback }: ApprovedObjects, live: KubeObject | undefined): ObjectMatch {
  if (current !== undefined && isState(current, live)) return 'Current';
  return fallback !== undefined && isState(fallback, live) ? 'Fallback' : 'None';
}

/** Whether a live object is in an approved state. */
function isState(state: ObjectState & Pick<ObjectKey, 'kind'>, live: KubeObject | undefined): boolean {
  return digestIn(state.kind, live, state.content) === state.digest;
}

/**
 * What a live object is for people: its content, compared as what is approved is written.
 *
 * @throws CanonicalError when it has no canonical form
 */
export function stateOf(kind: ObjectKey['kind'], live: KubeObject | undefined, like: unknown): ObjectState {
  if (live === undefined) return {};
  const content = contentOfObject(kind, live, like);
  return { digest: objectDigest(content), content };
}

function digestIn(kind: ObjectKey['kind'], live: KubeObject | undefined, like: unknown): string | undefined {
  try {
    return stateOf(kind, live, like).digest;
  } catch (error) {
    if (error instanceof CanonicalError) return 'none';
    throw error;
  }
}

/** A state as a lock entry of a target. */
export function objectEntry(
  target: ProductionTarget,
  { kind, name }: ObjectKey,
  { digest, content }: ObjectState,
  record: string,
): Omit<ApprovedObject, 'role'> {
  return {
    kind,
    name,
    ...(digest === undefined ? {} : { digest }),
    ...objectSettings(target),
    record,
    ...(content === undefined ? {} : { content: { ...content } }),
  };
}

/** The same entry with the settings that its target has now. */
export function withObjectSettings(entry: ApprovedObject, target: ProductionTarget): ApprovedObject {
  const { role, closed, record } = entry;
  return { ...objectEntry(target, entry, entry, record), role, ...(closed && { closed }) };
}

function objectSettings(target: ProductionTarget): Pick<ApprovedObject, 'target' | 'rollbackUsers'> {
  const { target: name, rollbackUsers } = settingsOf(target);
  return { target: name, ...(rollbackUsers === undefined ? {} : { rollbackUsers }) };
}

/** Opens the lock for a new state: it becomes Current, what was Current becomes Fallback. */
export function withOpenedObject(lock: LockSpec, entry: Omit<ApprovedObject, 'role'>): LockSpec {
  const { current } = objectsOf(lock, entry);
  const fallback: readonly ApprovedObject[] =
    current === undefined ? [] : [{ ...withoutClosed(current), role: 'Fallback' }];
  return withObjects(lock, [...others(lock, entry), { ...entry, role: 'Current' }, ...fallback]);
}

/** Makes a state the only one that is approved for its object. */
export function withOnlyObject(lock: LockSpec, entry: Omit<ApprovedObject, 'role'>): LockSpec {
  return withObjects(lock, [...others(lock, entry), { ...withoutClosed(entry), role: 'Current' }]);
}

/** The lock with these entries of objects and no others, in one order. */
export function withObjects(lock: LockSpec, entries: readonly ApprovedObject[]): LockSpec {
  const { objects: _before, ...rest } = lock;
  if (entries.length === 0) return rest;
  return { ...rest, objects: [...sortedBy(entries, ({ kind, name, role }) => `${kind}/${name}/${role}`)] };
}

function others({ objects = [] }: LockSpec, { kind, name }: ObjectKey): readonly ApprovedObject[] {
  return objects.filter((entry) => entry.kind !== kind || entry.name !== name);
}

/** A decision about one object: states that it lets be, the wanted one first. */
interface ObjectDecision {
  readonly record: string;
  readonly wanted: ObjectState;
  readonly replaced: ObjectState | undefined;
  /** It was taken back: what it replaced stands again. */
  readonly takenBack: boolean;
}

/** Every decision about an object in a chain, the newest first. */
function objectDecisions(records: readonly RecordSpec[], key: ObjectKey): readonly ObjectDecision[] {
  return records.toReversed().flatMap((record): readonly ObjectDecision[] => {
    if (record.type === 'Adopted') {
      const adopted = find(record.currentObjects, key);
      return adopted === undefined
        ? []
        : [{ record: nameOf(record), wanted: adopted, replaced: undefined, takenBack: false }];
    }
    if (resultOf(record) !== 'Approved') return [];
    const round = records.find((candidate) => nameOf(candidate) === record.round?.record);
    const wanted = find(round?.desiredObjects, key);
    if (wanted === undefined) return [];
    const takenBack = records.some(
      (other) =>
        other.sequence > record.sequence &&
        other.promotion?.uid === record.promotion?.uid &&
        resultOf(other) === 'RolledBack',
    );
    return [{ record: nameOf(record), wanted, replaced: find(round?.currentObjects, key), takenBack }];
  });
}

/** The newest decision that lets a live object be as it is, for a lock that lost it. */
export function recallObject(
  records: readonly RecordSpec[],
  key: ObjectKey,
  live: KubeObject | undefined,
): { readonly record: string; readonly state: ObjectState } | undefined {
  const [newest] = objectDecisions(records, key);
  const state = [newest?.wanted, newest?.replaced].find(
    (each) => each !== undefined && isState({ kind: key.kind, ...each }, live),
  );
  return newest === undefined || state === undefined ? undefined : { record: newest.record, state };
}

/** Whether a chain decides anything about an object. */
export function isDecided(records: readonly RecordSpec[], key: ObjectKey): boolean {
  return objectDecisions(records, key).length > 0;
}

/**
 * What an entry says that no decision of its target's chain says; undefined when it says what was decided.
 *
 * @param records the chain of the entry's target
 */
export function objectFault(entry: ApprovedObject, records: readonly RecordSpec[]): string | undefined {
  const { digest, content, role, record } = entry;
  if (
    (digest === undefined) !== (content === undefined) ||
    (content !== undefined && digestOfEntry(content) !== digest)
  )
    return 'its content is not what its digest says';
  const decisions = objectDecisions(records, entry);
  const named = decisions.find((decision) => decision.record === record);
  const [newest = named, ...before] = decisions;
  if (named === undefined || newest === undefined) return `record ${record} decides nothing about it`;
  if (!allowed(role, newest, before).some((state) => state.digest === digest))
    return `its content is not what was decided last (record ${newest.record})`;
  const holds = [named.wanted, named.replaced].some((state) => state !== undefined && state.digest === digest);
  return holds ? undefined : `record ${record} holds another content`;
}

/** The lock with what the records say in the place of objects' entries that say something else. */
export function withRestoredObjects(
  lock: LockSpec,
  faulty: readonly ApprovedObject[],
  chainOf: (target: string) => readonly RecordSpec[],
): LockSpec {
  const entries = (lock.objects ?? []).flatMap((entry): readonly ApprovedObject[] => {
    if (!faulty.includes(entry)) return [entry];
    const [newest] = objectDecisions(chainOf(entry.target), entry);
    const right =
      newest && (entry.role === 'Fallback' || newest.takenBack ? (newest.replaced ?? newest.wanted) : newest.wanted);
    if (newest === undefined || right === undefined) return [];
    const { digest: _digest, content: _content, ...rest } = entry;
    return [
      {
        ...rest,
        ...(right.digest === undefined ? {} : { digest: right.digest }),
        ...(right.content === undefined ? {} : { content: { ...right.content } }),
        record: newest.record,
      },
    ];
  });
  return withObjects(lock, entries);
}

function allowed(
  role: ApprovedObject['role'],
  newest: ObjectDecision,
  before: readonly ObjectDecision[],
): readonly ObjectState[] {
  const replaced = newest.replaced === undefined ? [] : [newest.replaced];
  if (role === 'Current') return [newest.wanted, ...replaced];
  // Until a lock opens, the fallback is the one of the decision before.
  const opened = before.findIndex(({ takenBack }) => !takenBack);
  const reach = opened < 0 ? before : before.slice(0, opened + 1);
  return [...replaced, ...reach.flatMap((decision) => decision.replaced ?? [])];
}

function digestOfEntry(content: Members): string | undefined {
  try {
    return objectDigest(content);
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}

function find(objects: readonly RecordedObject[] | undefined, { kind, name }: ObjectKey): RecordedObject | undefined {
  return objects?.find((each) => each.kind === kind && each.name === name);
}
