import type { JSONValue } from '../../canonical/index.ts';

/** What a statement of this controller's own says; empty when it is none. */
export function predicateOf(statement: string): Readonly<Record<string, JSONValue>> {
  const parsed: unknown = JSON.parse(statement);
  return isRecord(parsed) && isRecord(parsed['predicate']) ? parsed['predicate'] : {};
}

function isRecord(value: unknown): value is Record<string, JSONValue> {
  return typeof value === 'object' && value !== null;
}
