import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { withLock } from './lock.ts';
import { say } from './progress.ts';

/** The folder of everything that is built, outside the repository; safe to delete at any time nothing runs. */
export function cacheFolder(): string {
  return process.env['TWINLOCK_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'twinlock');
}

/** Name of this set of running clusters; another name gives clusters of its own (shared API, kind, ports). */
export function instance(): string {
  return process.env['TWINLOCK_INSTANCE'] || 'twinlock';
}

/** The folder of what runs now: states, keys, logs. */
export function runFolder(): string {
  return join(cacheFolder(), 'run', instance());
}

/** A new folder for a moment, beside what runs, so that what a killed process leaves is removed with it. */
export async function momentaryFolder(): Promise<string> {
  await mkdir(runFolder(), { recursive: true, mode: 0o700 });
  return mkdtemp(join(runFolder(), 'moment-'));
}

/** Digest of everything that a built thing depends on: texts, and files by their content. */
export async function recipe(texts: readonly string[], files: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  for (const text of [process.platform, process.arch, ...texts]) hash.update(`${text}\0`);
  for (const file of files)
    hash.update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    );
  return hash.digest('hex').slice(0, 16);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const building = new Map<string, Promise<string>>();

/**
 * The folder of a thing that is built once per recipe; two processes never build the same thing at the same time.
 *
 * @param build fills the (empty) folder that it is given; when it throws, nothing stays
 */
export function built(name: string, key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), `${name}-${key}`);
  const running = building.get(folder) ?? builtOnce(folder, name, build).finally(() => building.delete(folder));
  building.set(folder, running);
  return running;
}

async function builtOnce(folder: string, name: string, build: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  const waiting = (): void => say(`waiting for another process that builds ${name}`);
  const work = async (): Promise<void> => {
    if (await exists(folder)) return;
    const partial = `${folder}.partial`;
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    try {
      await build(partial);
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  };
  await withLock(join(cacheFolder(), 'locks', basename(folder)), work, waiting);
  return folder;
}
