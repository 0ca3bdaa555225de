import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** The YAML of the first yaml block of README.md. */
export async function readmeYaml(): Promise<string> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const block = /```yaml\n([\s\S]*?)```/.exec(text)?.[1];
  if (block === undefined) throw new Error('README.md has no yaml block');
  return block;
}
