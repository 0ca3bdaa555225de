import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { built, cacheFolder, recipe } from '../cache.ts';
import { run } from '../command.ts';
import { withLock } from '../lock.ts';
import { requirePackages } from '../prerequisites.ts';
import { say, step } from '../progress.ts';
import { clusterRecipe, kindSources, kubernetesVersion, tools } from '../tools.ts';
import type { Engine } from './engine.ts';

const folder = join(import.meta.dirname, '..', 'node-image');
const file = (name: string): string => join(folder, name);

/** Repository of the images made here; `down --cache` removes them. */
export const nodeRepository = 'localhost/twinlock/node';

/**
 * The node image for kind.
 *
 * @returns undefined for kind's own, when its registry answers; otherwise the name of one made on this machine
 */
export async function nodeImage(engine: Engine): Promise<string | undefined> {
  const made = `${nodeRepository}:${kubernetesVersion}-${await key()}`;
  if (await present(engine, made)) return made;
  if (await pullable(engine)) return undefined;
  say("kind's own node image cannot be pulled here: making one from Debian packages and Go modules");
  await withLock(join(cacheFolder(), 'locks', 'node-image'), async () => {
    if (!(await present(engine, made))) await make(engine, made);
  });
  return made;
}

async function key(): Promise<string> {
  const files = ['base.sh', 'build.sh', 'storage.go', '10-bridge.conflist'];
  return recipe([await clusterRecipe()], files.map(file));
}

async function present(engine: Engine, image: string): Promise<boolean> {
  return (await engine.run(['image', 'inspect', image], { check: false })).code === 0;
}

/** Whether the default node image of this kind is there or its registry answers within a few seconds. */
async function pullable(engine: Engine): Promise<boolean> {
  const image = `docker.io/${await kindDefaultImage()}`;
  if (await present(engine, image)) return true;
  return engine.run(['manifest', 'inspect', image], { check: false, timeout: 15_000 }).then(
    ({ code }) => code === 0,
    () => false,
  );
}

async function kindDefaultImage(): Promise<string> {
  const source = join(await kindSources(), 'pkg/apis/config/defaults/image.go');
  const { stdout } = await run('sed', ['-n', 's/^const Image = "\\(.*\\)"$/\\1/p', source]);
  return stdout.trim();
}

async function make(engine: Engine, image: string): Promise<void> {
  await requirePackages('nodeImage');
  // The one waits for the network, the others for the processor.
  const [base, [cluster, localPath, kind]] = await Promise.all([debianBase(), programs()]);
  const work = join(cacheFolder(), 'node-image.partial');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    await step('making the node image', async () => {
      await contained(file('build.sh'), [base, cluster, localPath, kind, kubernetesVersion, work]);
    });
    await step(`importing it into ${engine.name}`, async () => {
      const changes = [
        'ENV container=docker',
        'STOPSIGNAL SIGRTMIN+3',
        'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]',
      ];
      const flags = changes.flatMap((change) => ['--change', change]);
      const script = 'tar -C "$1" -c . | "${@:2}"';
      const args = [engine.name, 'import', ...flags, '-', image];
      await run('bash', ['-o', 'pipefail', '-c', script, 'import', join(work, 'rootfs'), ...args], { env: engine.env });
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function debianBase(): Promise<string> {
  const base = await built('node-base', await recipe([], [file('base.sh')]), (folder) =>
    step('making a Debian root file system', () => contained(file('base.sh'), [join(folder, 'rootfs')])),
  );
  return join(base, 'rootfs');
}

async function programs(): Promise<[cluster: string, localPath: string, kind: string]> {
  return [await tools.cluster(), await tools.localPathProvisioner(), await kindSources()];
}

/**
 * Runs a script in process and mount namespaces of its own: what it starts and mounts (debootstrap does both) ends with
 * it, and it ends with this process.
 */
async function contained(script: string, args: readonly string[]): Promise<void> {
  const namespaces = ['--fork', '--kill-child', '--pid', '--mount-proc', '--'];
  await run('unshare', [...namespaces, script, ...args], { withParent: true });
}
