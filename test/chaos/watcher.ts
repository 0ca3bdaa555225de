import { Deployment, isGone, KubeClient, loadConfig, systemClock } from '../../operator/kube/index.ts';

/**
 * What the templates of Deployments ever were, by a watch of its own. An API server that was restarted has no history: then it
 * is read anew, and only what came and went within that moment is missed.
 */
export class TemplateWatcher {
  /** Of each Deployment, images in the order in which they came. */
  readonly images = new Map<string, string[]>();
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();

  private constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** @param kubeconfig of somebody who may watch; straight to the API server */
  static async start(kubeconfig: string, namespace: string): Promise<TemplateWatcher> {
    const watcher = new TemplateWatcher(
      new KubeClient(await loadConfig({ kubeconfig, clock: systemClock }), { clock: systemClock }),
      namespace,
    );
    watcher.#done = watcher.#follow(await watcher.#list());
    return watcher;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await this.#client.close();
  }

  async #list(): Promise<string> {
    const { items, metadata } = await this.#client.list(Deployment, { namespace: this.#namespace });
    for (const deployment of items) this.#see(deployment);
    return metadata.resourceVersion;
  }

  async #follow(from: string): Promise<void> {
    let resourceVersion = from;
    while (!this.#stop.signal.aborted) {
      try {
        const options = { namespace: this.#namespace, resourceVersion, signal: this.#stop.signal };
        for await (const { type, object } of this.#client.watch(Deployment, options)) {
          resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
          if (type !== 'BOOKMARK') this.#see(object);
        }
      } catch (error) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (isGone(error)) resourceVersion = await this.#list().catch(() => resourceVersion);
      }
    }
  }

  #see({ metadata: { name = '' }, spec }: Deployment): void {
    const image = spec?.template.spec?.containers[0]?.image ?? '';
    const seen = this.images.get(name) ?? [];
    this.images.set(name, seen);
    if (seen.at(-1) !== image) seen.push(image);
  }
}
