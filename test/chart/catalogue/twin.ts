import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { bindingsOf } from '../../../operator/environments/decide/resolve/index.ts';
import { insideURL } from '../../../operator/environments/naming/index.ts';
import { freePorts, momentaryFolder, waitFor } from '../../harness/index.ts';
import type { Version } from './entries.ts';

/** What a twin's image has, on this machine. */
export interface Program {
  /** Entry point of the image; what the entry's `command` says goes before it. */
  readonly entrypoint?: readonly string[];
  /** The image's working directory. */
  readonly cwd?: string;
  /** Where programs are found first. */
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A twin that runs until it is disposed of. */
export interface Running extends AsyncDisposable {
  /** What its entry gives to every workload of an environment, and nothing else. */
  readonly variables: Readonly<Record<string, string>>;
  /** Address of a port of the entry. */
  readonly at: (port: number) => string;
}

/**
 * Runs a twin as its entry of the catalogue says: command, arguments, variables, readiness. Ports and directories are free
 * ones of this machine, wherever the entry writes its own.
 */
export async function start(name: string, version: Version, program: Program): Promise<Running> {
  const folder = await momentaryFolder();
  const own = portsOf(version);
  const free = await freePorts(own.length);
  const ports = new Map(own.map((port, index) => [port, free[index] ?? 0]));
  const here = replacing(version, ports, folder);
  const [file = '', ...args] = [...(version.command ?? program.entrypoint ?? []), ...(version.args ?? [])].map(here);
  const directories = directoriesOf(version).map((path) => join(folder, path));
  await Promise.all(directories.map((path) => mkdir(path, { recursive: true })));
  const child = spawn(file, args, {
    cwd: program.cwd ?? folder,
    env: {
      PATH: [program.path ?? '', process.env['PATH'] ?? ''].filter((path) => path !== '').join(delimiter),
      HOME: folder,
      ...program.env,
      ...Object.fromEntries((version.env ?? []).map(({ name, value }) => [name, here(value)])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  const hear = (data: Buffer): void => {
    said = `${said}${data.toString()}`.slice(-4000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const dispose = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const port = ports.get(own[0] ?? 0) ?? 0;
  try {
    await waitFor(
      `the twin ${name} to be ready`,
      async (seen) => {
        seen(said);
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said}`);
        return isReady(version, ports);
      },
      { timeout: 60_000 },
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    variables: variablesOf(name, version, port),
    at: (port) => `127.0.0.1:${ports.get(port)}`,
    [Symbol.asyncDispose]: dispose,
  };
}

/** The vendor's first. */
function portsOf({ port, ports = [], adminPort }: Version): readonly number[] {
  return [port, ...ports.map((each) => each.port), adminPort].filter((each) => each !== undefined);
}

function directoriesOf({ statePath, writablePaths = [] }: Version): readonly string[] {
  return [...(statePath === undefined ? [] : [statePath]), ...writablePaths];
}

/** Puts this machine's ports and directories where a text has those of the entry. */
function replacing(version: Version, ports: ReadonlyMap<number, number>, folder: string): (text: string) => string {
  const directories = [...directoriesOf(version)].sort((a, b) => b.length - a.length);
  const words = [
    ...[...ports.keys()].map((port) => `(?<![0-9.])${port}(?![0-9.])`),
    ...directories.map((path) => `(?<![A-Za-z0-9._/-])${path}(?![A-Za-z0-9._-])`),
  ];
  const known = new RegExp(words.join('|'), 'g');
  return (text) => text.replace(known, (word) => String(ports.get(Number(word)) ?? join(folder, word)));
}

/** As the kubelet asks. */
async function isReady({ readiness, port, ports }: Version, chosen: ReadonlyMap<number, number>): Promise<boolean> {
  const first = port ?? ports?.[0]?.port ?? 0;
  if (readiness?.path === undefined) return isOpen(chosen.get(first) ?? 0);
  const asked = port ?? ports?.find(({ protocol }) => protocol === 'HTTP')?.port ?? first;
  const { status } = await fetch(`http://127.0.0.1:${chosen.get(asked)}${readiness.path}`, { redirect: 'manual' });
  return status >= 200 && status < 400;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The variables of an environment's containers, as the operator works them out. */
function variablesOf(name: string, version: Version, port: number): Readonly<Record<string, string>> {
  const protocol = version.ports?.[0]?.protocol ?? 'HTTP';
  const host = '127.0.0.1';
  const service = {
    name,
    mode: 'Twin',
    chosen: undefined,
    outdated: false,
    endpoint: { url: insideURL(host, port, protocol), host, port },
    twin: undefined,
    claim: undefined,
    expose: 'None',
    bindings: version.bindings ?? [],
    dummyKey: version.dummyKey,
    liveKeyPatterns: version.liveKeyPatterns ?? [],
  } as const;
  const found = bindingsOf([service], [], { environment: 'pr-42', endpoint: undefined });
  if (!('bindings' in found)) throw new Error(`the bindings of ${name} do not hold`);
  return Object.fromEntries(found.bindings.flatMap(({ env, value }) => (value === undefined ? [] : [[env, value]])));
}
