import { Kubelet, waitFor } from '../harness/index.ts';
import { must, type Production } from '../stage/production.ts';
import type { Live, Send, Stage } from '../stage/attack.ts';
import type { Json } from '../stage/stage.ts';

/** A pod as a kubelet sees it. */
export interface Pod extends Live {
  readonly status: Json;
}

/** A node with a kubelet, and what the scheduler does for its pods. */
export class Node {
  readonly name: string;
  readonly #kubelet: Kubelet;

  private constructor(kubelet: Kubelet) {
    this.#kubelet = kubelet;
    this.name = kubelet.node;
  }

  static async open(stage: Stage, name: string): Promise<Node> {
    return new Node(await Kubelet.open(stage.cluster, name));
  }

  /** Requests as the kubelet. */
  readonly send: Send = (method, path, body, options = {}) =>
    this.#kubelet.request(method, path, {
      contentType: method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
      ...options,
      ...(body !== undefined && { body }),
    });

  /** The pod is here, and serves. */
  async run(shop: Production, pod: Live, address = '10.1.0.1'): Promise<Pod> {
    const { name } = pod.metadata;
    await must(this.#kubelet.bind(shop.namespace, name));
    await must(this.#kubelet.report(shop.namespace, name, serving(pod, address)));
    return this.read(shop, name);
  }

  async read(shop: Production, name: string): Promise<Pod> {
    return (await shop.read(shop.core('pods', name))) as Pod;
  }

  /** Ends every pod of this node that is to end, as a kubelet does once the processes are gone. */
  async endTerminating(shop: Production): Promise<number> {
    return this.#kubelet.endTerminating(shop.namespace);
  }

  /** Runs every pod that has no node yet and ends those that are to end, until the condition holds. */
  async workUntil(description: string, shop: Production, condition: () => Promise<boolean>): Promise<void> {
    await waitFor(`${description} (${shop.namespace})`, async (seen) => {
      const pods = await shop.list(shop.core('pods'));
      seen(pods.map(({ metadata, spec }) => [metadata.name, spec['nodeName'], metadata['deletionTimestamp']]));
      for (const pod of pods) {
        if (pod.spec['nodeName'] === undefined) await this.run(shop, pod);
      }
      await this.endTerminating(shop);
      return condition();
    });
  }
}

/** The status that a kubelet reports of a pod whose containers all run. */
export function serving({ spec }: Pick<Live, 'spec'>, podIP: string): Json {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string): Json => ({ type, status: 'True', lastTransitionTime: time });
  const containers = spec['containers'] as readonly { readonly name: string; readonly image: string }[];
  return {
    phase: 'Running',
    startTime: time,
    hostIP: '192.0.2.1',
    hostIPs: [{ ip: '192.0.2.1' }],
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: ['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      containerID: `containerd://${'1'.repeat(64)}`,
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: time } },
      user: { linux: { uid: 65532, gid: 65532 } },
    })),
  };
}
