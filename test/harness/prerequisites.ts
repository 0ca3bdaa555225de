import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { withLock } from './lock.ts';
import { step } from './progress.ts';

/** What proves a Debian package to be there: a program on PATH or an absolute path. */
type Packages = Readonly<Record<string, string>>;

const api: Packages = { openssl: 'openssl', procps: 'ps', 'util-linux': 'flock' };

const podman: Packages = {
  podman: 'podman',
  conmon: 'conmon',
  runc: 'runc',
  netavark: '/usr/lib/podman/netavark',
  'aardvark-dns': '/usr/lib/podman/aardvark-dns',
  nftables: '/usr/sbin/nft',
  iptables: '/usr/sbin/iptables',
  conntrack: 'conntrack',
};

const nodeImage: Packages = {
  debootstrap: 'debootstrap',
  containerd: 'containerd',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  'busybox-static': 'busybox',
  jq: 'jq',
};

const demo: Packages = { jq: 'jq', 'openssh-client': 'ssh-keygen' };

const needs = { api, podman, nodeImage, demo } as const;

/**
 * Makes sure that the programs of other projects that a part of the harness runs are there: on Debian, as root, missing
 * ones are installed; elsewhere it says in one line what is missing.
 *
 * @throws HarnessError `Prerequisite`
 */
export async function requirePackages(part: keyof typeof needs): Promise<void> {
  const missing = await missingPackages(part);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !(await found('apt-get'))) {
    throw new HarnessError('Prerequisite', `missing packages, install them: ${missing.join(' ')}`);
  }
  await withLock(join(cacheFolder(), 'locks', 'apt'), async () => {
    const still = await missingPackages(part);
    if (still.length === 0) return;
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await step(`installing ${still.join(' ')}`, async () => {
      await run('apt-get', ['-q', 'update'], { env });
      await run('apt-get', ['-qy', 'install', '--no-install-recommends', ...still], { env });
    });
  });
}

/** Whether a program is on PATH (or, given an absolute path, there). */
export async function found(program: string): Promise<boolean> {
  const places = isAbsolute(program)
    ? [program]
    : [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].map((folder) => join(folder, program));
  const hits = await Promise.all(
    places.map((place) =>
      access(place, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return hits.includes(true);
}

async function missingPackages(part: keyof typeof needs): Promise<string[]> {
  const wanted = Object.entries(needs[part]);
  const there = await Promise.all(wanted.map(([, proof]) => found(proof)));
  return wanted.filter((_, index) => !there[index]).map(([name]) => name);
}
