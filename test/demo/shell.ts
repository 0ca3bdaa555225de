import { delimiter } from 'node:path';
import { HarnessError, run } from '../harness/index.ts';

/** Where a told story goes, line by line. */
export type Print = (line: string) => void;

export interface RunOptions {
  /** The command must be refused (exit code other than 0) and what it prints must match all of these. */
  readonly refused?: readonly RegExp[];
  /** How many lines of its output are shown (default 6). 0: none. */
  readonly show?: number;
  /** Milliseconds until it is killed (default 90,000). */
  readonly timeout?: number;
}

export interface ShellOptions {
  readonly print: Print;
  /** Where commands run; what is written for them lies there. */
  readonly cwd: string;
  /** Folders with kubectl and helm, in front of PATH. */
  readonly path: readonly string[];
  /** Kubeconfig of each person; who is not in it cannot act. */
  readonly people: ReadonlyMap<string, string>;
}

/** Runs the very command lines that it prints, each as one person. */
export class Shell {
  readonly #options: ShellOptions;

  constructor(options: ShellOptions) {
    this.#options = options;
  }

  /**
   * Runs a command line in bash.
   *
   * @param who whose kubeconfig is used
   * @returns what it printed on standard output (for a refused one: on standard error)
   * @throws HarnessError `CommandFailed` when it fails, or when a command that must be refused is not
   */
  async run(who: string, line: string, { refused, show = 6, timeout = 90_000 }: RunOptions = {}): Promise<string> {
    const kubeconfig = this.#options.people.get(who);
    if (kubeconfig === undefined) throw new HarnessError('Configuration', `nobody is called ${who} in this story`);
    const env = {
      KUBECONFIG: kubeconfig,
      PATH: [...this.#options.path, process.env['PATH'] ?? ''].join(delimiter),
    };
    const from = performance.now();
    const args = ['-o', 'pipefail', '-ec', line];
    const { code, stdout, stderr } = await run('bash', args, { cwd: this.#options.cwd, env, check: false, timeout });
    const output = code === 0 ? stdout : `${stdout}${stderr}`;
    this.#tell(who, line, output, show, performance.now() - from);
    if (refused === undefined) {
      if (code !== 0)
        throw new HarnessError('CommandFailed', `${who}: ${line}\nended with ${code}: ${stderr || stdout}`);
      return stdout;
    }
    if (code === 0)
      throw new HarnessError('CommandFailed', `${who}: ${line}\nmust be refused, but it was done:\n${stdout}`);
    const unmatched = refused.find((pattern) => !pattern.test(stderr));
    if (unmatched) {
      throw new HarnessError('CommandFailed', `${who}: ${line}\nwas refused, but without ${unmatched}:\n${stderr}`);
    }
    return stderr;
  }

  /** All at once, each told when it ends. */
  async all(...commands: readonly (readonly [who: string, line: string, options?: RunOptions])[]): Promise<string[]> {
    return Promise.all(commands.map(([who, line, options]) => this.run(who, line, options)));
  }

  #tell(who: string, line: string, output: string, show: number, milliseconds: number): void {
    const { print } = this.#options;
    const [first, ...rest] = line.split('\n');
    print(`  ${who}$ ${first}`);
    for (const more of rest) print(`  ${' '.repeat(who.length)}  ${more}`);
    const lines = output
      .trimEnd()
      .split('\n')
      .filter((text) => text.trim() !== '');
    for (const text of lines.slice(0, show)) print(`    ${text.length > 400 ? `${text.slice(0, 400)} ...` : text}`);
    if (show > 0 && lines.length > show) print(`    ... ${lines.length - show} more lines`);
    print(`    (${(milliseconds / 1000).toFixed(1)} s)`);
  }
}
