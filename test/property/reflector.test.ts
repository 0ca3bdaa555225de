import test from 'ava';
import * as fc from 'fast-check';
import { Cache, keyOf } from '../../operator/kube/index.ts';
import type { Informer, KubeObject } from '../../operator/kube/index.ts';
import { ScriptedApiServer, fastClock, widgetClient, widgetType } from '../fixtures/scripted-apiserver/index.ts';
import { waitFor } from '../harness/wait.ts';

type Step =
  | { readonly do: 'put'; readonly name: string; readonly value: number }
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'cut' | 'end' | 'compact' | 'swallowAndCompact' | 'repeat' | 'pause' | 'oldBookmark' }
  | { readonly do: 'error'; readonly code: number }
  | { readonly do: 'refuse'; readonly status: number };

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put' as const), name, value: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cut', 'end', 'compact', 'swallowAndCompact', 'repeat', 'pause', 'oldBookmark'),
    }),
  },
  fc.record({ do: fc.constant('error' as const), code: fc.constantFrom(410, 429, 500, 403) }),
  fc.record({ do: fc.constant('refuse' as const), status: fc.constantFrom(401, 403, 404, 410, 429, 500, 503) }),
);

/** What a handler believes exists, and where an event contradicted that. */
class Believer {
  readonly objects = new Map<string, KubeObject>();
  readonly contradictions: string[] = [];

  attach(informer: Informer<KubeObject>): void {
    informer.addHandler({
      add: (object) => {
        if (this.objects.has(keyOf(object))) this.contradictions.push(`add of known ${keyOf(object)}`);
        this.objects.set(keyOf(object), object);
      },
      update: (object, old) => {
        if (this.objects.get(keyOf(object)) !== old) this.contradictions.push(`update of other ${keyOf(object)}`);
        if (object.metadata.uid !== old.metadata.uid) this.contradictions.push(`update to another ${keyOf(object)}`);
        this.objects.set(keyOf(object), object);
      },
      delete: (object) => {
        if (!this.objects.delete(keyOf(object))) this.contradictions.push(`delete of unknown ${keyOf(object)}`);
      },
    });
  }
}

function versions(
  objects: readonly { readonly metadata: { readonly name: string; readonly resourceVersion?: string | undefined } }[],
): string {
  return objects
    .map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ''}`)
    .sort()
    .join(' ');
}

async function play(server: ScriptedApiServer, step: Step): Promise<void> {
  switch (step.do) {
    case 'put':
      return server.put(step.name, step.value);
    case 'remove':
      return server.remove(step.name);
    case 'cut':
      return server.cut();
    case 'end':
      return server.end();
    case 'compact':
      server.history.compact();
      return server.cut();
    case 'swallowAndCompact':
      // Lost for good: no watch will ever tell, only a list can.
      server.swallow(() => {
        server.put('a', 99);
        server.remove('b');
        server.put('b', 100);
        server.remove('c');
      });
      server.history.compact();
      return server.fail(410, 'Expired');
    case 'repeat':
      return server.repeat(server.history.version - 3);
    case 'oldBookmark':
      return server.send({ type: 'BOOKMARK', object: { kind: 'Widget', metadata: { resourceVersion: '1' } } });
    case 'pause':
      return new Promise((resolve) => setTimeout(resolve, 5));
    case 'error':
      return server.fail(step.code, 'Scripted');
    case 'refuse':
      return server.refuse({ status: step.status });
  }
}

test('the cache ends up equal to the server, and handlers see a story without contradictions', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('supported', 'refused'),
      async (steps, streamedLists) => {
        const server = await ScriptedApiServer.start();
        server.streamedLists = streamedLists;
        server.put('a', 0);
        const clock = fastClock(500);
        const client = widgetClient(server, { clock });
        const cache = new Cache({ client, clock });
        const informer = cache.informer(widgetType);
        const believer = new Believer();
        believer.attach(informer);
        const stop = new AbortController();
        const running = cache.run(stop.signal);
        try {
          for (const each of steps) {
            await play(server, each);
            await new Promise((resolve) => setImmediate(resolve));
          }
          server.relent();
          await waitFor(
            `the cache to hold ${versions(server.history.objects)}`,
            (seen) => {
              seen(versions(informer.lister.list()));
              return informer.synced && versions(informer.lister.list()) === versions(server.history.objects);
            },
            { timeout: 5_000 },
          );
        } finally {
          stop.abort();
          await running;
          await client.close();
          await server.stop();
        }
        t.deepEqual(believer.contradictions, []);
        t.is(versions([...believer.objects.values()]), versions(server.history.objects));
        t.true(
          informer.lister
            .list()
            .every((object) => Object.isFrozen(object.metadata) && object.metadata.managedFields === undefined),
        );
      },
    ),
    { numRuns: 60 },
  );
});
