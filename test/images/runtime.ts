import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { HarnessError, run } from '../harness/index.ts';
import type { ImageFile } from '../harness/index.ts';

/** Where the runtime is in every image that needs it. */
export const nodePath = '/usr/local/bin/node';

/**
 * The files of a Node runtime for an otherwise empty image: the running `node` and the libraries that it is linked to.
 *
 * @throws HarnessError `Prerequisite` when `ldd` shows a library that is not there
 */
export async function nodeRuntime(): Promise<Record<string, ImageFile>> {
  const { stdout } = await run('ldd', [process.execPath]);
  const files: Record<string, ImageFile> = { [nodePath]: { from: await realpath(process.execPath) } };
  for (const line of stdout.split('\n')) {
    if (line.includes('not found'))
      throw new HarnessError('Prerequisite', `a library of node is missing: ${line.trim()}`);
    const path = /(\/\S+) \(0x/.exec(line)?.[1];
    if (path === undefined) continue;
    // The loader must be at the very path that the program names; the other libraries where that loader looks.
    const target = path.includes('/ld-linux') ? path : `/lib/${basename(path)}`;
    files[target] = { from: await realpath(path) };
  }
  return files;
}
