import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { operatorBundle, operatorEnvironment, operatorFlags } from '../images/bundle.ts';
import { freePorts, waitFor } from '../harness/index.ts';
import type { Stage } from '../stage/stage.ts';
import { image, median } from './stage.ts';
import type { Figure } from './figure.ts';

/** The operator as its image runs it: bundled, in a process of its own. */
export interface Operator {
  /** Milliseconds from the start of the process until it was ready. */
  readonly readyAfter: number;
  readonly startedAt: number;
  /** Sum of a metric's samples whose name and labels match. */
  metric(pattern: RegExp): Promise<number>;
  /** Resident memory in MiB. */
  rss(): Promise<number>;
  stop(): Promise<void>;
}

const programs = { environments: 'program', promotions: 'main' } as const;
const bundled: Partial<Record<keyof typeof programs, ReturnType<typeof operatorBundle>>> = {};

export async function startOperator(stage: Stage, name: 'environments' | 'promotions'): Promise<Operator> {
  bundled[name] ??= operatorBundle(name === 'environments' ? join(import.meta.dirname, 'program.ts') : undefined);
  const files = Object.entries(await bundled[name]);
  await Promise.all(files.map(([file, content]) => writeFile(join(stage.folder, file), content)));
  const program = join(stage.folder, `${programs[name]}.mjs`);
  const [http = 0, health = 0] = await freePorts(2);
  const log = openSync(join(stage.folder, `${name}.log`), 'a');
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...operatorFlags,
      program,
      name,
      '--kubeconfig',
      stage.accounts[name],
      '--http-address',
      `127.0.0.1:${http}`,
      '--health-address',
      `127.0.0.1:${health}`,
      '--leader-elect',
      ...(name === 'environments' ? ['--boundary-image', image('b')] : []),
    ],
    { stdio: ['ignore', log, log], env: { ...process.env, ...operatorEnvironment } },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const probe = async (path: string): Promise<string | undefined> => {
    const answer = await request(`http://127.0.0.1:${health}${path}`).catch(() => undefined);
    const text = await answer?.body.text();
    return answer?.statusCode === 200 ? text : undefined;
  };
  await waitFor(
    `the ${name} process is ready`,
    async () => {
      if (child.exitCode !== null) {
        const text = await readFile(join(stage.folder, `${name}.log`), 'utf8');
        throw new Error(`it ended:\n${text.slice(-2000)}`);
      }
      return (await probe('/readyz')) !== undefined;
    },
    { interval: 5, timeout: 60_000 },
  );
  const readyAfter = performance.now() - startedAt;
  return {
    readyAfter,
    startedAt,
    async metric(pattern) {
      const text = (await probe('/metrics')) ?? '';
      return text
        .split('\n')
        .filter((line) => pattern.test(line))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    async rss() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** How long a process takes to be ready, where the kinds are served and its image's files are warm. */
export async function startUp(stage: Stage, name: 'environments' | 'promotions', starts = 5): Promise<Figure> {
  const times: number[] = [];
  for (let start = 0; start < starts; start++) {
    const operator = await startOperator(stage, name);
    times.push(operator.readyAfter);
    await operator.stop();
  }
  return {
    name: `${name} process: start to ready, median of ${starts}`,
    value: median(times) / 1000,
    unit: 's',
    bar: 1,
    detail: times.map((time) => `${time.toFixed(0)} ms`).join(', '),
  };
}
