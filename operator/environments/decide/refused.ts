import { environmentKind } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';
import { problem, type Problem } from './resolve/index.ts';

/** A part that the API server does not take as it is. */
export interface Refusal {
  readonly kind: string;
  readonly name: string;
  /** A quota or a policy said no, in these words, which quote no content. Left out: it finds the object invalid. */
  readonly forbidden?: string | undefined;
  /** What it finds invalid, by path: its message may quote values. */
  readonly fields: readonly string[];
}

/** What is told of a part that the API server refuses, with what to do. */
export function wordsOfRefusal({ kind, name, forbidden, fields }: Refusal): Problem {
  const what = `${kind} ${name}`;
  if (forbidden !== undefined)
    return problem('Forbidden', `the API server refuses ${what}: ${printable(forbidden, 500)}`);
  const where = fields.length === 0 ? '' : ` because of ${printable(fields.join(', '), 500)}`;
  return problem(
    'Invalid',
    `the API server does not take ${what}${where}; correct that part of the spec (kubectl explain ${environmentKind.toLowerCase()}.spec.template says what it may be)`,
  );
}
