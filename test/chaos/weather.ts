import { writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { FaultProxy, type Fate, type Passing } from '../fixtures/scripted-apiserver/index.ts';

/** A bad network and a busy API server, between a process and the cluster. */
export interface Weather {
  /** Path of a kubeconfig that leads through it. */
  readonly kubeconfig: string;
  /** What happened to requests so far, by kind of fault. */
  readonly faults: ReadonlyMap<string, number>;
  /** How many requests it kept from passing as they were; cuts of streams are not counted. */
  readonly met: number;
  /** From now on everything passes. */
  clear(): void;
  stop(): Promise<void>;
}

/**
 * Share of requests, in percent, to what happens to them; the rest passes. One reconcile of a promotion asks some 20 times,
 * so that a third of them fails. Were it most of them, their own backoff would grow to minutes, and the test with it.
 */
const SHARES: readonly (readonly [percent: number, name: string, fate: (chance: number) => Fate])[] = [
  [4, 'delay', (chance) => ({ delay: 20 + chance * 150 })],
  [0.8, 'drop', () => 'drop'],
  [0.8, 'lose', () => 'lose'],
  [0.8, '429', () => ({ status: 429, reason: 'TooManyRequests', headers: { 'retry-after': '1' } })],
  [0.8, '500', () => ({ status: 500, reason: 'InternalError' })],
  [0.5, '503', () => ({ status: 503, reason: 'ServiceUnavailable' })],
];
const CONFLICT = 4;
/** Milliseconds between two cuts of every open watch. */
const CUT_EVERY = 2_000;

/**
 * @param seed the same seed gives the same dice; which request meets which throw still depends on their order
 * @param kubeconfig of the process, as its pod has it
 * @param path where to write the kubeconfig that leads through the weather
 */
export async function startWeather(seed: number, kubeconfig: string, path: string): Promise<Weather> {
  const proxy = await FaultProxy.start(kubeconfig);
  const dice = random(seed);
  const faults = new Map<string, number>();
  const count = (name: string): void => void faults.set(name, (faults.get(name) ?? 0) + 1);
  proxy.script = ({ method, query }: Passing): Fate => {
    let throw_ = dice() * 100;
    if (method === 'PUT' || method === 'PATCH') {
      throw_ -= CONFLICT;
      if (throw_ < 0) {
        count('409');
        return { status: 409, reason: 'Conflict' };
      }
    }
    for (const [percent, name, fate] of SHARES) {
      throw_ -= percent;
      if (throw_ >= 0) continue;
      // A stream cannot be delayed or lost: it is cut.
      if (query.has('watch') && (name === 'lose' || name === 'delay')) return undefined;
      count(name);
      return fate(dice());
    }
    return undefined;
  };
  const cutting = setInterval(() => {
    proxy.cut();
    count('cut');
  }, CUT_EVERY);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'weather', cluster: { server: proxy.config.server } }],
    users: [{ name: 'process', user: {} }],
    contexts: [{ name: 'weather', context: { cluster: 'weather', user: 'process' } }],
    'current-context': 'weather',
  };
  await writeFile(path, JSON.stringify(config));
  const clear = (): void => {
    clearInterval(cutting);
    proxy.script = () => undefined;
  };
  return {
    kubeconfig: path,
    faults,
    get met() {
      return [...faults].reduce((sum, [kind, times]) => (kind === 'cut' ? sum : sum + times), 0);
    },
    clear,
    stop: async () => {
      clear();
      await proxy.stop();
    },
  };
}

/** Numbers in [0, 1) that a seed fixes; they come round again after many. */
function random(seed: number): () => number {
  const thrown = fc.sample(fc.noBias(fc.integer({ min: 0, max: 999_999 })), { seed, numRuns: 10_000 });
  let next = 0;
  return () => (thrown[next++ % thrown.length] ?? 0) / 1_000_000;
}

/** TWINLOCK_CHAOS_SEED repeats a run's dice. */
export function chaosSeed(): number {
  return Number(process.env['TWINLOCK_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
}
