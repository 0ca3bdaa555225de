/** The folders of control planes that somebody has for himself. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../cache.ts';
import { requirePackages } from '../prerequisites.ts';
import { ProcessCluster } from './cluster.ts';

/** In its folder: the process that has it. Empty: nobody has. */
export const ownerFile = 'owner.pid';
export const privateFolder = (): string => join(runFolder(), 'private');

/** A folder for a control plane of this process; what a killed one left running is removed. */
export async function newFolder(): Promise<string> {
  await requirePackages('api');
  await removeOrphans();
  const folder = join(privateFolder(), randomUUID().slice(0, 8));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, ownerFile), String(process.pid));
  return folder;
}

/** Ends all of them, whoever started them. */
export async function removePrivates(): Promise<void> {
  await Promise.all((await privates()).map((name) => ProcessCluster.remove(join(privateFolder(), name))));
}

async function privates(): Promise<string[]> {
  return readdir(privateFolder()).catch(() => []);
}

async function removeOrphans(): Promise<void> {
  for (const name of await privates()) {
    const folder = join(privateFolder(), name);
    const owner = await readFile(join(folder, ownerFile), 'utf8').catch(() => '');
    if (owner !== '' && !runs(Number(owner))) await ProcessCluster.remove(folder);
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
