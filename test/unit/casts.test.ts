import test from 'ava';
import { sources } from './sources.ts';

/**
 * A type assertion says that somebody knows better than the compiler, so it says why: in a comment of its own, at most
 * three lines above (a statement may go over lines). `as const` asserts nothing. `!` is refused by the linter.
 */
const assertion = /[\w)\]}] as (?!const\b)[A-Za-z({[]/;
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

test('no cast to please a type: each type assertion has its reason beside it', (t) => {
  let found = 0;
  const bare = sources().flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      if (!isCode(line) || isRenaming(line) || !assertion.test(withoutTexts(line))) return [];
      found += 1;
      const near = lines.slice(Math.max(0, index - LINES), index);
      return near.some((each) => /^\s*\/\//.test(each)) ? [] : [`operator/${path}:${index + 1}: ${line.trim()}`];
    });
  });
  t.deepEqual(bare, []);
  t.true(found > 10, 'the pattern still finds them');
});
