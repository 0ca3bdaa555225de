import { text } from '../cel.ts';

/** A label of an object as a CEL optional. */
export function label(object: string, name: string): string {
  return `${object}.metadata.?labels[?${text(name)}]`;
}
