import { waitFor } from '../harness/index.ts';
import type { Live, Send, Stage } from './attack.ts';
import { deployment, lock, messageOf, namespace, type Approved, type PodWriter } from './objects.ts';
import type { Json } from './stage.ts';

const plural: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  ReplicaSet: 'replicasets',
  CronJob: 'cronjobs',
  Job: 'jobs',
};
const batch = ['CronJob', 'Job'];

export interface LockOptions {
  readonly liveAccess?: 'Deny' | 'Allow';
  readonly podWriters?: readonly PodWriter[];
  /** Added to every approved entry. */
  readonly entry?: Partial<Approved>;
  /** Further approved entries. */
  readonly also?: readonly Approved[];
}

/** A protected namespace whose live workloads are the approved ones. */
export class Production {
  readonly namespace: string;
  readonly #stage: Stage;

  private constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.namespace = name;
  }

  /** Creates the namespace and the workloads, then locks it as the controller does: lock first, label second. */
  static async open(
    stage: Stage,
    name: string,
    workloads: readonly Json[] = [deployment('web')],
    options: LockOptions = {},
  ): Promise<Production> {
    const production = new Production(stage, name);
    const made = await stage.admin('POST', '/api/v1/namespaces', namespace(name));
    if (made.status !== 409) await must(Promise.resolve(made));
    await waitFor('the default service account', async () => {
      const { status } = await stage.admin('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`);
      return status === 200;
    });
    const live: Approved[] = [];
    for (const workload of workloads) {
      const kind = String(workload['kind']);
      const made = await must(stage.admin('POST', production.apps(kind), workload));
      live.push({ kind, name: made.metadata.name, role: 'Current', spec: made.spec, ...options.entry });
    }
    await must(
      stage.promotions(
        'POST',
        production.own('workloadlocks'),
        lock(name, [...live, ...(options.also ?? [])], options.liveAccess, options.podWriters),
      ),
    );
    await must(
      stage.promotions('PATCH', `/api/v1/namespaces/${name}`, {
        metadata: { labels: { 'twinlock.dev/protected': 'true' } },
      }),
    );
    await production.#untilProtected();
    return production;
  }

  /** Replaces the approved content, as the controller does when a promotion opens the lock. */
  async approve(approved: readonly Approved[]): Promise<void> {
    const { spec } = lock(this.namespace, approved) as { readonly spec: Json };
    await this.relock(spec);
  }

  /** Changes the spec of the lock, as the promotions process may: it replaces, and does not patch. */
  async relock(changes: Json): Promise<void> {
    const path = this.own('workloadlocks', 'lock');
    const stored = await this.read(path);
    await must(this.#stage.promotions('PUT', path, { ...stored, spec: { ...stored.spec, ...changes } }));
  }

  apps(kind: string, name = ''): string {
    const group = batch.includes(kind) ? 'batch' : 'apps';
    return this.#path(`/apis/${group}/v1/namespaces/${this.namespace}/${plural[kind]}`, name);
  }

  core(resource: string, name = ''): string {
    return this.#path(`/api/v1/namespaces/${this.namespace}/${resource}`, name);
  }

  own(resource: string, name = ''): string {
    return this.#path(`/apis/twinlock.dev/v1alpha1/namespaces/${this.namespace}/${resource}`, name);
  }

  async read(path: string): Promise<Live> {
    return must(this.#stage.admin('GET', path));
  }

  async list(path: string): Promise<readonly Live[]> {
    const { items } = (await must(this.#stage.admin('GET', path))) as unknown as { readonly items: readonly Live[] };
    return items;
  }

  /** The pods that controllers made of a workload, once there are as many. */
  async pods(count: number, selector = 'app=web'): Promise<readonly Live[]> {
    return waitFor(`${count} pods of ${selector} in ${this.namespace}`, async (seen) => {
      const { body } = await this.#stage.admin(
        'GET',
        `${this.core('pods')}?labelSelector=${encodeURIComponent(selector)}`,
      );
      const { items } = body as { readonly items: readonly Live[] };
      seen(items.map((item) => item.metadata.name));
      return items.length >= count && items;
    });
  }

  /** Deletes the one pod of a workload and waits for the one that its controller makes under the lock. */
  async again(selector: string): Promise<readonly Live[]> {
    const [before] = await this.pods(1, selector);
    const uid = before?.metadata.uid;
    await must(this.#stage.admin('DELETE', `${this.core('pods', before?.metadata.name)}?gracePeriodSeconds=0`));
    return waitFor(`another pod of ${selector} in ${this.namespace}`, async (seen) => {
      const pods = await this.pods(1, selector);
      seen((await this.#stage.admin('GET', this.core('events'))).body);
      return pods.every((pod) => pod.metadata.uid !== uid) && pods;
    });
  }

  /** Waits for the event in which a controller says that its pod was refused. */
  async refusal(objectPrefix: string, message: RegExp): Promise<void> {
    await waitFor(`an event that a pod of ${objectPrefix} was refused`, async (seen) => {
      const { body } = await this.#stage.admin('GET', this.core('events'));
      const { items } = body as {
        readonly items: readonly { readonly message?: string; readonly involvedObject: { readonly name: string } }[];
      };
      seen(items.map((item) => `${item.involvedObject.name}: ${item.message}`));
      return items.some(
        (item) => item.involvedObject.name.startsWith(objectPrefix) && message.test(item.message ?? ''),
      );
    });
  }

  async until(description: string, condition: () => Promise<boolean>): Promise<void> {
    await waitFor(`${description} (${this.namespace})`, condition);
  }

  /** The API server's namespace cache follows a moment after the label: a forbidden dry run must be refused first. */
  async #untilProtected(): Promise<void> {
    await waitFor(`${this.namespace} is protected`, async (seen) => {
      const answer = await this.#stage.admin('POST', `${this.apps('Deployment')}?dryRun=All`, deployment('probe'));
      seen(answer.body);
      return answer.status === 403 && messageOf(answer).includes('is not a workload of a ProductionTarget');
    });
  }

  #path(collection: string, name: string): string {
    return name === '' ? collection : `${collection}/${name}`;
  }
}

/** The object of an answer that must be a success. */
export async function must(sent: ReturnType<Send>): Promise<Live> {
  const answer = await sent;
  if (answer.status >= 300) throw new Error(`expected success, got ${answer.status}: ${messageOf(answer)}`);
  return answer.body as Live;
}
