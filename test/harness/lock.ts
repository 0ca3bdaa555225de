import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HarnessError } from './errors.ts';

/**
 * Does work while no other process of this machine holds the same lock.
 *
 * The kernel holds the lock for a flock(1) child that ends with our pipe to it, so a killed process leaves no stale lock.
 *
 * @param waiting is called once when somebody else has the lock
 */
export async function withLock<T>(path: string, work: () => Promise<T>, waiting?: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const child = spawn('flock', ['--exclusive', path, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => undefined);
  const late = waiting === undefined ? undefined : setTimeout(waiting, 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('error', (cause) =>
        reject(new HarnessError('Prerequisite', `flock is missing: install the package util-linux`, { cause })),
      );
      child.once('exit', (code) => reject(new HarnessError('CommandFailed', `flock ${path} ended with ${code}`)));
    });
    clearTimeout(late);
    return await work();
  } finally {
    clearTimeout(late);
    child.stdin.end();
  }
}
