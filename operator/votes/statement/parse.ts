import { isMembers, type JSONValue } from '../../canonical/index.ts';

/** What a statement of this controller's own says; empty when it is none. */
export function predicateOf(statement: string): Readonly<Record<string, JSONValue>> {
  const parsed: JSONValue = JSON.parse(statement);
  return isMembers(parsed) && isMembers(parsed['predicate']) ? parsed['predicate'] : {};
}
