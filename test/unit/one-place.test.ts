/** What has one home has no second one: times and image references are read and written by `canonical`. */
import { globSync, readFileSync } from 'node:fs';
import test from 'ava';

const files = globSync('operator/**/*.ts')
  .filter((path) => !path.startsWith('operator/canonical/'))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

const homes: readonly (readonly [string, RegExp])[] = [
  ['a time that is parsed', /\bDate\.parse\(/],
  ['a time that is written', /\.toISOString\(|\.toUTCString\(/],
  ['what an image reference ends in', /@sha256:\[/],
];
for (const [what, pattern] of homes)
  test(`${what} has its home in canonical`, (t) => {
    t.true(files.length > 400, 'the files are found');
    t.deepEqual(
      files.filter(({ text }) => pattern.test(text)).map(({ path }) => path),
      [],
    );
  });
