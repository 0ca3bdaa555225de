/** A copy of the tree in which every mutant of some rooms stands beside the code that it changes, asleep until it is named. */
import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { ROOMS, roomOf } from './rooms.ts';

export interface Mutant {
  readonly id: string;
  readonly room: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
  /** The line in which it begins, as people wrote it. */
  readonly text: string;
}

export interface Sandbox {
  readonly folder: string;
  readonly mutants: readonly Mutant[];
  readonly remove: () => Promise<void>;
}

const silent = () => {};
const off = () => false;
const QUIET = {
  isTraceEnabled: off,
  isDebugEnabled: off,
  isInfoEnabled: off,
  isWarnEnabled: off,
  isErrorEnabled: off,
  isFatalEnabled: off,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
};

async function filesOf(room: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of ROOMS[room] ?? []) {
    for (const entry of await readdir(folder, { recursive: true })) {
      const file = join(folder, entry).split(sep).join('/');
      if (file.endsWith('.ts') && roomOf(file) === room) found.push(file);
    }
  }
  return found.toSorted();
}

interface Position {
  readonly line: number;
  readonly column: number;
}

function textBetween(content: string, start: Position, end: Position): string {
  const lines = content.split('\n').slice(start.line, end.line + 1);
  const last = lines.length - 1;
  return lines
    .map((line, index) => line.slice(index === 0 ? start.column : 0, index === last ? end.column : undefined))
    .join('\n');
}

/** Tests that read the code instead of running it: what stands in the sandbox is not what people wrote. */
const READERS = ['exports', 'casts', 'assertions', 'workload-names', 'gather-asks'].map(
  (name) => `test/unit/${name}.test.ts`,
);

/** Copies the tree into a temporary folder and writes the rooms' mutants into it. */
export async function openSandbox(rooms: readonly string[]): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-mutation-'));
  const root = resolve('.');
  await cp(root, folder, {
    recursive: true,
    filter: (source) => !['.git', 'node_modules', 'coverage', ...READERS].includes(relative(root, source)),
  });
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const contents = new Map<string, string>();
  for (const room of rooms) {
    for (const name of await filesOf(room)) contents.set(name, await readFile(name, 'utf8'));
  }
  const { files, mutants } = await new Instrumenter(QUIET).instrument(
    [...contents].map(([name, content]) => ({ name, content, mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  for (const { name, content } of files) await writeFile(join(folder, name), content);
  // Child processes, not threads: a mutant that never ends can then be killed.
  const manifest = JSON.parse(await readFile('package.json', 'utf8'));
  manifest.ava = { ...manifest.ava, require: ['./test/mutation/reached.ts'], workerThreads: false };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  return {
    folder,
    mutants: mutants.map(({ id, fileName, location, mutatorName, replacement }) => ({
      id,
      room: roomOf(fileName) ?? '',
      file: fileName,
      line: location.start.line + 1,
      column: location.start.column + 1,
      kind: mutatorName,
      original: textBetween(contents.get(fileName) ?? '', location.start, location.end),
      replacement,
      text: contents.get(fileName)?.split('\n')[location.start.line] ?? '',
    })),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
