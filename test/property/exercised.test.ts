import test from 'ava';
import * as fc from 'fast-check';
import type { JSONValue } from '../../operator/canonical/index.ts';
import { changesOf, leavesOf, notExercised, notExercisedSince } from '../../operator/votes/statement/index.ts';

const text = fc.constantFrom('', 'a', 'b', 'x'.repeat(300));
/** What a pod may hold. As in Kubernetes, a list at one place always has elements of one kind. */
const content = (): fc.Arbitrary<JSONValue> =>
  fc.letrec<{ pod: JSONValue }>((tie) => ({
    pod: fc.record(
      {
        scalar: fc.oneof(fc.boolean(), fc.nat(), text),
        list: fc.array(text, { maxLength: 3 }),
        named: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c ]'), value: text }), {
          maxLength: 3,
          selector: ({ name }) => name,
        }),
        map: fc.dictionary(fc.constantFrom('a', 'b.c', 'd (order)', 'image'), text, {
          maxKeys: 3,
          noNullPrototype: true,
        }),
        inner: fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('pod')),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })).pod;

const web = { kind: 'Deployment', name: 'web' };
const workload = (pod: JSONValue): object => ({ template: { spec: { pod } } });
const leavesAt = (pod: JSONValue) => leavesOf('Deployment/web spec', { template: { spec: { pod } } });

test('a leaf is called and shown as the change that brings it', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(content(), content(), (current, desired) => {
        const leaves = leavesAt(desired);
        return changesOf([{ ...web, part: 'spec', current: workload(current), desired: workload(desired) }]).every(
          ({ path, to }) => to === undefined || JSON.stringify(leaves.get(path)) === JSON.stringify(to),
        );
      }),
    ),
  );
});

test('an environment that ran all of it leaves nothing to list, and one that is not there leaves everything', (t) => {
  fc.assert(
    fc.property(content(), content(), content(), (current, desired, other) => {
      const changes = changesOf([{ ...web, part: 'spec', current: workload(current), desired: workload(desired) }]);
      const listed = (template: JSONValue | undefined): readonly string[] =>
        notExercised({
          workload: web,
          changes,
          ran: template === undefined ? undefined : { template, whole: true, variables: new Set() },
          images: [],
        });
      const paths = changes.map(({ path }) => path);
      t.deepEqual(listed({ spec: { pod: desired } }), []);
      t.deepEqual(listed(undefined), paths);
      const some = listed({ spec: { pod: other } });
      t.deepEqual(
        some,
        paths.filter((path) => some.includes(path)),
      );
      const first = JSON.stringify({ predicate: { changes, notExercised: some } });
      t.deepEqual(notExercisedSince(first, changes, new Map()), some);
    }),
  );
});
