import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { full, runFolder, tools } from '../harness/index.ts';
import { requirePackages } from '../harness/prerequisites.ts';
import { demoImages } from '../images/index.ts';
import { removeStory } from './clean.ts';
import { Shell } from './shell.ts';
import type { Print } from './shell.ts';
import type { Story } from './story.ts';

const root = join(import.meta.dirname, '../..');

/** People of the story who have a client certificate; the agent has a service account. */
const people = ['alice', 'bob', 'carol'];

export interface PrepareOptions {
  /** Remove what an earlier story left in the cluster (default). */
  readonly clean?: boolean;
}

/** On a machine that has none of them yet: first what the cluster waits for, the rest while it starts. */
async function buildTools(): Promise<void> {
  const { cluster, localPathProvisioner, kind, crane, ...others } = tools;
  for (const build of [cluster, localPathProvisioner, kind, crane, ...Object.values(others)]) await build();
}

/**
 * The cluster, the images and an empty folder: everything before step 1. What is there already is used.
 *
 * @param name of the folder, so that a story of its own has files of its own
 */
export async function prepare(name: string, print: Print, { clean = true }: PrepareOptions = {}): Promise<Story> {
  await requirePackages('demo');
  const [cluster] = await Promise.all([full(), buildTools()]);
  const folder = join(runFolder(), name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all(['charts', 'examples'].map((part) => symlink(join(root, part), join(folder, part))));
  const kubeconfigs = new Map([['admin', cluster.kubeconfig]]);
  const [kubectl, helm] = await Promise.all([tools.kubectl(), tools.helm()]);
  const path = [...new Set([dirname(kubectl), dirname(helm)])];
  const shell = new Shell({ print, cwd: folder, path, people: kubeconfigs });
  const [images] = await Promise.all([
    demoImages(cluster),
    clean ? removeStory(shell) : undefined,
    ...people.map(async (who) => kubeconfigs.set(who, await cluster.persona(who))),
  ]);
  return { cluster, images, shell, print, folder, people: kubeconfigs };
}
