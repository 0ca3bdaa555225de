/** Unknown data by its shape, and what an image reference holds: what is another kind of thing has no parts. */
import test from 'ava';
import {
  canonicalJSON,
  CanonicalError,
  digestOf,
  IMAGE_DIGEST,
  imageDigest,
  imageRepository,
  isDigest,
  isList,
  isMembers,
  isPinned,
  itemsOf,
  membersOf,
} from '../../operator/canonical/index.ts';

test('only an object has members, only a list has items', (t) => {
  const [object, list] = [{ a: 1 }, ['a']];
  t.true(isMembers(object) && isList(list));
  t.is(membersOf(object), object);
  t.is(itemsOf(list), list);
  for (const other of [null, undefined, 'text', 5, true, () => 1]) {
    t.false(isMembers(other) || isList(other), String(other));
    t.deepEqual(membersOf(other), {});
    t.deepEqual(itemsOf(other), []);
  }
  t.deepEqual([membersOf(list), itemsOf(object)], [{}, []]);
});

const digest = digestOf('an image');

test('an image reference names a digest after its last @, or none', (t) => {
  t.is(imageDigest(`registry.example/web@${digest}`), digest);
  t.is(imageDigest(`registry.example/web:1.2@${digest}`), digest);
  t.is(imageDigest(`web@sha256:short@${digest}`), digest);
  t.is(imageDigest(`@${digest}`), digest);
  for (const none of [
    '',
    'web',
    'web:1.2',
    digest,
    `web@${digest}0`,
    `web@x${digest}`,
    'web@sha256:',
    `web@${digest}@`,
  ])
    t.is(imageDigest(none), undefined, none);
});

test('the repository of an image is without its tag; a port is none', (t) => {
  t.is(imageRepository(`registry.example:5000/web:1.2@${digest}`), 'registry.example:5000/web');
  t.is(imageRepository(`registry.example:5000/web@${digest}`), 'registry.example:5000/web');
  t.is(imageRepository('web:1'), 'web');
  t.is(imageRepository(''), '');
  t.is(imageRepository(`web@side@${digest}\nmore`), 'web');
});

test('a reference is pinned by one repository and its digest, and schemas look for the same end', (t) => {
  for (const pinned of [`web@${digest}`, `registry.example:5000/team/web:1.2@${digest}`])
    t.true(isPinned(pinned) && IMAGE_DIGEST.test(pinned), pinned);
  for (const other of ['', 'web', 'web:1.2', digest, `web@${digest}0`, `web@x${digest}`])
    t.false(isPinned(other) || IMAGE_DIGEST.test(other), other);
  for (const two of [`@${digest}`, `web@side@${digest}`, `web side@${digest}`, `web\n@${digest}`])
    t.false(isPinned(two), two);
});

test('a digest is one by itself: nothing before it, nothing after it, and no text is none', (t) => {
  t.true(isDigest(digest));
  for (const other of [`x${digest}`, `${digest}0`, `${digest} `, Object(digest)]) t.false(isDigest(other));
});

const nested = (levels: number): unknown => {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
};

test('objects nest as deep as lists may, and no deeper', (t) => {
  t.is(canonicalJSON(nested(200)).length, 200 * '{"a":}'.length + 1);
  t.is(t.throws(() => canonicalJSON(nested(201)), { instanceOf: CanonicalError }).code, 'TooDeep');
});
