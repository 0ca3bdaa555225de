/**
 * Which lines, branches and functions of the operator the unit and property tests reach: a table by room, and
 * `coverage/` with every line.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { commandLine } from '../stage/command-line.ts';
import { roomTable, type Summary } from './rooms.ts';

const report = 'coverage';

commandLine(
  'node test/coverage/main.ts',
  'Show which lines, branches and functions of the operator the unit and property tests reach, by room.',
  'node test/coverage/main.ts',
).parse();

async function run(temporary: string): Promise<number> {
  const args = [
    '--temp-directory',
    temporary,
    '--reports-dir',
    report,
    '--all',
    '--src',
    'operator',
    '--include',
    'operator/**/*.ts',
    // Types are erased: no run ever loads such a file.
    '--exclude',
    'operator/**/types.ts',
    '--reporter',
    'json-summary',
    '--reporter',
    'html',
    // Child processes: each leaves what it covered when it ends.
    'ava',
    '--no-worker-threads',
    '--concurrency',
    '2',
    '--tap',
    'test/unit/**',
    'test/property/**',
  ];
  const child = spawn('c8', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const temporary = await mkdtemp(join(tmpdir(), 'twinlock-coverage-'));
try {
  const code = await run(temporary);
  const files: Readonly<Record<string, Summary>> = JSON.parse(
    await readFile(join(report, 'coverage-summary.json'), 'utf8'),
  );
  const named = Object.entries(files).filter(([file]) => file !== 'total');
  console.log(roomTable(named.map(([file, summary]) => [relative('.', file), summary])));
  console.log(`each line: ${report}/index.html`);
  if (code !== 0) console.error('some tests failed: `make test-unit` says which');
  process.exitCode = code;
} finally {
  await rm(temporary, { recursive: true, force: true });
}
