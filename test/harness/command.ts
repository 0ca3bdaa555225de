import { spawn } from 'node:child_process';
import { HarnessError } from './errors.ts';
import type { CommandResult } from './types.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Throw when the exit code is not 0 (default). */
  readonly check?: boolean;
  /** Kill it when this process is killed, so that nothing goes on behind the back of whoever cleans up. */
  readonly withParent?: boolean;
  /** Milliseconds until it is killed; none by default. */
  readonly timeout?: number;
}

// util-linux; see PR_SET_PDEATHSIG in prctl(2).
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'];

/**
 * Runs a program to its end.
 *
 * @throws HarnessError `CommandFailed` with what it printed last; `Timeout`; `Prerequisite` when it does not exist
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env, input, check = true, withParent = false, timeout }: CommandOptions = {},
): Promise<CommandResult> {
  const [file = program, ...rest] =
    withParent && process.platform === 'linux' ? [...dieWithParent, program] : [program];
  const child = spawn(file, [...rest, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'pipe',
    timeout,
    killSignal: 9,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new HarnessError('Prerequisite', `cannot run ${program}: ${cause.message}`, { cause })),
    );
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const result = {
    code: code ?? 128,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
  if (signal !== null && timeout !== undefined) {
    throw new HarnessError('Timeout', `${line(program, args)} did not end in ${timeout} ms\n${tail(result)}`);
  }
  if (check && result.code !== 0) {
    throw new HarnessError('CommandFailed', `${line(program, args)} ended with ${signal ?? code}\n${tail(result)}`);
  }
  return result;
}

function line(program: string, args: readonly string[]): string {
  return [program.split('/').at(-1), ...args].join(' ').slice(0, 300);
}

function tail({ stdout, stderr }: CommandResult): string {
  return (stderr.trim() || stdout.trim()).split('\n').slice(-30).join('\n');
}
