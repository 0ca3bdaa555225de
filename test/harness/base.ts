import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { request } from './request.ts';
import { tools } from './tools.ts';
import { waitFor } from './wait.ts';
import type { KeyPair, Subject } from './pki.ts';
import type { Answer, BoundToken, Cluster, CommandResult, KubectlOptions, RequestOptions } from './types.ts';

/** Longer than any run of all tests. */
const TOKEN_SECONDS = 12 * 3600;

/** What all clusters share; a size adds how a client certificate is made and how the cluster starts and stops. */
export abstract class BaseCluster implements Cluster {
  abstract readonly size: 'api' | 'full';
  readonly kubeconfig: string;
  readonly server: string;
  readonly #personas: string;

  /** @param folder for the kubeconfigs of personas; goes when the cluster goes */
  constructor(folder: string, kubeconfig: string, server: string) {
    this.kubeconfig = kubeconfig;
    this.server = server;
    this.#personas = join(folder, 'personas');
  }

  /** A client certificate that this cluster's API server accepts. */
  protected abstract issue(subject: Subject): Promise<KeyPair>;

  async kubectl(
    args: readonly string[],
    { as = this.kubeconfig, input, check = true, timeout = 60_000 }: KubectlOptions = {},
  ): Promise<CommandResult> {
    // Of this cluster alone: another one may have had the same address.
    const cache = join(this.#personas, 'discovery');
    return run(await tools.kubectl(), ['--kubeconfig', as, '--cache-dir', cache, ...args], {
      check,
      timeout,
      ...(input !== undefined && { input }),
    });
  }

  async apply(manifest: string | readonly object[], options: KubectlOptions = {}): Promise<CommandResult> {
    const input =
      typeof manifest === 'string' ? manifest : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest });
    return this.kubectl(['apply', '-f', '-'], { ...options, input });
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    return request(options.as ?? this.kubeconfig, method, path, options);
  }

  async persona(name: string, { groups = [] }: { readonly groups?: readonly string[] } = {}): Promise<string> {
    const path = await this.#path(JSON.stringify([name, ...groups]));
    if (await exists(path)) return path;
    const { certificate, key } = await this.issue({ name, groups });
    const { endpoint } = await readKubeconfig(this.kubeconfig);
    return writeKubeconfig(path, endpoint, { certificate, key });
  }

  async boundToken(namespace: string, serviceAccount: string): Promise<BoundToken> {
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`;
    await waitFor(`service account ${namespace}/${serviceAccount}`, async (seen) => {
      const { status, body } = await this.request('GET', account);
      seen(body);
      return status === 200;
    });
    const made = await this.request('POST', `/api/v1/namespaces/${namespace}/pods`, {
      body: pendingPod(serviceAccount),
    });
    if (made.status !== 201) {
      throw new HarnessError('CommandFailed', `no pod to bind a token to: ${JSON.stringify(made.body)}`);
    }
    const { metadata } = made.body as { readonly metadata: { readonly name: string; readonly uid: string } };
    const bound = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
    const answer = await this.request('POST', `${account}/token`, {
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { boundObjectRef: bound, expirationSeconds: TOKEN_SECONDS },
      },
    });
    const token = (answer.body as { readonly status?: { readonly token?: string } }).status?.token;
    if (token === undefined) throw new HarnessError('CommandFailed', `no token: ${JSON.stringify(answer.body)}`);
    const { endpoint } = await readKubeconfig(this.kubeconfig);
    const kubeconfig = await writeKubeconfig(await this.#path(metadata.uid), endpoint, { token });
    return { token, kubeconfig, pod: metadata.name };
  }

  async #path(identity: string): Promise<string> {
    await mkdir(this.#personas, { recursive: true, mode: 0o700 });
    const name = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    return join(this.#personas, `${name}.kubeconfig`);
  }
}

/** A pod that fits every Pod Security level and that no scheduler ever places. */
function pendingPod(serviceAccountName: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'token-holder-' },
    spec: {
      serviceAccountName,
      schedulerName: 'nobody',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'holder',
          image: 'registry.invalid/never-pulled',
          resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
