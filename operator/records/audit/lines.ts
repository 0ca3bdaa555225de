import { isDigest, isList, isMembers, itemsOf, membersOf } from '../../canonical/index.ts';
import { isParts } from '../parts.ts';
import type { ChainLink } from '../types.ts';

/** A record as an export, a log or a list brings it; nothing but what names its place has been looked at. */
export interface FoundRecord extends ChainLink {
  readonly target: { readonly namespace: string; readonly name: string };
}

/** What an auditor was given. */
export interface Export {
  readonly records: readonly { readonly record: FoundRecord; readonly masked: boolean }[];
  /** Signed notes. */
  readonly checkpoints: readonly string[];
  /** Keys that the export itself brings: they prove nothing until they are known from elsewhere. */
  readonly keys: readonly string[];
  /** Lines that should be records and are not, in words. */
  readonly problems: readonly string[];
}

/** An export as it is written: whole records, the signed head, the keys that the cluster says are its own. */
export function writeExport({
  records,
  checkpoint,
  keys,
}: {
  readonly records: readonly ChainLink[];
  readonly checkpoint: string | undefined;
  readonly keys: readonly string[];
}): readonly string[] {
  const lines: readonly object[] = [
    ...records.map((record) => ({ record })),
    ...(checkpoint === undefined ? [] : [{ checkpoint }]),
    ...(keys.length === 0 ? [] : [{ keys }]),
  ];
  return lines.map((line) => JSON.stringify(line));
}

/**
 * Reads JSON Lines: an export, or the log of the promotions process, whose other lines are passed over. The answer of
 * `kubectl get promotionrecords -o json` is read too. Every byte of it is taken to be hostile.
 */
export function readExport(text: string): Export {
  const records: Export['records'][number][] = [];
  const checkpoints: string[] = [];
  const ownKeys: string[] = [];
  const problems: string[] = [];
  const take = (value: unknown, where: string): void => {
    const { record, masked, checkpoint, keys } = membersOf(value);
    if (typeof checkpoint === 'string') checkpoints.push(checkpoint);
    ownKeys.push(...itemsOf(keys).filter((key) => typeof key === 'string'));
    if (record === undefined) return;
    if (isFoundRecord(record)) records.push({ record, masked: masked === true });
    else problems.push(`${where} has a record without target, sequence or digest`);
  };
  const whole = parsed(text);
  if (isMembers(whole) && 'items' in whole)
    for (const [index, item] of itemsOf(whole['items']).entries())
      take({ record: membersOf(item)['spec'] ?? null }, `item ${index + 1}`);
  else
    for (const [index, line] of text.split('\n').entries()) {
      const value = parsed(line);
      if (value === undefined && /"record"|"checkpoint"/.test(line)) problems.push(`line ${index + 1} is no JSON`);
      take(value, `line ${index + 1}`);
    }
  return { records, checkpoints, keys: ownKeys, problems };
}

function isFoundRecord(value: unknown): value is FoundRecord {
  if (!isMembers(value)) return false;
  const { target, sequence, digest, previous, parts, cut } = value;
  const { namespace, name } = membersOf(target);
  return (
    typeof namespace === 'string' &&
    typeof name === 'string' &&
    Number.isSafeInteger(sequence) &&
    isDigest(digest) &&
    (previous === undefined || isDigest(membersOf(previous)['digest'])) &&
    isParts(parts) &&
    (cut === undefined || isCut(cut))
  );
}

function isCut(value: unknown): boolean {
  const { size, digest, kept = [], going = [] } = membersOf(value);
  return (
    Number.isSafeInteger(size) && isDigest(digest) && [kept, going].every((list) => isList(list) && list.every(isPlace))
  );
}

function isPlace(value: unknown): boolean {
  const { sequence, digest } = membersOf(value);
  return Number.isSafeInteger(sequence) && isDigest(digest);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
