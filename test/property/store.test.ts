import test from 'ava';
import * as fc from 'fast-check';
import { Store, type KubeObject } from '../../operator/kube/index.ts';

interface Thing extends KubeObject {
  readonly colours: readonly string[];
}

// More names than a namespace's objects are kept as a list for.
const name = fc.constantFrom(...'abcdefghijklm');
const namespace = fc.option(fc.constantFrom('one', 'two'), { nil: undefined });
const colours = fc.uniqueArray(fc.constantFrom('red', 'green', 'blue'));
const steps = fc.array(fc.record({ remove: fc.boolean(), namespace, name, colours, addIndex: fc.boolean() }), {
  maxLength: 120,
});

const byColour = ({ colours: all }: Thing): readonly string[] => all;
const sorted = (things: readonly Thing[]): string[] =>
  things.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`).toSorted();

test('a store answers like a plain map, whatever is put in and taken out, whenever an index is added', (t) => {
  fc.assert(
    fc.property(steps, (all) => {
      const store = new Store<Thing>();
      const model = new Map<string, Thing>();
      let indexed = false;
      for (const step of all) {
        const key = `${step.namespace ?? ''}/${step.name}`;
        const metadata = { name: step.name, namespace: step.namespace };
        const thing = { apiVersion: 'v1', kind: 'Thing', metadata, colours: step.colours };
        const before = step.remove ? store.delete(metadata) : store.set(thing);
        t.is(before, model.get(key));
        if (step.remove) model.delete(key);
        else model.set(key, thing);
        if (step.addIndex) {
          store.addIndex('colour', byColour);
          indexed = true;
        }
        t.is(store.size, model.size);
        t.is(store.get(metadata), model.get(key));
        t.deepEqual(sorted(store.list()), [...model.keys()].toSorted());
        for (const home of ['', 'one', 'two'])
          t.deepEqual(
            sorted(store.list(home)),
            [...model.keys()].filter((each) => each.startsWith(`${home}/`)).toSorted(),
          );
        if (!indexed) continue;
        for (const colour of ['red', 'green', 'blue'])
          t.deepEqual(
            sorted(store.byIndex('colour', colour)),
            sorted([...model.values()].filter((each) => each.colours.includes(colour))),
          );
      }
    }),
    { numRuns: 200 },
  );
  t.throws(() => new Store<Thing>().byIndex('colour', 'red'), { message: /add it before/ });
});
