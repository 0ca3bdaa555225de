/** What is asked of values whose shape nobody has checked: null in them, and one order for lists. */
import test from 'ava';
import { holdsNull, sortedBy, withoutNull } from '../../operator/canonical/index.ts';

test('null is found wherever it stands, and nothing else is taken for it', (t) => {
  for (const value of [null, [null], [1, null], { a: 1, b: null }, { a: [{ b: [null, 1] }] }])
    t.true(holdsNull(value), JSON.stringify(value));
  for (const value of [undefined, 0, '', false, 'null', [], {}, [1], { a: [{ b: 1 }] }])
    t.false(holdsNull(value), JSON.stringify(value));
});

test('members that are null go, however deep; elements of lists keep their place', (t) => {
  t.deepEqual(withoutNull({ a: null, b: { c: null, d: [{ e: null, f: 1 }, null] } }), { b: { d: [{ f: 1 }, null] } });
  for (const value of [null, 'text', 7, []]) t.deepEqual(withoutNull(value), value);
});

test('a list is sorted by its keys, byte by byte, and what has one key stays in its order', (t) => {
  const items = ['b1', 'a1', 'Z1', 'b0', 'a0'];
  t.deepEqual([...sortedBy(items, ([first = '']) => first)], ['Z1', 'a1', 'a0', 'b1', 'b0']);
  t.deepEqual(items, ['b1', 'a1', 'Z1', 'b0', 'a0'], 'what was given is not changed');
});
