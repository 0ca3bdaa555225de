/**
 * Runs every kind of test, one phase after the other, and ends with `N passed, N failed` from the runner's own counts.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Argument } from 'commander';
import { stopApis } from '../harness/index.ts';
import { commandLine } from '../stage/command-line.ts';
import { forgetRights, recordTests, type EndedTest } from '../stage/uses.ts';
import { TapReader } from './tap.ts';
import type { TapResult } from './tap.ts';

interface Phase {
  readonly name: string;
  readonly files: string | readonly string[];
  /** Test files at once: those that share one machine's two cores with a cluster run fewer. */
  readonly concurrency: number;
  /**
   * A process for each file, not a thread: V8 now and then ends a process in which many threads come and go
   * ("Check failed" in ThreadIsolation::UnregisterWasmAllocation, Node 24.21).
   */
  readonly processes?: true;
  /** On the oldest Kubernetes that is supported. */
  readonly oldest?: true;
  /** Only when it is named: what it proves changes seldom, and it takes long. */
  readonly named?: true;
}

/** What the largest lock costs is measured by policies of twenty times the size, which take a busy machine minutes. */
const LARGEST = 'test/attack/budget.test.ts';
/** They ask our own code more than the API server, and take the longest. */
const ALIKE: readonly string[] = ['vote-keys', 'vote-replay', 'record-retention', 'content-fields', 'flood'].map(
  (name) => `test/attack/${name}.test.ts`,
);

const PHASES: readonly Phase[] = [
  { name: 'unit', files: 'test/unit/**', concurrency: 2, processes: true },
  { name: 'property', files: 'test/property/**', concurrency: 2, processes: true },
  { name: 'chart', files: 'test/chart/**', concurrency: 2 },
  { name: 'cluster', files: 'test/cluster/**', concurrency: 2 },
  { name: 'attack', files: 'test/attack/**', concurrency: 2 },
  { name: 'chaos', files: 'test/chaos/**', concurrency: 2 },
  {
    name: 'oldest',
    files: ['test/oldest/**', 'test/attack/**', ...[LARGEST, ...ALIKE].map((file) => `!${file}`)],
    concurrency: 2,
    oldest: true,
  },
  // The rest of what runs against real API servers, on the oldest: `make test-oldest`, before a release.
  { name: 'cluster-oldest', files: ['test/cluster/**', ...ALIKE], concurrency: 2, oldest: true, named: true },
  // After those that write down which rights they use.
  { name: 'rights', files: 'test/rights/**', concurrency: 1 },
  { name: 'e2e', files: 'test/e2e/**', concurrency: 1 },
  { name: 'removal', files: 'test/removal/**', concurrency: 1 },
];

interface Counts {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  failures: TapResult[];
}

/** Of what a failed test said, at the end of a run. */
const MOST_LINES = 60;

const started = Date.now();
const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

async function run(phase: Phase, counts: Counts): Promise<void> {
  const phaseStarted = Date.now();
  const before = { passed: counts.passed, failed: counts.failed };
  console.log(`\n== ${phase.name} (${seconds(started)} since the start)`);
  const tests: EndedTest[] = [];
  const reader = new TapReader(
    (result) => {
      tests.push(result);
      if (result.skipped !== undefined) {
        counts.skipped.push({ name: result.name, reason: result.skipped });
        console.log(`  - ${result.name} (skipped: ${result.skipped})`);
      } else if (result.ok) {
        counts.passed += 1;
        console.log(`  ok ${result.name}`);
      } else {
        counts.failed += 1;
        counts.failures.push(result);
        console.log(`  FAILED ${result.name}\n${result.diagnostics.join('\n')}`);
      }
    },
    (comment) => {
      if (!/^(tests|pass|fail|skip)\b/.test(comment)) console.log(`     ${comment}`);
    },
  );
  const threads = phase.processes === true ? ['--no-worker-threads'] : [];
  const child = spawn(
    'ava',
    ['--tap', ...threads, '--concurrency', String(phase.concurrency), ...[phase.files].flat()],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...(phase.oldest === true && { TWINLOCK_KUBERNETES: 'oldest' }) },
    },
  );
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  for await (const line of createInterface({ input: child.stdout })) reader.line(line);
  reader.end();
  // What a phase left to the next tests is of no use to the next phase, and takes its memory. The full cluster stays.
  await stopApis();
  await recordTests(
    phase.name,
    tests.map(({ name, at }) => ({ name, at })),
  );
  const code = await exit;
  if (code !== 0 && counts.failed === before.failed) {
    // A file that crashed before its first test, or a phase without tests, must not look like a pass.
    counts.failed += 1;
    counts.failures.push({
      ok: false,
      name: `${phase.name}: ended with code ${code}`,
      skipped: undefined,
      diagnostics: [],
      at: new Date().toISOString(),
    });
  }
  const passed = counts.passed - before.passed;
  console.log(
    `   ${phase.name}: ${passed} passed, ${counts.failed - before.failed} failed in ${seconds(phaseStarted)}`,
  );
}

const { args: wanted } = commandLine(
  'node test/runner/main.ts',
  'Run every kind of test, one phase after the other.',
  'node test/runner/main.ts unit property',
)
  .addArgument(
    new Argument('[phase...]', 'phases (default: all, in this order)').choices(PHASES.map(({ name }) => name)),
  )
  .parse();
// A run in which they are written down anew starts with none.
if (wanted.length === 0 || wanted.includes('cluster')) await forgetRights();
const counts: Counts = { passed: 0, failed: 0, skipped: [], failures: [] };
for (const phase of PHASES) {
  if (wanted.length === 0 ? phase.named !== true : wanted.includes(phase.name)) await run(phase, counts);
}
if (counts.failures.length > 0) {
  console.log('\nFailed:');
  // Once more with all that they said: hours of output stand between, and its end is what is kept of a run.
  for (const { name, at, diagnostics } of counts.failures)
    console.log([`  ${name} (${at})`, ...diagnostics.slice(0, MOST_LINES)].join('\n'));
}
if (counts.skipped.length > 0) {
  console.log('\nSkipped:');
  for (const skip of counts.skipped) console.log(`  ${skip.name}: ${skip.reason}`);
}
const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
console.log(`\nall phases: ${seconds(started)}`);
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
