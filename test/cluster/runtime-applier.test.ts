import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Applier, ConfigMap } from '../../operator/kube/index.ts';
import type { Cache, KubeObject } from '../../operator/kube/index.ts';
import { sharedApi } from '../harness/index.ts';
import { stage, type Stage } from '../stage/runtime.ts';

interface Scene extends Pick<Stage, 'admin' | 'proxy' | 'namespace'> {
  readonly cache: Cache;
  /** One that knows nothing but the cluster, as after a restart. */
  applier(): Applier;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const { admin, client, proxy, namespace, cache: newCache } = await stage(t, await sharedApi());
  const cache = newCache();
  await cache.informer(ConfigMap, { namespace }).whenSynced();
  const applier = (): Applier => new Applier({ client, cache, fieldManager: 'me', hashAnnotation: 'acme.dev/applied' });
  return { admin, proxy, namespace, cache, applier };
}

function desired(namespace: string, data: Readonly<Record<string, string>>): KubeObject & { readonly data: object } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'web', labels: { app: 'web' } }, data };
}

test('an object is sent once, and again only when something else is desired, restarts or not', async (t) => {
  const { proxy, namespace, applier } = await scene(t);
  t.is((await applier().apply(ConfigMap, desired(namespace, { a: '1' }))).outcome, 'Created');
  t.is((await applier().apply(ConfigMap, desired(namespace, { a: '1' }))).outcome, 'Unchanged');
  t.is((await applier().apply(ConfigMap, desired(namespace, { a: '2' }))).outcome, 'Configured');
  t.is((await applier().apply(ConfigMap, desired(namespace, { a: '2' }))).outcome, 'Unchanged');
  t.is(proxy.requests.length, 2);
});

test('an object without the digest is taken over, whoever wrote its fields', async (t) => {
  const { admin, namespace, cache, applier } = await scene(t);
  const theirs = await admin.apply(ConfigMap, desired(namespace, { a: 'theirs' }), { fieldManager: 'other' });
  cache.absorb(ConfigMap, theirs);
  t.is((await applier().apply(ConfigMap, desired(namespace, { a: '1' }))).outcome, 'Configured');
  t.deepEqual((await admin.get(ConfigMap, { namespace, name: 'web' })).data, { a: '1' });
});

test('a field that is no longer desired goes away', async (t) => {
  const { admin, namespace, applier } = await scene(t);
  await applier().apply(ConfigMap, desired(namespace, { a: '1', b: '2' }));
  await applier().apply(ConfigMap, desired(namespace, { a: '1' }));
  t.deepEqual((await admin.get(ConfigMap, { namespace, name: 'web' })).data, { a: '1' });
});
