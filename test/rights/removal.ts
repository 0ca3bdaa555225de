/** Takes a right away and runs a test that used it: it has to fail, and for that reason. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { existsSync } from 'node:fs';
import { TapReader } from '../runner/tap.ts';
import type { Right } from '../stage/rights.ts';
import type { Use } from '../stage/uses.ts';
import { ITSELF, nameOf, WHOLE_FILE, type NamedTest } from './missed.ts';

/** What became of a right that was taken away. */
export interface Removal {
  readonly right: Right;
  /** The test that failed; nothing when none did. */
  readonly failed: NamedTest | undefined;
  /** Tests that went well without it. */
  readonly passed: readonly string[];
  readonly seconds: number;
}

/** Of their deadlines, what tests wait that are to fail: with all rights they have to pass within it too. */
const PATIENCE = '0.5';
/** Files that are tried before a right counts as one that nobody misses. */
const MOST = 8;
/** Milliseconds that a run may take: without a right some tests wait for what does not come, one after the other. */
const LONGEST = 5 * 60_000;

interface Outcome {
  readonly failed: readonly string[];
  readonly refused: boolean;
}

/** Runs a test file to its first failure, or one test of it. */
async function run(right: Right | undefined, file: string, title?: string): Promise<Outcome> {
  const path = `test/${file}.test.ts`;
  if (!existsSync(path)) throw new Error(`there is no test file ${path}`);
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-without-'));
  const refusals = join(folder, 'refusals');
  try {
    const only = title === undefined ? [] : ['--match', title];
    const child = spawn('ava', ['--tap', '--fail-fast', '--timeout', '2m', ...only, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: LONGEST,
      env: {
        ...process.env,
        TWINLOCK_PATIENCE: PATIENCE,
        TWINLOCK_REFUSALS: refusals,
        ...(right !== undefined && { TWINLOCK_WITHOUT: right }),
      },
    });
    const exit = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
    const failed: string[] = [];
    const reader = new TapReader(
      ({ ok, name }) => void (ok || failed.push(name)),
      () => undefined,
    );
    for await (const line of createInterface({ input: child.stdout })) reader.line(line);
    reader.end();
    if ((await exit) !== 0 && failed.length === 0) failed.push(WHOLE_FILE);
    return { failed, refused: (await readFile(refusals, 'utf8').catch(() => '')) !== '' };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each test that failed is run once with all rights, alone if it can be: what fails then too says nothing. */
const controls = new Map<string, Promise<boolean>>();
function passesWithAll(file: string, title: string): Promise<boolean> {
  const passes = async (only?: string): Promise<boolean> => {
    const { failed } = await run(undefined, file, only);
    return !failed.includes(title) && (only === undefined || failed.length === 0);
  };
  const key = JSON.stringify([file, title]);
  const running = controls.get(key) ?? passes(title).then((well) => well || passes());
  controls.set(key, running);
  return running;
}

/** Takes a right away from tests that used it, the quickest first, until one fails. */
export async function remove(right: Right, uses: readonly Use[]): Promise<Removal> {
  const started = performance.now();
  const passed: string[] = [];
  const ended = (failed: NamedTest | undefined): Removal => ({
    right,
    failed,
    passed,
    seconds: Math.round((performance.now() - started) / 1000),
  });
  const [own] = uses;
  if (own?.removes === true) return ended({ file: own.file, test: own.title ?? ITSELF });
  for (const { file, title } of uses.slice(0, MOST))
    // One test alone where the runner knows which; the whole file where that one does not miss it, or needs the others.
    for (const only of title === undefined ? [undefined] : [title, undefined]) {
      const { failed, refused } = await run(right, file, only);
      const [first] = failed;
      const test = first ?? only ?? 'all of it';
      if (first === undefined || !refused) passed.push(nameOf({ file, test }));
      else if (await passesWithAll(file, first)) return ended({ file, test });
    }
  return ended(undefined);
}
