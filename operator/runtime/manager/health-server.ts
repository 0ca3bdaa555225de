import type { ServerResponse } from 'node:http';
import type { Clock } from '../../kube/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { HttpListener } from './http-listener.ts';
import type { Check, ListenAddress } from './types.ts';

/** A check that takes longer than this has failed, milliseconds. */
const checkTimeout = 2_000;

/** Serves `/healthz`, `/readyz` (each with its checks as lines of text) and `/metrics`. */
export class HealthServer {
  readonly #health = new Map<string, Check>();
  readonly #ready = new Map<string, Check>();
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #listener = new HttpListener(({ url = '' }, response) => {
    void this.#answer(url.split('?', 1)[0] ?? '', response);
  });

  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  addHealthCheck(name: string, check: Check): void {
    this.#health.set(name, check);
  }

  addReadyCheck(name: string, check: Check): void {
    this.#ready.set(name, check);
  }

  /** Returns the address it listens on. Rejects when the port is taken. */
  listen(address: ListenAddress): Promise<ListenAddress> {
    return this.#listener.listen(address);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  async #answer(path: string, response: ServerResponse): Promise<void> {
    try {
      if (path === '/metrics') {
        send(response, 200, await this.#metrics.registry.metrics(), this.#metrics.registry.contentType);
      } else if (path === '/healthz' || path === '/readyz') {
        const report = await examine(path === '/healthz' ? this.#health : this.#ready, this.#clock);
        send(response, report.well ? 200 : 503, report.text);
      } else {
        send(response, 404, 'not found\n');
      }
    } catch {
      send(response, 500, 'failed\n');
    }
  }
}

async function examine(
  checks: ReadonlyMap<string, Check>,
  clock: Clock,
): Promise<{ readonly well: boolean; readonly text: string }> {
  const results = await Promise.all(
    [...checks].map(async ([name, check]) => ({ name, problem: await problemOf(check, clock) })),
  );
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+] ${name} ok` : `[-] ${name}: ${problem}`,
  );
  return { well: results.every(({ problem }) => problem === undefined), text: `${[...lines, ''].join('\n')}` };
}

async function problemOf(check: Check, clock: Clock): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = clock.setTimer(checkTimeout, () => late.resolve('no answer in time'));
  try {
    const outcome = Promise.resolve(check()).then(() => undefined);
    return await Promise.race([outcome, late.promise]);
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    timer.cancel();
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(body);
}
