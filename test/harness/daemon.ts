import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { waitFor } from './wait.ts';

/**
 * A program that runs in the background, known by a pid file in a folder of its cluster. Its command line names that
 * folder, so a pid that some other program has meanwhile is never taken for it.
 */
export class Daemon {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  get log(): string {
    return join(this.#folder, `${this.#name}.log`);
  }

  get #pidFile(): string {
    return join(this.#folder, `${this.#name}.pid`);
  }

  /** Starts it in a session of its own, so that neither Ctrl-C nor the end of this process reaches it. */
  async start(program: string, args: readonly string[]): Promise<void> {
    const log = openSync(this.log, 'a');
    try {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', log, log],
        cwd: this.#folder,
        // Processor time is what a test machine lacks, and memory is not: Go collects a third as often.
        env: { GOGC: '300', ...process.env },
      });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      await writeFile(this.#pidFile, String(child.pid));
      child.unref();
    } finally {
      closeSync(log);
    }
  }

  /** Its process id while it runs. */
  async pid(): Promise<number | undefined> {
    const text = await readFile(this.#pidFile, 'utf8').catch(() => '');
    const pid = Number(text);
    if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
    const { stdout } = await run('ps', ['-o', 'stat=,args=', '-ww', '-p', text], { check: false });
    // Z: ended already, only not yet reaped by its parent.
    return stdout.includes(this.#folder) && !stdout.startsWith('Z') ? pid : undefined;
  }

  /**
   * Ends it and returns when it is gone.
   *
   * @param grace milliseconds after SIGTERM until SIGKILL; 0 kills at once
   */
  async stop(grace: number): Promise<void> {
    const pid = await this.pid();
    if (pid !== undefined) {
      const gone = async (timeout: number): Promise<boolean> =>
        waitFor(`${this.#name} ends`, async () => (await this.pid()) === undefined, { timeout }).catch(() => false);
      if (grace > 0) signal(pid, 'SIGTERM');
      if (grace === 0 || !(await gone(grace))) {
        signal(pid, 'SIGKILL');
        await waitFor(`${this.#name} is killed`, async () => (await this.pid()) === undefined);
      }
    }
    await rm(this.#pidFile, { force: true });
  }

  async lastLines(count: number): Promise<string> {
    const text = await readFile(this.log, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-count).join('\n');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}
