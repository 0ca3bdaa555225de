import test from 'ava';
import { deepFreeze } from '../../operator/kube/cache/freeze.ts';
import { Cache, Service, systemClock, type Client, type WatchEvent } from '../../operator/kube/index.ts';

type Thing = Service & { readonly slim?: true };

const thing = (name: string): Thing =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop', resourceVersion: '7' } }) as Thing;

const slim = ({ apiVersion, kind, metadata }: Thing): Thing => ({ apiVersion, kind, metadata, slim: true }) as Thing;

/** Runs an informer until its first list is there. */
async function listed(client: Pick<Client, 'list' | 'watch'>, transform: (object: Thing) => Thing): Promise<string[]> {
  const cache = new Cache({ client, clock: systemClock });
  const informer = cache.informer(Service, { transform });
  const stop = new AbortController();
  const running = cache.run(stop.signal);
  await informer.whenSynced();
  stop.abort();
  await running;
  const objects = informer.lister.list() as readonly Thing[];
  return objects.map((object) => `${object.metadata.name} ${object.slim === true && Object.isFrozen(object)}`);
}

test('of a streamed list each object is slimmed when it comes, before the next one is read', async (t) => {
  const slimmed: string[] = [];
  const client = {
    list: () => Promise.reject(new Error('not needed')),
    watch: async function* (): AsyncGenerator<WatchEvent<Thing>> {
      yield { type: 'ADDED', object: thing('a') };
      t.deepEqual(slimmed, ['a']);
      yield { type: 'ADDED', object: thing('b') };
      t.deepEqual(slimmed, ['a', 'b']);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      yield { type: 'BOOKMARK', object: { ...thing(''), metadata: { name: '', resourceVersion: '9', annotations } } };
      await new Promise((resolve) => setImmediate(resolve));
    },
  } as unknown as Pick<Client, 'list' | 'watch'>;
  const transform = (object: Thing): Thing => {
    slimmed.push(object.metadata.name);
    return slim(object);
  };
  t.deepEqual(await listed(client, transform), ['a true', 'b true']);
  t.deepEqual(slimmed, ['a', 'b'], 'and only then');
});

test('an object is frozen through and through, however deep it is nested', (t) => {
  let inner: unknown = [];
  for (let depth = 0; depth < 200_000; depth++) inner = [inner];
  const object = deepFreeze({ metadata: { annotations: { a: 'x' } }, spec: { list: [{ name: 'y' }], inner } });
  t.true(Object.isFrozen(object.metadata.annotations));
  t.true(Object.isFrozen(object.spec.list[0]));
  let [at, levels] = [object.spec.inner, 0];
  for (; Array.isArray(at) && at.length > 0 && Object.isFrozen(at); levels++) at = at[0] as unknown;
  t.is(levels, 200_000);
});
