/**
 * Which test misses a right: the list that `make rights` writes. That each row still names a right and a test is the
 * matter of test/unit/rights.test.ts. That no right is missing is only told by `make rights`, which ends with 1 where it
 * took a right away and no test failed: a part of the rights may be all that it was asked for.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Right } from '../stage/rights.ts';

/** A test by its file (`cluster/promotion` of `test/cluster/promotion.test.ts`) and its title. */
export interface NamedTest {
  readonly file: string;
  readonly test: string;
}

/** In place of a title: the test takes the right away by itself, and the runner did not write down which it is. */
export const ITSELF = 'takes it away by itself';
/** In place of a title: the file failed, and none of its tests. */
export const WHOLE_FILE = 'the file itself';

const path = join(import.meta.dirname, 'missed.json');

export const nameOf = ({ file, test }: NamedTest): string => `${file}.test.ts › ${test}`;

/** For each right the test that failed without it. */
export async function missed(): Promise<Readonly<Record<Right, NamedTest>>> {
  // Written below.
  return JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<Right, NamedTest>>;
}

/** Writes the list anew; rights that no role gives any more go. */
export async function writeMissed(list: ReadonlyMap<Right, NamedTest>, given: readonly Right[]): Promise<void> {
  const rows = given.flatMap((right) => {
    const test = list.get(right);
    return test === undefined ? [] : [[right, test] as const];
  });
  await writeFile(path, `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`);
}
