/** What tests of targets on a real API server share: namespaces with workloads, pods made by hand, mutating policies. */
import type { ProductionTarget } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import { mutatingPolicy } from '../attack/mutators.ts';
import { conditionOf, images, Shop } from './shop.ts';
import { deploymentPath, path, type Stage } from './promotions.ts';
import type { Json } from './stage.ts';

const admissionPath = '/apis/admissionregistration.k8s.io/v1';

/** A Deployment's pod template with these changes of its one container and of its spec. */
export const template = (container: Json = {}, spec: Json = {}): Json => ({
  template: {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: images.first, ...container }], ...spec },
  },
});

export class Place extends Shop {
  readonly stage: Stage;

  constructor(stage: Stage, namespace: string) {
    super(stage, namespace);
    this.stage = stage;
  }

  core(resource: string, name = ''): string {
    return `/api/v1/namespaces/${this.namespace}/${resource}${name === '' ? '' : `/${name}`}`;
  }

  /** The namespace with its default service account, and nothing else. */
  async empty(labels: Json = {}): Promise<this> {
    await this.stage.send('POST', '/api/v1/namespaces', { metadata: { name: this.namespace, labels } });
    await waitFor('the default service account', async () => {
      const { status } = await this.stage.cluster.request('GET', this.core('serviceaccounts', 'default'));
      return status === 200;
    });
    return this;
  }

  /** A Deployment with its pods ready, before any target protects them. */
  async runs(name = 'web', spec: Json = {}): Promise<this> {
    await this.stage.send('POST', deploymentPath(this.namespace), this.deployment(name, spec));
    await waitFor(`${name} has its pods`, async (seen) => {
      const live = (await this.live(name)) as unknown as { readonly status?: { readonly availableReplicas?: number } };
      seen(live.status);
      return (live.status?.availableReplicas ?? 0) > 0;
    });
    return this;
  }

  async protect(name = 'web', workloads: readonly string[] = ['web'], spec: Json = {}): Promise<this> {
    await this.stage.send('POST', path(this.namespace, 'productiontargets'), {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ProductionTarget',
      metadata: { name },
      spec: { workloads: workloads.map((each) => ({ kind: 'Deployment', name: each })), ...spec },
    });
    return this;
  }

  /** Waits until the target is not Ready for this reason. */
  async stuck(reason: string, name = 'web'): Promise<string> {
    const found = await this.target((target) => conditionOf(target, 'Ready')?.reason === reason, name, 40_000);
    return conditionOf(found, 'Ready')?.message ?? '';
  }

  async isReady(name = 'web'): Promise<ProductionTarget> {
    return this.target((target) => conditionOf(target, 'Ready')?.status === 'True', name, 40_000);
  }

  /** Asks for a look now, as Flux does, instead of at the next interval. */
  async nudge(name = 'web'): Promise<void> {
    const annotations = { 'reconcile.fluxcd.io/requestedAt': new Date().toISOString() };
    await this.stage.send('PATCH', path(this.namespace, 'productiontargets', name), { metadata: { annotations } });
  }

  /** Deletes a target as a person who may and says so. */
  async release(name: string): Promise<void> {
    const at = path(this.namespace, 'productiontargets', name);
    await this.stage.send('PATCH', at, { metadata: { annotations: { 'twinlock.dev/unprotect': name } } });
    await this.stage.send('DELETE', at);
  }

  /** Changes the target's spec. */
  async retarget(spec: Json, name = 'web'): Promise<void> {
    await this.stage.send('PATCH', path(this.namespace, 'productiontargets', name), { spec });
  }

  async label(): Promise<unknown> {
    const { metadata } = await this.stage.send('GET', `/api/v1/namespaces/${this.namespace}`);
    return (metadata as { readonly labels: Json }).labels['twinlock.dev/protected'];
  }

  async lock(): Promise<readonly { readonly name: string; readonly target: string; readonly spec: Json }[]> {
    const { spec } = await this.stage.send('GET', path(this.namespace, 'workloadlocks', 'lock'));
    return (spec as { readonly approved: readonly { name: string; target: string; spec: Json }[] }).approved;
  }

  /** Pods of an app, and what owns them. */
  async pods(app = 'web'): Promise<readonly PodObject[]> {
    const { items } = await this.stage.send('GET', `${this.core('pods')}?labelSelector=app%3D${app}`);
    return items as readonly PodObject[];
  }

  /** Makes a pod in the name of the ReplicaSet that made the others, with these changes. */
  async plant(
    name: string,
    { spec = {}, metadata = {} }: { readonly spec?: Json; readonly metadata?: Json } = {},
  ): Promise<void> {
    const [like] = await this.pods();
    await this.stage.send('POST', this.core('pods'), {
      metadata: { name, labels: like?.metadata.labels, ownerReferences: like?.metadata.ownerReferences, ...metadata },
      spec: { ...like?.spec, ...spec, nodeName: undefined },
    });
  }

  async report(name: string, status: Json): Promise<void> {
    await this.stage.send('PATCH', `${this.core('pods', name)}/status`, { status });
  }
}

export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels: Json;
    readonly ownerReferences: readonly Json[];
  };
  readonly spec: Json & { readonly containers: readonly Json[] };
}

/** Something that changes objects of a namespace on their way in, until it is stopped. */
export async function mutator(
  stage: Stage,
  name: string,
  namespace: string,
  rule: Json,
  /** CEL of a list of JSONPatch. */
  expression: string,
): Promise<() => Promise<void>> {
  const objects = mutatingPolicy(name, namespace, rule, { patchType: 'JSONPatch', jsonPatch: { expression } });
  await stage.cluster.apply(objects);
  return async () => {
    for (const plural of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies'])
      await stage.send('DELETE', `${admissionPath}/${plural}/${name}`);
  };
}

/** Takes a binding of the lock off, as one may who deletes admission policies. Returns what puts it back. */
export async function without(stage: Stage, policy: string): Promise<() => Promise<void>> {
  const at = `${admissionPath}/validatingadmissionpolicybindings`;
  const saved = await stage.send('GET', `${at}/${policy}`);
  await stage.send('DELETE', `${at}/${policy}`);
  return async () => {
    const { apiVersion, kind, spec } = saved;
    await stage.send('POST', at, { apiVersion, kind, metadata: { name: policy }, spec });
  };
}
