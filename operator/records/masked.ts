import { digestOfBytes, isList, isMembers } from '../canonical/index.ts';
import type { RecordSpec } from './types.ts';

const MASKED = '(masked)';

/** A record as it may stand in a log. */
export interface LoggedRecord {
  readonly record: object;
  /** Left out where nothing was: then the record is whole, and its digest can be computed from it. */
  readonly masked?: true;
}

/**
 * A record without the values of literal environment variables, which nobody may read out of a log who may not read
 * production's namespace. Statements that show such values stand there as digests of their bytes. The record keeps its
 * own digest, so that the log still witnesses what a record in the cluster or in an export must be.
 */
export function maskedRecord(record: RecordSpec): LoggedRecord {
  const { statements, part, ...rest } = record;
  // A piece of a manifest does not say what it is a piece of.
  if (part !== undefined) return { record: { ...rest, part: { ...part, text: MASKED } }, masked: true };
  const masked = {
    ...membersWithoutValues(rest),
    ...(statements === undefined
      ? {}
      : { statements: { approve: statementShown(statements.approve), reject: statementShown(statements.reject) } }),
  };
  return JSON.stringify(masked) === JSON.stringify({ ...rest, ...(statements === undefined ? {} : { statements }) })
    ? { record }
    : { record: masked, masked: true };
}

function statementShown(text: string): string {
  return namesVariables(text) ? digestOfBytes(text) : text;
}

/** A path of a change, or a manifest inside of an annotation. */
function namesVariables(text: string): boolean {
  return /\benv\b/.test(text);
}

function membersWithoutValues(members: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [
      key,
      key === 'env' && isList(value) ? value.map(withoutValue) : withoutValues(value),
    ]),
  );
}

function withoutValues(value: unknown): unknown {
  if (isList(value)) return value.map(withoutValues);
  if (isMembers(value)) return membersWithoutValues(value);
  // Manifests that were put into annotations: last-applied-configuration above all.
  return typeof value === 'string' && /"env"/.test(value) ? MASKED : value;
}

function withoutValue(variable: unknown): unknown {
  if (!isMembers(variable)) return MASKED;
  return 'value' in variable ? { ...variable, value: MASKED } : variable;
}
