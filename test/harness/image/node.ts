import { access, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { ImageFiles } from '../types.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const packaged = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');

/**
 * Node and the libraries that it needs, for an image without any distribution; the program is `/usr/local/bin/node`.
 * Other native programs may be added with `librariesOf`.
 */
export async function nodeImageFiles(): Promise<ImageFiles> {
  // Without the packaged one (its install is optional), the Node that runs this.
  const node = await access(packaged).then(
    () => packaged,
    () => realpath(process.execPath),
  );
  return {
    '/usr/local/bin/node': { from: node },
    ...(await librariesOf(node)),
    // os.userInfo() and HOME need an entry for the user that images run as.
    '/etc/passwd': { content: 'root:x:0:0:root:/root:/none\nnonroot:x:65532:65532:nonroot:/tmp:/none\n' },
    '/etc/group': { content: 'root:x:0:\nnonroot:x:65532:\n' },
  };
}

/** The shared libraries of a program at the paths where its loader looks for them. */
export async function librariesOf(program: string): Promise<ImageFiles> {
  const { stdout } = await run('ldd', [program]);
  const paths = [...stdout.matchAll(/(?:=> |^\t)(\/\S+) \(/gm)].map(([, path]) => path ?? '');
  return Object.fromEntries(paths.map((path) => [path, { from: path }]));
}
