import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const root = join(import.meta.dirname, '../..');
const mains = globSync('test/*/main.ts', { cwd: root }).toSorted();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(main: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, out, err };
}

test('the command lines are found', (t) => {
  t.true(mains.length >= 8, mains.join(', '));
});

// One after the other: each loads what it would run.
for (const main of mains) {
  test.serial(`${main} says how it is used, with an example`, async (t) => {
    t.timeout(120_000);
    const { code, out, err } = await run(main, '--help');
    t.is(code, 0, err);
    t.regex(out, /^Usage: /);
    t.regex(out, /\nExamples?:\n {2}\$ /);
  });

  test.serial(`${main} takes no option that it does not know for anything else`, async (t) => {
    t.timeout(120_000);
    const { code, out, err } = await run(main, '--no-such-option');
    t.is(code, 2, `${out}${err}`);
    t.regex(err, /unknown option '--no-such-option'/);
    t.regex(err, /\nUsage: /);
    t.is(out, '', 'nothing was begun');
  });
}
