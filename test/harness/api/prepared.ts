/** Control planes that were prepared once and are lent to one test file after the other, as they were then. */
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../lock.ts';
import type { ApiCluster } from '../types.ts';
import { bringBack, takeBaseline, type Baseline } from './baseline.ts';
import { ProcessCluster } from './cluster.ts';
import { newFolder, ownerFile, privateFolder } from './private.ts';

export interface Preparation<T> {
  /** Says what is prepared: of two that say the same, one serves as well as the other. */
  readonly key: string;
  /** Flags of the API server, given its folder. */
  readonly flags: (folder: string) => Promise<Readonly<Record<string, string>>>;
  /** What it gives is JSON. */
  readonly prepare: (cluster: ApiCluster) => Promise<T>;
}

export interface Prepared<T> {
  /** Stopped, it is brought back to what it was and lent again; killed or upgraded meanwhile, it goes. */
  readonly cluster: ApiCluster;
  readonly prepared: T;
  /** Where its files are. */
  readonly folder: string;
}

interface State {
  readonly key: string;
  readonly prepared: unknown;
  readonly since: number;
}

/** One that nobody has. */
interface Free {
  readonly folder: string;
  readonly state: State;
}

const stateFile = 'prepared.json';
const baselineFile = 'baseline.json';
/** So many wait to be lent: each takes 1 GiB. */
const MOST_FREE = 4;
/** Milliseconds. What is prepared has tokens that end. */
const OLDEST = 6 * 3_600_000;

const lockFile = (): string => join(privateFolder(), '..', 'prepared.lock');

/** One that was prepared before, as it was then, or a new one. */
export async function preparedApi<T>(preparation: Preparation<T>): Promise<Prepared<T>> {
  for (let free = await takeFree(preparation.key); free !== undefined; free = await takeFree(preparation.key)) {
    const cluster = await ProcessCluster.find(free.folder);
    // What runs is of the same key: the same preparation wrote it.
    if (cluster !== undefined) return lent(cluster, free.folder, free.state.prepared as T);
    await ProcessCluster.remove(free.folder);
  }
  const folder = await newFolder();
  const cluster = await ProcessCluster.start(folder, { apiServerFlags: await preparation.flags(folder) });
  try {
    const prepared = await preparation.prepare(cluster);
    const baseline = await takeBaseline(cluster.etcd);
    if (baseline !== undefined) {
      await writeBaseline(folder, baseline);
      const state: State = { key: preparation.key, prepared, since: Date.now() };
      await writeFile(join(folder, stateFile), JSON.stringify(state));
    }
    return lent(cluster, folder, prepared);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function lent<T>(cluster: ProcessCluster, folder: string, prepared: T): Prepared<T> {
  cluster.lend(() => giveBack(cluster, folder));
  return { cluster, prepared, folder };
}

async function giveBack(cluster: ProcessCluster, folder: string): Promise<void> {
  const state = await readState(folder);
  const baseline = state === undefined ? undefined : await bringBack(cluster.etcd, await readBaseline(folder));
  if (baseline === undefined) return ProcessCluster.remove(folder);
  await writeBaseline(folder, baseline);
  const gone = await withLock(lockFile(), async () => {
    await writeFile(join(folder, ownerFile), '');
    return (await allFree()).slice(MOST_FREE).map(({ folder: each }) => each);
  });
  await Promise.all(gone.map((each) => ProcessCluster.remove(each)));
}

/** One that is free, which is nobody else's from then on. */
function takeFree(key: string): Promise<Free | undefined> {
  return withLock(lockFile(), async () => {
    const found = (await allFree()).find(({ state }) => state.key === key && Date.now() - state.since < OLDEST);
    if (found !== undefined) await writeFile(join(found.folder, ownerFile), String(process.pid));
    return found;
  });
}

/** Those that nobody has, the youngest first. */
async function allFree(): Promise<readonly Free[]> {
  const names = await readdir(privateFolder()).catch(() => []);
  const all = await Promise.all(
    names.map(async (name) => {
      const folder = join(privateFolder(), name);
      const owner = await readFile(join(folder, ownerFile), 'utf8').catch(() => undefined);
      const state = owner === '' ? await readState(folder) : undefined;
      return state === undefined ? [] : [{ folder, state }];
    }),
  );
  return all.flat().toSorted((a, b) => b.state.since - a.state.since);
}

async function readState(folder: string): Promise<State | undefined> {
  const text = await readFile(join(folder, stateFile), 'utf8').catch(() => undefined);
  // Written above.
  return text === undefined ? undefined : (JSON.parse(text) as State);
}

async function readBaseline(folder: string): Promise<Baseline> {
  // Written below.
  return new Map(JSON.parse(await readFile(join(folder, baselineFile), 'utf8')) as Iterable<[string, never]>);
}

async function writeBaseline(folder: string, baseline: Baseline): Promise<void> {
  const partial = join(folder, `${baselineFile}.new`);
  await writeFile(partial, JSON.stringify([...baseline]));
  await rename(partial, join(folder, baselineFile));
}
