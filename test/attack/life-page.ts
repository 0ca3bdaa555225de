/** The table of docs/cluster-life.md: what it quotes of refusals is what tests hear. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LifeRow {
  readonly actor: string;
  readonly passes: string;
  /** The words of refusals, in the order in which the page has them. */
  readonly words: readonly string[];
}

const page = readFileSync(join(import.meta.dirname, '../../docs/cluster-life.md'), 'utf8');

/** Every row of the page. */
export const LIFE: readonly LifeRow[] = page
  .split('\n')
  .filter((line) => /^\| (?!Actor|-)/.test(line))
  .map((line) => {
    const [, actor = '', passes = '', refused = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const words = [...refused.matchAll(/"([^"]+)"/g)].map(([, quoted = '']) => quoted);
    return { actor, passes, words };
  });

/**
 * What a refusal of this row says, as a pattern.
 *
 * @param actor first cell of the row
 * @param which the how manieth quotation of its refusals, from 0
 */
export function words(actor: string, which = 0): RegExp {
  const quoted = LIFE.find((row) => row.actor === actor)?.words[which];
  if (quoted === undefined) throw new Error(`docs/cluster-life.md has no quotation ${which} for ${actor}`);
  return new RegExp(quoted.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
}
