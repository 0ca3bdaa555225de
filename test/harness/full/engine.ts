import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { HarnessError } from '../errors.ts';
import { found, requirePackages } from '../prerequisites.ts';
import type { CommandOptions } from '../command.ts';
import type { CommandResult } from '../types.ts';

/** The container engine under kind. */
export interface Engine {
  readonly name: 'docker' | 'podman';
  /** What kind needs in its environment to use this engine. */
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

const containersConf = join(import.meta.dirname, '..', 'node-image', 'containers.conf');

/** Docker where its daemon answers, podman otherwise (installed when it can be). */
export async function engine(): Promise<Engine> {
  if (await dockerAnswers()) return make('docker', { KIND_EXPERIMENTAL_PROVIDER: 'docker' });
  await requirePackages('podman');
  if (process.getuid?.() !== 0) {
    throw new HarnessError(
      'Prerequisite',
      'no Docker daemon answers, and podman needs root here: start Docker, or use root',
    );
  }
  // kind mounts it into its nodes; machines whose kernel has no modules lack it.
  await mkdir('/lib/modules', { recursive: true });
  return podman();
}

function podman(): Engine {
  return make('podman', { KIND_EXPERIMENTAL_PROVIDER: 'podman', CONTAINERS_CONF: containersConf });
}

/** The engine when one is already installed: for cleaning up, which installs nothing. */
export async function presentEngine(): Promise<Engine | undefined> {
  if (await dockerAnswers()) return engine();
  return (await found('podman')) ? podman() : undefined;
}

async function dockerAnswers(): Promise<boolean> {
  if (!(await found('docker'))) return false;
  const { code } = await run('docker', ['info', '--format', '{{.ServerVersion}}'], { check: false, timeout: 10_000 });
  return code === 0;
}

function make(name: Engine['name'], env: Engine['env']): Engine {
  return {
    name,
    env,
    run: (args, options = {}) => run(name, args, { ...options, env: { ...env, ...options.env } }),
  };
}
