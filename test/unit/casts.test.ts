import test from 'ava';
import { sources } from './sources.ts';

/**
 * A type assertion says that somebody knows better than the compiler, so it says why: in a comment of its own, at most
 * three lines above (a statement may go over lines). `as const` asserts nothing. `!` is refused by the linter. Nobody knows
 * better that one type is another one that has nothing to do with it: `as unknown as` is no assertion but a way round it.
 */
const assertion = /(?:[\w)\]}'>]\s+|^\s*)as(?:\s+(?!const\b)[A-Za-z({['"]|\s*$)/;
const roundabout = /\bas\s+(?:unknown|never|any)\s+as\b/;
const LINES = 3;

function withoutTexts(line: string): string {
  return line.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''").replace(/\/\/.*$/, '');
}

function isCode(line: string): boolean {
  return !/^\s*(?:\*|\/\*|\/\/)/.test(line) && !/^\s*(?:import|export)\b.*\bfrom\b/.test(line);
}

/** In a mapped type `as` renames a key, in an import or export a name. */
function isRenaming(line: string): boolean {
  return /\[\w+ in keyof \w+ as /.test(line) || /^\s*(?:export|import) (?:type )?[{*]/.test(line);
}

function isAssertion(line: string): boolean {
  return isCode(line) && !isRenaming(line) && assertion.test(withoutTexts(line));
}

test('an assertion is found however it is broken over lines, and nothing else is taken for one', (t) => {
  const asserting = [
    'const a = b as Pod;',
    '  return f() as',
    '  as Pod;',
    "const a = 'Pod' as Kind;",
    'g(b as {',
    'h(c as [A])',
  ];
  const other = [
    'const a = [b] as const;',
    "const said = 'taken as Pod';",
    ' * as Pod',
    'run(); // as Pod',
    "import * as pods from './pods.ts';",
    '{ [K in keyof T as Name<K>]: T[K] }',
  ];
  for (const line of asserting) t.true(isAssertion(line), line);
  for (const line of other) t.false(isAssertion(line), line);
});

test('no cast to please a type: each type assertion has its reason beside it', (t) => {
  let found = 0;
  const bare = sources().flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      if (!isAssertion(line)) return [];
      found += 1;
      const near = lines.slice(Math.max(0, index - LINES), index);
      return near.some((each) => /^\s*\/\//.test(each)) ? [] : [`operator/${path}:${index + 1}: ${line.trim()}`];
    });
  });
  t.deepEqual(bare, []);
  t.true(found > 10, 'the pattern still finds them');
});

test('no type is asserted by way of one that has nothing to say', (t) => {
  t.regex('informer as unknown as Informer<Child>', roundabout);
  t.regex('informer as\n  unknown as\n  Informer<Child>', roundabout);
  t.deepEqual(
    sources().flatMap(({ path, text }) => (roundabout.test(text) ? [`operator/${path}`] : [])),
    [],
    'take what you need of it as the type (`Pick`), so that the compiler sees that it fits',
  );
});
