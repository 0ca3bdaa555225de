import { BaseCluster } from '../base.ts';
import { HarnessError } from '../errors.ts';
import { pushImage } from '../image/index.ts';
import { newSigningRequest } from '../pki.ts';
import { waitFor } from '../wait.ts';
import type { KeyPair, Subject } from '../pki.ts';
import type { FullCluster, ImageFiles, ImageOptions } from '../types.ts';
import type { Doors } from './kind.ts';

export interface NodeClusterOptions {
  /** For the kubeconfigs of personas. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly server: string;
  readonly registry: string;
  readonly doors: Doors;
}

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

/** A cluster with nodes: kind's, or one that was handed over. */
export class NodeCluster extends BaseCluster implements FullCluster {
  readonly size = 'full';
  readonly registry: string;
  readonly #doors: Doors;

  constructor({ folder, kubeconfig, server, registry, doors }: NodeClusterOptions) {
    super(folder, kubeconfig, server);
    this.registry = registry;
    this.#doors = doors;
  }

  pushImage(name: string, files: ImageFiles, options: ImageOptions): Promise<string> {
    return pushImage(`${this.registry}/${name}`, files, options);
  }

  hostPort(nodePort: number): string {
    const port = this.#doors[nodePort];
    if (port === undefined) {
      const known = Object.keys(this.#doors).join(', ') || 'none';
      throw new HarnessError('Configuration', `NodePort ${nodePort} does not lead to this machine; these do: ${known}`);
    }
    return `127.0.0.1:${port}`;
  }

  /** Through the CSR API, as a person of a real cluster gets a certificate. */
  protected async issue(subject: Subject): Promise<KeyPair> {
    const { certificate: csr, key } = await newSigningRequest(subject);
    const made = await this.#send('POST', requests, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { generateName: 'twinlock-persona-' },
      spec: {
        request: Buffer.from(csr).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth', 'digital signature'],
      },
    });
    const path = `${requests}/${made.metadata.name}`;
    const approved = { type: 'Approved', status: 'True', reason: 'Test', message: 'a persona of a test' };
    await this.#send('PUT', `${path}/approval`, { ...made, status: { conditions: [approved] } });
    const signed = await waitFor(`a certificate for ${subject.name}`, async (seen) => {
      const { status } = await this.#send('GET', path);
      seen(status);
      return status?.certificate;
    });
    await this.#send('DELETE', path);
    return { certificate: Buffer.from(signed, 'base64').toString(), key };
  }

  async #send(method: string, path: string, body?: unknown): Promise<SigningRequest> {
    const answer = await this.request(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) {
      throw new HarnessError('CommandFailed', `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body as SigningRequest;
  }
}

interface SigningRequest {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly certificate?: string };
}
