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

/** Whether anything in a JSON value is null, itself too. */
export function holdsNull(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  return value === null || Object.values(value).some(holdsNull);
}

/** A JSON value without members that are null; elements of lists stay, for their place counts. */
export function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isMembers(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([member, each]) => [member, withoutNull(each)]),
  );
}
