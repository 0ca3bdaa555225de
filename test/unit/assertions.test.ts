import test from 'ava';
import { users } from './sources.ts';

/** What passes whatever became of the thing under test. */
const empty = /\bt\.(?:pass\(|(?:true|assert|truthy)\(true\b)/;

test('no test asserts nothing', (t) => {
  const tests = users().filter(({ path }) => path.endsWith('.test.ts'));
  t.true(tests.length > 100);
  const found = tests.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (empty.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
  t.deepEqual(found, []);
});
