/** Runs test files of the sandbox, with one mutant awake or none. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Run {
  readonly code: number | 'timeout';
  readonly output: string;
  readonly milliseconds: number;
}

function ava(folder: string, args: readonly string[], environment: NodeJS.ProcessEnv, limit: number): Promise<Run> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    // A group of its own: a mutant that never ends is killed with the processes of its test files.
    const child = spawn('ava', ['--concurrency', '1', ...args], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, limit);
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: late ? 'timeout' : (code ?? 1), output, milliseconds: performance.now() - started });
    });
  });
}

/** For each mutant, the test files that reach its code. */
export type Reach = ReadonlyMap<string, readonly string[]>;

/** What `reached.ts` leaves behind of a test file. */
interface Reached {
  readonly file: string;
  readonly reached: readonly string[];
  readonly seconds: number;
}

/** A file that takes longer is asked after the others. */
const QUICK_SECONDS = 10;

/** Quick files before slow ones; of them what reaches least is about that code most of all. */
function byNearness(a: Reached, b: Reached): number {
  const slow = Number(a.seconds > QUICK_SECONDS) - Number(b.seconds > QUICK_SECONDS);
  return slow === 0 ? a.reached.length - b.reached.length : slow;
}

/**
 * Runs the unit and property tests once with no mutant awake.
 * @returns Which test files reach which mutant, and how long all of them took.
 * @throws When the tests fail without any mutant.
 */
export async function reachOf(folder: string): Promise<{ readonly reach: Reach; readonly milliseconds: number }> {
  const left = await mkdtemp(join(tmpdir(), 'twinlock-reached-'));
  try {
    const files = ['test/unit/**', 'test/property/**'];
    const { code, output, milliseconds } = await ava(folder, files, { TWINLOCK_MUTANTS_REACHED: left }, 20 * 60 * 1000);
    if (code !== 0) throw new Error(`the tests fail without any mutant, mend them first:\n${output.slice(-4_000)}`);
    const reports: Reached[] = [];
    for (const name of await readdir(left)) {
      const { file, reached, seconds }: Reached = JSON.parse(await readFile(join(left, name), 'utf8'));
      reports.push({ file: relative(folder, fileURLToPath(file)), reached, seconds });
    }
    const reach = new Map<string, string[]>();
    for (const { file, reached } of reports.toSorted(byNearness))
      for (const id of reached) reach.set(id, [...(reach.get(id) ?? []), file]);
    return { reach, milliseconds };
  } finally {
    await rm(left, { recursive: true, force: true });
  }
}

export type Outcome = 'killed' | 'survived' | 'timeout' | 'not reached';

/** Test files that are asked first; most mutants end there, and the others are asked all of the rest. */
const NEAREST = 5;

/** Runs the test files that reach a mutant, with it awake, to the first failure. */
export async function judge(
  folder: string,
  id: string,
  files: readonly string[],
  limit: number,
): Promise<{ readonly outcome: Outcome; readonly milliseconds: number }> {
  let outcome: Outcome = 'not reached';
  let spent = 0;
  for (const some of [files.slice(0, NEAREST), files.slice(NEAREST)]) {
    if (some.length === 0) break;
    const { code, milliseconds } = await ava(
      folder,
      ['--fail-fast', ...some],
      { __STRYKER_ACTIVE_MUTANT__: id },
      limit,
    );
    spent += milliseconds;
    outcome = code === 'timeout' ? 'timeout' : code === 0 ? 'survived' : 'killed';
    if (outcome !== 'survived') break;
  }
  return { outcome, milliseconds: spent };
}
