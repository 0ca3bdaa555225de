import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../harness/index.ts';

const examples = join(import.meta.dirname, '../../examples');

/** What stands in the examples for a value that only a cluster or a person has. */
export type Placeholders = readonly (readonly [placeholder: string, value: string])[];

/**
 * An example of examples/ with its placeholders filled.
 *
 * @param path below examples/
 * @throws HarnessError `Configuration` when a placeholder is not in it: the example and its user have diverged
 */
export async function filled(path: string, placeholders: Placeholders = []): Promise<string> {
  let text = await readFile(join(examples, path), 'utf8');
  for (const [placeholder, value] of placeholders) {
    if (!text.includes(placeholder)) {
      throw new HarnessError('Configuration', `examples/${path} does not contain ${placeholder}`);
    }
    text = text.replaceAll(placeholder, value);
  }
  return text;
}

/** The same, written into a folder under a name, so that a command can be printed that applies it. */
export async function fill(folder: string, name: string, path: string, placeholders: Placeholders = []): Promise<void> {
  await writeFile(join(folder, name), await filled(path, placeholders));
}
