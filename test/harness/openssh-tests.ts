import { join } from 'node:path';
import { built, exists, recipe } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { found } from './prerequisites.ts';
import { step } from './progress.ts';

const PACKAGE = 'openssh-tests';
/** Where the package keeps OpenSSH's own regression tests. */
const REGRESS = 'usr/lib/openssh/regress';

/**
 * The folder of OpenSSH's own regression tests, `sshsig.sh` and `unittests/sshsig/testdata` among them: Debian's package
 * openssh-tests, taken out into the cache. It is not installed, for it would bring an SSH server along.
 *
 * @throws HarnessError `Prerequisite` when it is not installed and there is no apt-get to get it with
 */
export async function opensshTests(): Promise<string> {
  if (await exists(join('/', REGRESS))) return join('/', REGRESS);
  return join(await built(PACKAGE, await recipe([PACKAGE]), fetchInto), REGRESS);
}

async function fetchInto(folder: string): Promise<void> {
  if (!(await found('apt-get')) || !(await found('dpkg-deb'))) {
    throw new HarnessError('Prerequisite', `missing package, install it: ${PACKAGE}`);
  }
  await step(`fetching Debian's ${PACKAGE} (1 MB)`, async () => {
    if (!(await download(folder))) {
      // No package lists, or lists that name a version that is no longer there.
      await run('apt-get', ['-q', 'update']);
      if (!(await download(folder))) {
        throw new HarnessError('Prerequisite', `apt-get cannot download ${PACKAGE}: install it, or check the sources`);
      }
    }
    const archives = await run('sh', ['-c', `ls ${PACKAGE}_*.deb`], { cwd: folder });
    await run('dpkg-deb', ['-x', archives.stdout.trim(), '.'], { cwd: folder });
  });
}

async function download(folder: string): Promise<boolean> {
  return (await run('apt-get', ['-q', 'download', PACKAGE], { cwd: folder, check: false })).code === 0;
}
