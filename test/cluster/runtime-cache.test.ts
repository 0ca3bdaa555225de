import test from 'ava';
import { ConfigMap } from '../../operator/kube/index.ts';
import type { Informer } from '../../operator/kube/index.ts';
import { startApi, waitFor } from '../harness/index.ts';
import type { ApiCluster } from '../harness/index.ts';
import { configMap, stage } from '../stage/runtime.ts';

// The API server is restarted here, so it is these tests' own, and they run one after the other.
let cluster: ApiCluster;
test.before(async () => {
  cluster = await startApi();
});
test.after.always(() => cluster.stop());

const holds = (informer: Informer<ConfigMap>, expected: string): (() => boolean) => {
  return () => names(informer) === expected;
};

function names(informer: Informer<ConfigMap>): string {
  return informer.lister
    .list()
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'kube-root-ca.crt')
    .sort()
    .join(' ');
}

test.serial('a cache lists as a stream and follows', async (t) => {
  const { admin, proxy, namespace, cache } = await stage(t, cluster);
  await admin.create(ConfigMap, configMap(namespace, 'a', '1'));
  const informer = cache().informer(ConfigMap, { namespace });
  await informer.whenSynced();
  t.true(holds(informer, 'a')());
  t.is(informer.lister.get({ namespace, name: 'a' })?.metadata.managedFields, undefined);
  await admin.create(ConfigMap, configMap(namespace, 'b', '1'));
  await waitFor('the new object', holds(informer, 'a b'));
  await admin.delete(ConfigMap, { namespace, name: 'a' });
  await waitFor('the deletion', holds(informer, 'b'));
  t.is(proxy.requests.length, 0, 'one watch did it all');
  t.is(proxy.passed.length, 1);
});

test.serial('a selector leaves out what does not match, and lets go of what no longer does', async (t) => {
  const { admin, namespace, cache } = await stage(t, cluster);
  const labelled = (name: string, labels: Record<string, string>): ConfigMap => {
    const object = configMap(namespace, name, '1');
    return { ...object, metadata: { ...object.metadata, labels } };
  };
  await admin.create(ConfigMap, labelled('in', { team: 'a' }));
  await admin.create(ConfigMap, labelled('out', { team: 'b' }));
  const informer = cache().informer(ConfigMap, { namespace, labelSelector: 'team in (a)' });
  await informer.whenSynced();
  t.is(names(informer), 'in');
  await admin.patch(
    ConfigMap,
    { namespace, name: 'in' },
    { type: 'merge', body: { metadata: { labels: { team: 'b' } } } },
  );
  await waitFor('it to leave', holds(informer, ''));
});

test.serial('a watch that was cut goes on where it was', async (t) => {
  const { admin, proxy, namespace, cache } = await stage(t, cluster);
  const informer = cache().informer(ConfigMap, { namespace });
  await informer.whenSynced();
  proxy.script = ({ query }) => (query.has('watch') ? { status: 503 } : undefined);
  proxy.cut();
  await admin.create(ConfigMap, configMap(namespace, 'missed', '1'));
  await waitFor('an attempt to come back', () => proxy.passed.length >= 2);
  proxy.script = () => undefined;
  await waitFor('what happened meanwhile', holds(informer, 'missed'));
  t.is(proxy.passed.filter(({ query }) => query.has('sendInitialEvents')).length, 1, 'listed once');
});

test.serial('a watch that fell silent is cut and resumed', async (t) => {
  const { admin, proxy, namespace, cache } = await stage(t, cluster, { watchTimeout: 1_000 });
  const informer = cache().informer(ConfigMap, { namespace });
  await informer.whenSynced();
  proxy.silence();
  await admin.create(ConfigMap, configMap(namespace, 'unheard', '1'));
  await waitFor('what the silent watch did not tell', holds(informer, 'unheard'));
  t.is(proxy.passed.filter(({ query }) => query.has('sendInitialEvents')).length, 1, 'listed once');
});

test.serial('429 with Retry-After is waited out, for lists, watches and writes', async (t) => {
  const { client, proxy, namespace, cache } = await stage(t, cluster);
  let refusals = 3;
  proxy.script = () => (refusals-- > 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined);
  const informer = cache().informer(ConfigMap, { namespace });
  const started = performance.now();
  await Promise.all([informer.whenSynced(), client.create(ConfigMap, configMap(namespace, 'a', '1'))]);
  t.true(performance.now() - started >= 1_000);
  await waitFor('the object', holds(informer, 'a'));
});

test.serial('an API server that is killed and comes back loses nothing', async (t) => {
  const { admin, namespace, cache } = await stage(t, cluster);
  const informer = cache().informer(ConfigMap, { namespace });
  await informer.whenSynced();
  await admin.create(ConfigMap, configMap(namespace, 'before', '1'));
  await waitFor('the first object', holds(informer, 'before'));
  await cluster.killApiServer();
  await cluster.startApiServer();
  await admin.create(ConfigMap, configMap(namespace, 'after', '1'));
  await waitFor('the second object', holds(informer, 'after before'), { timeout: 60_000 });
  t.true(informer.synced);
});

test.serial('a version too old to resume from is listed again, and missed deletions come out', async (t) => {
  const { admin, proxy, namespace, cache } = await stage(t, cluster);
  const informer = cache().informer(ConfigMap, { namespace });
  const deleted: string[] = [];
  informer.addHandler({ delete: ({ metadata }, { stale }) => deleted.push(`${metadata.name} ${stale}`) });
  await admin.create(ConfigMap, configMap(namespace, 'old', '1'));
  await informer.whenSynced();
  await waitFor('the first object', holds(informer, 'old'));
  proxy.script = ({ query }) => (query.has('watch') ? { status: 503 } : undefined);
  proxy.cut();
  await admin.delete(ConfigMap, { namespace, name: 'old' });
  await admin.create(ConfigMap, configMap(namespace, 'new', '1'));
  // A restarted API server remembers no change from before its start.
  await cluster.restartApiServer();
  proxy.script = () => undefined;
  await waitFor('the new state', holds(informer, 'new'), { timeout: 90_000 });
  t.deepEqual(deleted, ['old true']);
  t.is(proxy.passed.filter(({ query }) => query.has('sendInitialEvents')).length, 2, 'listed twice');
});
