/** Which test misses a right: the list that `make rights` writes, and that each run of the tests holds to what it saw. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Right } from '../stage/rights.ts';

/** A test by its file (`promotion` of `promotion.test.ts`) and its title. */
export interface NamedTest {
  readonly file: string;
  readonly test: string;
}

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
