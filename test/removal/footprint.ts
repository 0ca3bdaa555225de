import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { run, runFolder } from '../harness/index.ts';
import { presentEngine, type Engine } from '../harness/full/engine.ts';
import { clusterName, nodes } from '../harness/full/kind.ts';

/** What a cluster of the harness takes of this machine: words by which its traces are known. */
export interface Owned {
  readonly engine: Engine | undefined;
  /** Container ids, in full. */
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  /** Addresses of the containers, which firewall rules name. */
  readonly addresses: readonly string[];
  /** The interface that joins the containers on this machine, e.g. `podman1`. */
  readonly bridges: readonly string[];
}

interface Inspected {
  readonly Id: string;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}

/** Asked while the cluster runs: afterwards nobody could say what was its own. */
export async function ownedNow(): Promise<Owned> {
  const engine = await presentEngine();
  if (engine === undefined) return { engine, containers: [], volumes: [], addresses: [], bridges: [] };
  const names = [...(await nodes(engine)), `${clusterName()}-registry`];
  const { stdout } = await engine.run(['inspect', '--type', 'container', ...names]);
  const inspected = JSON.parse(stdout) as Inspected[];
  const network = await engine.run(['network', 'inspect', clusterName()]);
  const [{ network_interface: bridge } = {}] = JSON.parse(network.stdout) as { network_interface?: string }[];
  return {
    engine,
    containers: inspected.map(({ Id }) => Id),
    volumes: inspected.flatMap(({ Mounts }) =>
      Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== undefined ? [Name] : [])),
    ),
    addresses: inspected.flatMap(({ NetworkSettings }) =>
      Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress),
    ),
    bridges: bridge === undefined ? [] : [bridge],
  };
}

/** Every trace of it on this machine, each with the kind of thing that it is. */
export async function traces(owned: Owned): Promise<string[]> {
  const { engine, containers, volumes, addresses, bridges } = owned;
  const listed = async (args: readonly string[]): Promise<string[]> =>
    engine === undefined ? [] : (await engine.run(args)).stdout.split('\n').map((line) => line.trim());

  const firewall = (await Promise.all(['iptables', 'ip6tables'].map((program) => lines(program, ['-S'])))).flat();
  const nat = (await Promise.all(['iptables', 'ip6tables'].map((p) => lines(p, ['-t', 'nat', '-S'])))).flat();
  // What podman shares between all its containers is nobody's once the last one is gone.
  const alone = engine?.name === 'podman' && (await listed(['ps', '--all', '--quiet'])).every((id) => id === '');
  const shared = alone ? ['NETAVARK_FORWARD', 'NETAVARK_INPUT', 'NETAVARK-HOSTPORT-DNAT', 'NETAVARK_ISOLATION_2'] : [];
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const found = {
    container: (await listed(['ps', '--all', '--no-trunc', '--format', '{{.ID}}'])).filter((id) =>
      containers.includes(id),
    ),
    volume: (await listed(['volume', 'ls', '--format', '{{.Name}}'])).filter((name) => volumes.includes(name)),
    network: (await listed(['network', 'ls', '--format', '{{.Name}}'])).filter((name) => name === clusterName()),
    interface: (await readdir('/sys/class/net')).filter((name) => bridges.includes(name)),
    'firewall rule': [...firewall, ...nat].filter((rule) => withAny(rule, [...addresses, ...shared])),
    'packet rule': (await lines('nft', ['list', 'ruleset'])).filter((rule) => withAny(rule, [...addresses, ...shared])),
    process: (await lines('ps', ['-eo', 'pid=,stat=,args=', '-ww'])).filter(
      (line) => withAny(line, [...containers, runFolder()]) && !/^\s*\d+ Z/.test(line) && !line.includes(' ps -eo '),
    ),
    mount: mounts.filter(
      (path) =>
        withAny(path, [...containers, ...volumes, runFolder()]) ||
        (alone && (path === '/run/netns' || path.endsWith('/containers/storage/overlay'))),
    ),
    'control group': await controlGroups([...containers, ...(alone ? ['libpod_parent'] : [])]),
    file: await under(runFolder()),
  };
  return Object.entries(found).flatMap(([what, things]) => things.map((thing) => `${what}: ${thing}`));
}

/** Makes what podman leaves, now and then, of a container whose last process ends late: groups without a process. */
export async function leaveControlGroups(): Promise<void> {
  const parents = (await controlGroups(['libpod_parent'])).filter((path) => basename(path) === 'libpod_parent');
  for (const parent of parents)
    await mkdir(join('/sys/fs/cgroup', parent, `libpod-${'0'.repeat(64)}`, 'init.scope'), { recursive: true });
}

/** Folders of control groups whose path holds such a word. */
async function controlGroups(words: readonly string[]): Promise<string[]> {
  const all = await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => []);
  const groups = all.filter((path) => path.endsWith('/cgroup.procs')).map((path) => dirname(path));
  return groups.filter((path) => words.some((word) => path.includes(word)));
}

async function under(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true }).catch(() => [])).map((name) => `${folder}/${name}`);
}

/** Whether a line names one of the things: a path anywhere, a name or an address as a word of its own. */
function withAny(line: string, things: readonly string[]): boolean {
  const words = new Set(line.split(/[^\w.-]+/));
  return things.some((thing) => (thing.includes('/') ? line.includes(thing) : words.has(thing)));
}

/** What a program prints, line by line; nothing where it does not exist. */
async function lines(program: string, args: readonly string[]): Promise<string[]> {
  const { stdout } = await run(program, args, { check: false }).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter((line) => line.trim() !== '');
}
