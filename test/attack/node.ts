import { waitFor } from '../harness/index.ts';
import { must, type Production } from './production.ts';
import type { Json, Live, Send, Stage } from './stage.ts';

/** A pod as a kubelet sees it. */
export interface Pod extends Live {
  readonly status: Json;
}

/** A node whose kubelet is a client certificate, as a real one's is; nothing runs on it. */
export class Node {
  readonly name: string;
  readonly #stage: Stage;
  /** Requests as the kubelet. */
  readonly send: Send;

  private constructor(stage: Stage, name: string, kubelet: string) {
    this.#stage = stage;
    this.name = name;
    this.send = (method, path, body, options = {}) =>
      stage.cluster.request(method, path, {
        contentType: method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
        ...options,
        ...(body !== undefined && { body }),
        as: kubelet,
      });
  }

  static async open(stage: Stage, name: string): Promise<Node> {
    await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name } }]);
    const kubelet = await stage.cluster.persona(`system:node:${name}`, { groups: ['system:nodes'] });
    return new Node(stage, name, kubelet);
  }

  /** What the scheduler and then the kubelet do for a pod: it is here, and serves. */
  async run(shop: Production, pod: Live, address = '10.1.0.1'): Promise<Pod> {
    const path = shop.core('pods', pod.metadata.name);
    const target = { kind: 'Node', name: this.name };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target };
    await must(this.#stage.admin('POST', `${path}/binding`, binding));
    await must(this.send('PATCH', `${path}/status`, { status: serving(pod, address) }));
    return this.read(shop, pod.metadata.name);
  }

  async read(shop: Production, name: string): Promise<Pod> {
    return (await shop.read(shop.core('pods', name))) as Pod;
  }

  /** Ends every pod of this node that is to end, as a kubelet does once the processes are gone. */
  async endTerminating(shop: Production): Promise<number> {
    const pods = await shop.list(`${shop.core('pods')}?fieldSelector=spec.nodeName%3D${this.name}`);
    const ending = pods.filter(({ metadata }) => metadata['deletionTimestamp'] !== undefined);
    for (const { metadata } of ending) {
      const options = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } };
      await must(this.send('DELETE', shop.core('pods', metadata.name), options));
    }
    return ending.length;
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
    conditions: ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
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
