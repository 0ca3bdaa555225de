/**
 * Flux's own kustomize-controller, as a process. What source-controller does for it, a test does: it packs a commit, serves
 * it, and says so in the status of the GitRepository.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { freePorts, run, tools, waitFor } from '../harness/index.ts';
import { bind } from './stage.ts';
import type { Stage } from './promotions.ts';
import type { Json } from './stage.ts';

export const fluxNamespace = 'flux-system';
const toolkit = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${fluxNamespace}/kustomizations`;
const repositories = `/apis/source.toolkit.fluxcd.io/v1/namespaces/${fluxNamespace}/gitrepositories`;

/** Paths of a commit and what stands there. */
export type Files = Readonly<Record<string, string>>;

export interface Commit {
  readonly revision: string;
  /** What kustomize makes of one of its folders. */
  render(path: string): Promise<readonly Json[]>;
}

interface Kustomization {
  readonly status?: {
    readonly lastAttemptedRevision?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
}

export class Flux {
  readonly #stage: Stage;
  readonly #repository: string;
  readonly #server: string;
  #commits = 0;
  #asked = 0;

  private constructor(stage: Stage, repository: string, server: string) {
    this.#stage = stage;
    this.#repository = repository;
    this.#server = server;
  }

  /**
   * Starts it with the rights that `flux bootstrap` gives it; the CRDs of Flux are there.
   *
   * @param repository name of the one GitRepository
   */
  static async start(stage: Stage, repository: string): Promise<Flux> {
    const name = 'kustomize-controller';
    const subject = { kind: 'ServiceAccount', name, namespace: fluxNamespace };
    await stage.cluster.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: fluxNamespace } },
      bind('cluster-admin', subject),
    ]);
    const { kubeconfig } = await stage.cluster.boundToken(fluxNamespace, name);
    const [metrics = 0, health = 0] = await freePorts(2);
    const log = openSync(join(stage.folder, `${name}.log`), 'a');
    const child = spawn(
      await tools.kustomizeController(),
      [`--metrics-addr=127.0.0.1:${metrics}`, `--health-addr=127.0.0.1:${health}`, '--requeue-dependency=1s'],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, KUBECONFIG: kubeconfig, RUNTIME_NAMESPACE: fluxNamespace },
      },
    );
    closeSync(log);
    const ended = once(child, 'exit');
    stage.endsWith(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    await stage.send('POST', repositories, {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name: repository },
      spec: { url: 'https://git.example/fleet', interval: '10m' },
    });
    return new Flux(stage, repository, await serve(stage));
  }

  /** Somebody pushed: Flux is told of a commit that has these files. */
  async push(files: Files): Promise<Commit> {
    this.#commits += 1;
    const digest = createHash('sha1').update(`${this.#commits}`).digest('hex');
    const folder = join(this.#stage.folder, 'commits', digest);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await run('tar', ['-czf', `${folder}.tar.gz`, '-C', folder, '.']);
    const sum = createHash('sha256')
      .update(await readFile(`${folder}.tar.gz`))
      .digest('hex');
    const revision = `main@sha1:${digest}`;
    const lastUpdateTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    await this.#stage.send('PATCH', `${repositories}/${this.#repository}/status`, {
      status: {
        observedGeneration: 1,
        artifact: {
          path: `${digest}.tar.gz`,
          url: `${this.#server}/${digest}.tar.gz`,
          revision,
          digest: `sha256:${sum}`,
          lastUpdateTime,
        },
        conditions: [
          { type: 'Ready', status: 'True', reason: 'Succeeded', message: revision, lastTransitionTime: lastUpdateTime },
        ],
      },
    });
    const { cluster } = this.#stage;
    return {
      revision,
      render: async (path) => {
        const { stdout } = await cluster.kubectl(['kustomize', join(folder, path)]);
        return parseAllDocuments(stdout).map((document) => document.toJS() as Json);
      },
    };
  }

  /**
   * Waits until Flux has tried a commit, and answers with its condition `Ready`.
   *
   * @param words of its reason and message
   */
  ready(name: string, commit: Commit, status: 'True' | 'False', words?: RegExp): Promise<string> {
    return this.#condition('Ready', name, status, words, commit);
  }

  /** Waits until Flux does not try, because another Kustomization is not ready. */
  async held(name: string): Promise<void> {
    await this.#condition('Ready', name, 'False', /^DependencyNotReady: /);
  }

  /** Waits until Flux has applied a commit and waits for what it applied. */
  async waits(name: string, commit: Commit): Promise<void> {
    await this.#condition('Healthy', name, 'Unknown', /: Running health checks/, commit);
  }

  #condition(type: string, name: string, status: string, words = /./, commit?: Commit): Promise<string> {
    return waitFor(
      `Kustomization ${name} is ${type}=${status}${commit === undefined ? '' : ` at ${commit.revision}`}`,
      async (seen) => {
        const { status: now } = (await this.#stage.send('GET', `${toolkit}/${name}`)) as unknown as Kustomization;
        seen(now);
        const said = now?.conditions?.find((condition) => condition.type === type);
        const text = `${said?.reason}: ${said?.message}`;
        const tried = commit === undefined || now?.lastAttemptedRevision === commit.revision;
        return tried && said?.status === status && words.test(text) && text;
      },
      { timeout: 60_000 },
    );
  }

  /** `flux reconcile kustomization`: it looks now, and not when its interval is over. */
  async reconcile(name: string): Promise<void> {
    this.#asked += 1;
    await this.#stage.send('PATCH', `${toolkit}/${name}`, {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': `${this.#asked}` } },
    });
  }
}

/** What was packed, over HTTP; returns the address. */
async function serve(stage: Stage): Promise<string> {
  const server = createServer((asked, response) => {
    const name = /^\/([0-9a-f]{40}\.tar\.gz)$/.exec(asked.url ?? '')?.[1];
    if (name === undefined) return void response.writeHead(404).end();
    readFile(join(stage.folder, 'commits', name)).then(
      (packed) => response.end(packed),
      () => response.writeHead(404).end(),
    );
  });
  const [port = 0] = await freePorts(1);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  stage.endsWith(async () => void server.close());
  return `http://127.0.0.1:${port}`;
}
