import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { built, recipe } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { found } from './prerequisites.ts';
import { step } from './progress.ts';

const PACKAGE = 'redis-server';

/**
 * Where `redis-server` and the libraries that only it needs are: the system's, or Debian's packages taken out into the
 * cache. They are not installed, for that would start a server.
 *
 * @throws HarnessError `Prerequisite` when it is not installed and there is no apt-get to get it with
 */
export async function redisServer(): Promise<{ readonly path: string; readonly libraries: string }> {
  if (await found(PACKAGE)) return { path: '', libraries: '' };
  const folder = await built(PACKAGE, await recipe([PACKAGE]), fetchInto);
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return { path: join(folder, 'usr/bin'), libraries: join(folder, `usr/lib/${machine}-linux-gnu`) };
}

async function fetchInto(folder: string): Promise<void> {
  if (!(await found('apt-get')) || !(await found('dpkg-deb'))) {
    throw new HarnessError('Prerequisite', `missing package, install it: ${PACKAGE}`);
  }
  await step(`fetching Debian's ${PACKAGE} (2 MB)`, async () => {
    const archives = join(folder, 'archives');
    await mkdir(join(archives, 'partial'), { recursive: true });
    if (!(await download(archives))) {
      // No package lists, or lists that name a version that is no longer there.
      await run('apt-get', ['-q', 'update']);
      if (!(await download(archives))) {
        throw new HarnessError('Prerequisite', `apt-get cannot download ${PACKAGE}: install it, or check the sources`);
      }
    }
    for (const name of (await readdir(archives)).filter((each) => each.endsWith('.deb')))
      await run('dpkg-deb', ['-x', join(archives, name), folder]);
  });
}

/** With what it depends on and the system lacks. */
async function download(archives: string): Promise<boolean> {
  const options = ['--download-only', '--no-install-recommends', '-o', `Dir::Cache::Archives=${archives}`];
  return (await run('apt-get', ['-qy', ...options, 'install', PACKAGE], { check: false })).code === 0;
}
