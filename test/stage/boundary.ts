/** A real Caddy with the boundary's configuration; only addresses are replaced by those of this machine. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  boundaryConfig,
  type BoundaryInput,
  type Upstream,
} from '../../operator/environments/decide/children/index.ts';
import { one, rendered, type Values } from '../chart/render.ts';
import { freePorts, tools, waitFor } from '../harness/index.ts';

export const home = 'pr-1-abcdefgh.twins.localhost';
export const page = 'twinlock-environments.twinlock-system.svc:8080';

/** An upstream that speaks HTTP/1 and hides nothing. */
export function upstream(name: string, port: number, rest: Partial<Upstream> = {}): Upstream {
  return { name, port, h2c: false, adminPaths: [], ...rest };
}

export interface Running {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the boundary of an environment.
 *
 * @param addresses ports of this machine by what the boundary would dial, `<name>:<port>`
 */
export async function openBoundary(
  input: Partial<BoundaryInput>,
  addresses: Readonly<Record<string, number>>,
): Promise<Running> {
  const [listen = 0, health = 0] = await freePorts(2);
  const config = JSON.stringify(
    boundaryConfig({
      owner: { namespace: 'shop-dev', name: 'pr-1', uid: '1' },
      systemNamespace: 'twinlock-system',
      host: home,
      hostOf: (component) => `${component}--${home}`,
      workloads: [],
      twinsByHost: [],
      twinsByPath: [],
      files: [],
      noindex: true,
      auth: 'None',
      scheme: 'http',
      maxBody: 2 ** 30,
      authorityOf: (host) => host,
      ...input,
    }),
  );
  const here = Object.entries(addresses).reduce(
    (text, [dial, port]) => text.replaceAll(`"${dial}"`, `"127.0.0.1:${port}"`),
    config,
  );
  return startCaddy(here.replace('":8080"', `"127.0.0.1:${listen}"`).replace('":8081"', `"127.0.0.1:${health}"`), {
    port: listen,
    health,
  });
}

/** Starts the front door as the chart has it, before what it is to dial on this machine. */
export async function openFrontDoor(dials: string, values: Values = {}): Promise<Running> {
  const map = one(await rendered({ 'frontDoor.enabled': 'true', ...values }), 'ConfigMap', 'twinlock-front-door');
  const { Caddyfile } = map['data'] as { readonly Caddyfile: string };
  const [port = 0, health = 0] = await freePorts(2);
  const here = Caddyfile.replaceAll(/twinlock-boundary\.\{re\.label\.1\}\S*:8080/g, dials)
    .replaceAll(':8080', `:${port}`)
    .replaceAll(':8081', `:${health}`);
  return startCaddy(here, { port, health, adapter: 'caddyfile' });
}

/** Runs a configuration of Caddy's until it is stopped. */
export async function startCaddy(
  config: string,
  { port, health, adapter }: { readonly port: number; readonly health: number; readonly adapter?: string },
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-boundary-'));
  const file = join(folder, 'caddy');
  await writeFile(file, config);
  const program = await startProgram(
    await tools.caddy(),
    ['run', '--config', file, ...(adapter === undefined ? [] : ['--adapter', adapter])],
    { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  );
  await waitFor('Caddy answers', async () => (await get(health, 'x', '/')).status === 200);
  return {
    port,
    stop: async () => {
      await program.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A program that ends when it is stopped. */
export async function startProgram(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly stop: () => Promise<void> }> {
  const child = spawn(path, args, { env: { ...env }, stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** A server of this machine that says who it is and what it was asked. */
export async function echo(name: string): Promise<Server> {
  const server = createServer((asked, response) => {
    const { url, headers } = asked;
    let body = '';
    asked.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    asked.on('end', () => {
      response.setHeader('x-robots-tag', 'all');
      response.end(JSON.stringify({ name, url, host: headers.host, headers, body }));
    });
  });
  return listening(server);
}

/** The server, once it listens on a port of this machine. */
export async function listening<S extends NetServer>(server: S): Promise<S> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export function portOf(server: NetServer): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an upstream was asked, as {@link echo} tells it. */
export interface Echoed {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export function echoed({ body }: Got): Echoed {
  return JSON.parse(body) as Echoed;
}

/** One request over HTTP/1, its path sent as it is written. */
export function get(
  port: number,
  host: string,
  path: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.once('error', reject).end(body);
  });
}
