import { printable } from '../canonical/index.ts';
import { isPolicyUnready, type ApiError } from './errors.ts';

/** Characters; a message in a status has more room, and more than this nobody reads. */
const MAX_WORDS = 1000;
const MAX_FIELDS = 8;

/**
 * What the API server answered, for people who may not see the object. It stands in its own words, but for an object
 * that breaks its schema: those may quote values, and the fields are enough to find them.
 */
export function answerOf(error: ApiError): string {
  const invalid = error.status === 422 || error.status === 400 || untypedField(error) !== undefined;
  if (!invalid || isPolicyUnready(error) || isDenial(error)) return printable(error.message, MAX_WORDS);
  const fields = fieldsOf(error);
  const where = fields.length === 0 ? '' : ` because of ${fields.join(', ')}`;
  return printable(
    `${error.method} ${error.path} answered ${error.status} ${error.reason}`.trimEnd() + where,
    MAX_WORDS,
  );
}

/** The first fields that the API server finds fault with. */
export function fieldsOf(error: ApiError): readonly string[] {
  const named = [untypedField(error), ...error.causes.map(({ field }) => field)];
  return named.flatMap((field) => (field === undefined || field === '' ? [] : [field])).slice(0, MAX_FIELDS);
}

/**
 * The field of another type than the schema has. Server-side apply answers 500 to that, since it fails before validation
 * (k8s.io/apimachinery/pkg/util/managedfields, "failed to create typed patch object").
 */
export function untypedField({ status, message }: ApiError): string | undefined {
  if (status !== 500) return undefined;
  return /failed to create typed patch object \([^)]*\): (?:errors:\s*)?(\.\S+?):/.exec(message)?.[1];
}

/** By a policy or a webhook, whose words are its author's: `denied request`, `denied the request`. */
function isDenial({ message }: ApiError): boolean {
  return /\bdenied (?:the )?request\b/.test(message);
}
