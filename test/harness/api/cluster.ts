import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseCluster } from '../base.ts';
import { Daemon } from '../daemon.ts';
import { HarnessError } from '../errors.ts';
import { writeKubeconfig } from '../kubeconfig.ts';
import { newAuthority, newCertificate } from '../pki.ts';
import { freePorts } from '../ports.ts';
import { request } from '../request.ts';
import { tools } from '../tools.ts';
import { waitFor } from '../wait.ts';
import { apiServerArgs, controllerManagerArgs, etcdArgs } from './flags.ts';
import type { KeyPair, Subject } from '../pki.ts';
import type { ApiCluster, ApiOptions, Component } from '../types.ts';
import type { Layout } from './flags.ts';

const adminFile = 'admin.kubeconfig';
const stateFile = 'state.json';

interface State extends Layout, ApiOptions {
  /** etcd, of one version whatever Kubernetes is. */
  readonly program: string;
  readonly controlPlane: string;
}

/** A control plane without nodes. All its files, keys and pids are in one folder. */
export class ProcessCluster extends BaseCluster implements ApiCluster {
  readonly size = 'api';
  readonly #state: State;
  readonly #daemons: Readonly<Record<Component, Daemon>>;
  #controlPlane: string;
  /** What stopping is, unless it has been changed as a whole. */
  #giveBack: (() => Promise<void>) | undefined;

  private constructor(state: State) {
    super(state.folder, join(state.folder, adminFile), serverOf(state));
    this.#state = state;
    this.#controlPlane = state.controlPlane;
    this.#daemons = daemons(state.folder);
  }

  /** Starts a new cluster in an empty or absent folder. */
  static async start(folder: string, options: ApiOptions = {}): Promise<ProcessCluster> {
    await mkdir(join(folder, 'pki'), { recursive: true, mode: 0o700 });
    const [program, controlPlane] = [await tools.cluster(), await tools.controlPlane()];
    const [etcdPort = 0, etcdPeerPort = 0, apiPort = 0] = await freePorts(3);
    const state = { program, controlPlane, folder, etcdPort, etcdPeerPort, apiPort, ...options };
    const cluster = new ProcessCluster(state);
    try {
      await cluster.#daemons.etcd.start(program, ['etcd', ...etcdArgs(state)]);
      await makeKeys(folder, serverOf(state));
      await cluster.startApiServer();
      await cluster.#startControllers();
      await writeFile(join(folder, stateFile), JSON.stringify(state));
      await cluster.#ready('/api/v1/namespaces/default/serviceaccounts/default', 'kube-controller-manager');
      return cluster;
    } catch (error) {
      await ProcessCluster.remove(folder);
      throw error;
    }
  }

  /** The cluster that runs in a folder, when all its parts run and answer. */
  static async find(folder: string): Promise<ProcessCluster | undefined> {
    const text = await readFile(join(folder, stateFile), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const state = JSON.parse(text) as State;
    // Another recipe has been built since: what runs is of the old one.
    if (state.program !== (await tools.cluster()) || state.controlPlane !== (await tools.controlPlane()))
      return undefined;
    const cluster = new ProcessCluster(state);
    const pids = await Promise.all(Object.values(cluster.#daemons).map((daemon) => daemon.pid()));
    if (pids.includes(undefined)) return undefined;
    // A machine under load may take its time; a cluster that others use must not be replaced for that.
    const answers = async (): Promise<boolean> => (await cluster.request('GET', '/readyz')).status === 200;
    return waitFor('the API that was there', answers, { timeout: 15_000 }).then(
      () => cluster,
      () => undefined,
    );
  }

  /** Ends whatever runs of the cluster in that folder and removes the folder. */
  static async remove(folder: string): Promise<void> {
    const { etcd, ...others } = daemons(folder);
    await Promise.all(Object.values(others).map((daemon) => daemon.stop(0)));
    await etcd.stop(0);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async startApiServer(): Promise<void> {
    const args = apiServerArgs(this.#state, this.#state.apiServerFlags);
    await this.#daemons['kube-apiserver'].start(this.#controlPlane, ['kube-apiserver', ...args]);
    await this.#ready('/readyz', 'kube-apiserver');
  }

  async #startControllers(): Promise<void> {
    const args = controllerManagerArgs(this.#state);
    await this.#daemons['kube-controller-manager'].start(this.#controlPlane, ['kube-controller-manager', ...args]);
  }

  /** It is somebody's for a time: stopped, this is done in the place of removing it. */
  lend(giveBack: () => Promise<void>): void {
    this.#giveBack = giveBack;
  }

  async killApiServer(): Promise<void> {
    this.#giveBack = undefined;
    await this.#daemons['kube-apiserver'].stop(0);
  }

  async restartApiServer(): Promise<void> {
    this.#giveBack = undefined;
    // Watches would hold it for many seconds more; by then it serves nobody else.
    await this.#daemons['kube-apiserver'].stop(2_000);
    await this.startApiServer();
  }

  async upgrade(): Promise<void> {
    await this.stopControllers();
    await this.#daemons['kube-apiserver'].stop(2_000);
    this.#controlPlane = await tools.cluster();
    await this.startApiServer();
    await this.#startControllers();
  }

  async stopControllers(): Promise<void> {
    this.#giveBack = undefined;
    await this.#daemons['kube-controller-manager'].stop(0);
  }

  get etcd(): string {
    return `http://127.0.0.1:${this.#state.etcdPort}`;
  }

  logs(component: Component, lines = 50): Promise<string> {
    return this.#daemons[component].lastLines(lines);
  }

  async stop(): Promise<void> {
    await (this.#giveBack?.() ?? ProcessCluster.remove(this.#state.folder));
  }

  protected async issue(subject: Subject): Promise<KeyPair> {
    const read = (name: string): Promise<string> => readFile(join(this.#state.folder, 'pki', name), 'utf8');
    return newCertificate({ certificate: await read('ca.crt'), key: await read('ca.key') }, subject);
  }

  /** Waits until the API server answers 200; gives up at once when the component has ended. */
  async #ready(path: string, component: Component): Promise<void> {
    const ended = await waitFor(
      `${component} is ready`,
      async (seen) => {
        if ((await this.#daemons[component].pid()) === undefined) return 'ended';
        const { status, body } = await request(this.kubeconfig, 'GET', path);
        seen(body);
        return status === 200 && 'ready';
      },
      { timeout: 60_000 },
    );
    if (ended === 'ended') throw new HarnessError('Lost', `${component} ended:\n${await this.logs(component, 20)}`);
  }
}

const serverOf = ({ apiPort }: Layout): string => `https://127.0.0.1:${apiPort}`;

function daemons(folder: string): Record<Component, Daemon> {
  const daemon = (name: Component): Daemon => new Daemon(folder, name);
  return {
    etcd: daemon('etcd'),
    'kube-apiserver': daemon('kube-apiserver'),
    'kube-controller-manager': daemon('kube-controller-manager'),
  };
}

async function makeKeys(folder: string, server: string): Promise<void> {
  const write = async (name: string, text: string): Promise<void> =>
    writeFile(join(folder, 'pki', name), text, { mode: 0o600 });
  const authority = await newAuthority('twinlock-test');
  const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];
  const altNames = [...names.map((name) => `DNS:${name}`), 'IP:127.0.0.1', 'IP:10.96.0.1'];
  const [serving, admin, manager] = await Promise.all([
    newCertificate(authority, { name: 'kube-apiserver', altNames }),
    newCertificate(authority, { name: 'admin', groups: ['system:masters'] }),
    newCertificate(authority, { name: 'system:kube-controller-manager' }),
  ]);
  await Promise.all([
    write('ca.crt', authority.certificate),
    write('ca.key', authority.key),
    write('accounts.key', String(accounts.privateKey.export({ type: 'sec1', format: 'pem' }))),
    write('accounts.pub', String(accounts.publicKey.export({ type: 'spki', format: 'pem' }))),
    write('apiserver.crt', serving.certificate),
    write('apiserver.key', serving.key),
  ]);
  const endpoint = { server, authority: authority.certificate };
  await writeKubeconfig(join(folder, adminFile), endpoint, admin);
  await writeKubeconfig(join(folder, 'controller-manager.kubeconfig'), endpoint, manager);
}
