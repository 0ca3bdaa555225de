import { HarnessError } from './errors.ts';
import type { Answer, Cluster, RequestOptions } from './types.ts';

/**
 * A node whose kubelet is a client certificate, as a real one's is: admission takes the word of nobody else about a pod.
 * Nothing runs on it.
 */
export class Kubelet {
  readonly node: string;
  readonly #cluster: Cluster;
  readonly #as: string;

  private constructor(cluster: Cluster, node: string, as: string) {
    this.#cluster = cluster;
    this.node = node;
    this.#as = as;
  }

  /** Makes the node when it is not there. */
  static async open(cluster: Cluster, node: string): Promise<Kubelet> {
    await cluster.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: node } }]);
    const as = await cluster.persona(`system:node:${node}`, { groups: ['system:nodes'] });
    return new Kubelet(cluster, node, as);
  }

  /** One request as the kubelet. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.#cluster.request(method, path, { ...options, as: this.#as });
  }

  /** Says that the node lives: after about a minute without, its pods are marked NotReady. */
  async renew(): Promise<Answer> {
    const metadata = { name: this.node, namespace: 'kube-node-lease' };
    const spec = {
      holderIdentity: this.node,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    };
    const path = `/apis/coordination.k8s.io/v1/namespaces/${metadata.namespace}/leases/${this.node}`;
    return this.request('PATCH', `${path}?fieldManager=kubelet&force=true`, {
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec },
      contentType: 'application/apply-patch+yaml',
    });
  }

  /** Gives a pod to this node, as the scheduler does. */
  async bind(namespace: string, pod: string): Promise<Answer> {
    return this.#cluster.request('POST', `${podPath(namespace, pod)}/binding`, {
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod },
        target: { kind: 'Node', name: this.node },
      },
    });
  }

  /** Says how a pod of this node is, as a merge patch. */
  async report(namespace: string, pod: string, status: object): Promise<Answer> {
    return this.request('PATCH', `${podPath(namespace, pod)}/status`, {
      body: { status },
      contentType: 'application/merge-patch+json',
    });
  }

  /**
   * Takes the objects of pods away that are to end, as a kubelet does once their processes are gone.
   *
   * @returns how many these were
   * @throws HarnessError when one is not let go
   */
  async endTerminating(namespace?: string): Promise<number> {
    const pods = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
    const { body } = await this.#cluster.request('GET', `${pods}?fieldSelector=spec.nodeName%3D${this.node}`);
    const { items = [] } = body as { readonly items?: readonly PodBody[] };
    const ending = items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    for (const { metadata } of ending) {
      const answer = await this.request('DELETE', podPath(metadata.namespace, metadata.name), {
        body: { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } },
      });
      // Gone already, or another pod of that name by now.
      if (answer.status < 300 || answer.status === 404 || answer.status === 409) continue;
      throw new HarnessError('CommandFailed', `the pod ${metadata.name} does not end: ${JSON.stringify(answer.body)}`);
    }
    return ending.length;
  }
}

interface PodBody {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
}

const podPath = (namespace: string, pod: string): string => `/api/v1/namespaces/${namespace}/pods/${pod}`;
