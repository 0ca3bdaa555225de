import { digestOfBytes, isDigest, isList, isMembers, membersOf } from '../canonical/index.ts';
import { asciiJSON } from './plain.ts';
import type { RecordEntry, RecordSpec } from './types.ts';

type Parts = NonNullable<RecordSpec['parts']>[number];
type Part = NonNullable<RecordSpec['part']>;

interface Group {
  readonly fields: Parts['fields'];
  readonly without: (entry: RecordEntry) => RecordEntry;
}

/**
 * What may be too large for one object, in the order in which it leaves. The specs go first: they are the same at a second
 * try, whose statements have another nonce.
 */
const GROUPS: readonly Group[] = [
  {
    fields: ['currentSpecs', 'desiredSpecs', 'currentObjects', 'desiredObjects', 'accepted'],
    without: ({
      currentSpecs: _current,
      desiredSpecs: _desired,
      currentObjects: _objects,
      desiredObjects: _desiredObjects,
      accepted: _accepted,
      ...rest
    }) => rest,
  },
  {
    fields: ['statements', 'votes', 'allowedSigners', 'keyring', 'gates', 'artifacts'],
    without: ({
      statements: _statements,
      votes: _votes,
      allowedSigners: _signers,
      keyring: _keyring,
      gates: _gates,
      artifacts: _artifacts,
      ...rest
    }) => rest,
  },
];

/**
 * Characters of a group that stay in the record, and of a part. Both groups, or the text of a part with each quote escaped,
 * fit into what etcd takes (1.5 MiB), beside the list of fields that an API server keeps with each object.
 */
const MAX_CHARACTERS = 400_000;

/** Fields that do not fit into their record, in texts that do. */
export interface LeavingGroup {
  readonly fields: Parts['fields'];
  /** Of their whole text. */
  readonly digest: string;
  readonly parts: readonly Part[];
}

/** What of an entry fits into one record, and what leaves it. */
export function split(entry: RecordEntry): { readonly stays: RecordEntry; readonly leaves: readonly LeavingGroup[] } {
  let stays = entry;
  const leaves: LeavingGroup[] = [];
  for (const { fields: all, without } of GROUPS) {
    const fields = all.filter((field) => entry[field] !== undefined);
    const text = asciiJSON(Object.fromEntries(fields.map((field) => [field, entry[field]])));
    if (text.length <= MAX_CHARACTERS) continue;
    stays = without(stays);
    leaves.push({ fields, ...inParts(text) });
  }
  return { stays, leaves };
}

function inParts(text: string): Pick<LeavingGroup, 'digest' | 'parts'> {
  const digest = digestOfBytes(text);
  const parts = Array.from({ length: Math.ceil(text.length / MAX_CHARACTERS) }, (_, index) => ({
    index: index + 1,
    digest,
    text: text.slice(index * MAX_CHARACTERS, (index + 1) * MAX_CHARACTERS),
  }));
  return { digest, parts };
}

/** How many of these parts stand at the end of a chain already: a try before this one got as far. */
export function partsAtEnd(records: readonly RecordSpec[], parts: readonly Part[]): number {
  for (let count = Math.min(parts.length, records.length); count > 0; count--) {
    const end = records.slice(records.length - count);
    if (end.every(({ part }, index) => part?.digest === parts[index]?.digest && part?.index === parts[index]?.index))
      return count;
  }
  return 0;
}

/**
 * A record with what is in its parts.
 *
 * @param find a record of the same chain by its name
 * @returns undefined when a part is missing or is not what the record says
 */
export function assembled<T extends Pick<RecordSpec, 'parts'>>(
  record: T,
  find: (name: string) => Pick<RecordSpec, 'part'> | undefined,
): T | undefined {
  let whole = record;
  for (const { fields, digest, records } of record.parts ?? []) {
    const text = records.map((name) => find(name)?.part?.text ?? '').join('');
    if (digestOfBytes(text) !== digest) return undefined;
    const content = parsed(text);
    if (!isMembers(content)) return undefined;
    whole = { ...whole, ...Object.fromEntries(fields.map((field) => [field, content[field]])) };
  }
  return whole;
}

/** Whether unknown data names parts as a record does. */
export function isParts(value: unknown): value is RecordSpec['parts'] {
  if (value === undefined) return true;
  return (
    isList(value) &&
    value.every((each) => {
      const { fields, digest, records } = membersOf(each);
      return isList(fields) && fields.every(isText) && isDigest(digest) && isList(records) && records.every(isText);
    })
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A record as it is stored: without what is in its parts. */
export function storedForm(record: Pick<RecordSpec, 'parts'>): Readonly<Record<string, unknown>> {
  const gone: ReadonlySet<string> = new Set((record.parts ?? []).flatMap(({ fields }) => fields));
  return Object.fromEntries(Object.entries(record).filter(([field]) => !gone.has(field)));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
