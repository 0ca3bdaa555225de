/** Members of a JSON object, each still unknown. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether unknown data is a JSON object: neither null nor a list. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The members of unknown data; of what is no object, none. */
export function membersOf(value: unknown): Members {
  return isMembers(value) ? value : {};
}

/** Whether unknown data is a list; unlike Array.isArray it tells apart readonly ones too. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** The items of unknown data; of what is no list, none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return isList(value) ? value : [];
}
