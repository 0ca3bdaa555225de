import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { found } from '../prerequisites.ts';
import { waitFor } from '../wait.ts';
import { clusterName } from './kind.ts';
import { nodeRepository } from './node-image.ts';
import { registryRepository } from './registry.ts';
import type { Engine } from './engine.ts';

/**
 * Removes the cluster's network and its containers' control groups, and once there is no container at all what podman 4
 * leaves behind the last one: firewall chains and mounts.
 */
export async function removeNetwork(engine: Engine): Promise<void> {
  await engine.run(['network', 'rm', '--force', clusterName()], { check: false });
  if (engine.name !== 'podman') return;
  const { stdout } = await engine.run(['ps', '--all', '--quiet', '--no-trunc']);
  const present = stdout.split('\n').filter((id) => id !== '');
  await removeControlGroups(present);
  if (present.length > 0) return;
  await removeChains();
  await unmountNamespaces();
  await unmountStorage(engine);
}

/** The images made here, but those that a cluster of another instance runs on. */
export async function removeImages(engine: Engine): Promise<void> {
  for (const repository of [nodeRepository, registryRepository]) {
    const { stdout } = await engine.run(['images', '--quiet', '--filter', `reference=${repository}`]);
    const images = stdout.split('\n').filter((id) => id !== '');
    if (images.length > 0) await engine.run(['rmi', ...images], { check: false });
  }
}

/** podman mounts /run/netns onto itself for the containers' network namespaces, and leaves it. */
async function unmountNamespaces(): Promise<void> {
  const left = await readdir('/run/netns').catch(() => ['absent']);
  if (left.length === 0) await run('umount', ['/run/netns'], { check: false });
}

/** podman mounts the folder of its layers onto itself, and leaves it. */
async function unmountStorage(engine: Engine): Promise<void> {
  const { stdout } = await engine.run(['info', '--format', '{{.Store.GraphRoot}}/{{.Store.GraphDriverName}}']);
  await run('umount', [stdout.trim()], { check: false });
}

/**
 * podman's control groups, in each hierarchy: those of containers that are gone, which it leaves when their last process
 * ends late, and once there is none its own. Only a group without a process can be removed.
 */
async function removeControlGroups(present: readonly string[]): Promise<void> {
  const root = '/sys/fs/cgroup';
  const hierarchies = await readdir(root).catch(() => []);
  for (const folder of [root, ...hierarchies.map((name) => join(root, name))]) {
    const parent = join(folder, 'libpod_parent');
    for (const group of await readdir(parent).catch(() => [])) {
      const gone = group === 'conmon' ? present.length === 0 : present.every((id) => !group.endsWith(id));
      if (gone) await removeGroup(join(parent, group)).catch(() => undefined);
    }
    await rmdir(parent).catch(() => undefined);
  }
}

/** A control group and those within it, the innermost first. Killed processes may take a moment to leave it. */
async function removeGroup(group: string): Promise<void> {
  const entries = await readdir(group, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(group, entry.name));
  await waitFor(`${group} to be empty`, () => rmdir(group).then(() => true), { timeout: 2_000, interval: 50 });
}

async function removeChains(): Promise<void> {
  for (const family of ['iptables', 'ip6tables']) {
    if (!(await found(family))) continue;
    for (const table of ['nat', 'filter']) {
      const { stdout } = await run(family, ['-t', table, '-S'], { check: false });
      for (const command of undoing(stdout)) await run(family, ['-t', table, ...command], { check: false });
    }
  }
}

/** What removes netavark's chains from the rules that `iptables -S` lists: first every use, then the chains. */
export function undoing(rules: string): string[][] {
  const words = rules
    .split('\n')
    .map((line) => line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? []);
  const uses = words.filter(([flag, chain, ...rest]) => flag === '-A' && (own(chain) || rest.some(own)));
  const chains = words.filter(([flag, chain]) => flag === '-N' && own(chain));
  return [...uses.map(([, ...rule]) => ['-D', ...rule]), ...chains.map(([, chain = '']) => ['-X', chain])];
}

const own = (chain: string | undefined): boolean => chain?.startsWith('NETAVARK') ?? false;
