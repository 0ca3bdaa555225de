import { lstat, readFile, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path/posix';
import { HarnessError } from '../errors.ts';
import type { ImageFile } from '../types.ts';

/** One entry of an archive; every other property (owner, time) is the same for all, so that equal files give equal bytes. */
export type Entry =
  | { readonly path: string; readonly type: 'file'; readonly data: Buffer; readonly executable: boolean }
  | { readonly path: string; readonly type: 'link'; readonly target: string }
  | { readonly path: string; readonly type: 'folder' };

/** The entries of a file of an image; of a host's folder, all that is in it. */
export async function entriesOf(path: string, file: ImageFile): Promise<Entry[]> {
  if ('content' in file) {
    return [{ path, type: 'file', data: Buffer.from(file.content), executable: file.executable ?? false }];
  }
  // A link given by name stands for what it points to (libraries); links inside a folder stay links.
  return walk(path, file.from, true);
}

async function walk(path: string, from: string, follow: boolean): Promise<Entry[]> {
  const stats = await (follow ? stat(from) : lstat(from));
  if (stats.isSymbolicLink()) return [{ path, type: 'link', target: await readlink(from) }];
  if (stats.isDirectory()) {
    const names = (await readdir(from)).sort();
    const inner = await Promise.all(names.map((name) => walk(join(path, name), join(from, name), false)));
    return [{ path, type: 'folder' }, ...inner.flat()];
  }
  return [{ path, type: 'file', data: await readFile(from), executable: (stats.mode & 0o100) !== 0 }];
}

/** A POSIX tar archive (ustar) of the entries and of the folders above them. */
export function tar(entries: readonly Entry[]): Buffer {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    const parts = entry.path.split('/').filter((part) => part !== '');
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (!all.has(path)) all.set(path, { path, type: 'folder' });
    }
    const path = parts.join('/');
    all.set(path, { ...entry, path });
  }
  const sorted = [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return Buffer.concat([...sorted.flatMap(blocks), Buffer.alloc(1024)]);
}

function blocks(entry: Entry): Buffer[] {
  if (entry.type !== 'file') return [header(entry, 0)];
  const padding = Buffer.alloc((512 - (entry.data.length % 512)) % 512);
  return [header(entry, entry.data.length), entry.data, padding];
}

/** See POSIX.1-2017, pax, "ustar Interchange Format". */
function header(entry: Entry, size: number): Buffer {
  const [prefix, name] = split(entry.type === 'folder' ? `${entry.path}/` : entry.path);
  const mode = entry.type === 'file' && !entry.executable ? 0o644 : 0o755;
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write('        ', 148);
  block.write({ file: '0', link: '2', folder: '5' }[entry.type], 156);
  if (entry.type === 'link') block.write(fitting(entry.target), 157);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

/** A name of at most 100 bytes after a prefix of at most 155. */
function split(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return [prefix, name];
  }
  throw new HarnessError('Configuration', `path too long for an image: ${path}`);
}

function fitting(target: string): string {
  if (Buffer.byteLength(target) > 100) throw new HarnessError('Configuration', `link too long for an image: ${target}`);
  return target;
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
