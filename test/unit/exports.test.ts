import test from 'ava';
import { dirname, join } from 'node:path/posix';
import { sources, type Source } from './sources.ts';

/**
 * Every export works in the operator itself: another file takes it, through as many doors as there are, or its own file
 * works with it. What only a test
 * calls is tested in vain, and what nobody calls is read in vain.
 */

/** Exports that are there for others, by why. */
const FOR_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'a clock that stands still until a test says so': ['kube/clock/manual.ts: ManualClock'],
  'one bounded client for gates and forges to come': ['outbound/pages.ts: readPages'],
};

/** Programs: whoever runs them is their use. */
const PROGRAMS = /^(?:processes\/main|\w+\/generate)\.ts$/;

const declaration =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm;

/** What a file declares itself, by name. */
function declared({ text }: Source): readonly string[] {
  return [...new Set([...text.matchAll(declaration)].map(([, name = '']) => name))];
}

const files = sources();
const byPath = new Map(files.map((file) => [file.path, file]));

interface Door {
  /** `*` or a name, as the other file has it. */
  readonly name: string;
  readonly as: string;
  readonly from: string;
}

/** What a file hands on from others: `export { a as b } from`, `export * from`. */
function handedOn({ path, text }: Source): readonly Door[] {
  const statements = text.matchAll(/^export\s+(?:type\s+)?(\{[^}]*\}|\*)\s+from\s+'(\.[^']+)'/gm);
  return [...statements].flatMap(([, what = '', from = '']) => {
    const target = join(dirname(path), from);
    if (what === '*') return [{ name: '*', as: '*', from: target }];
    return what
      .slice(1, -1)
      .split(',')
      .map((each) => each.trim().replace(/^type\s+/, ''))
      .filter((each) => each !== '')
      .map((each) => {
        const [name = '', as = name] = each.split(/\s+as\s+/);
        return { name, as, from: target };
      });
  });
}

const doors = new Map(files.map((file) => [file.path, handedOn(file)]));

/** `file: name` of everything that is imported somewhere, and of every door on the way to it. */
function used(): ReadonlySet<string> {
  const found = new Set<string>();
  const use = (path: string, name: string): void => {
    const key = `${path}: ${name}`;
    if (found.has(key)) return;
    found.add(key);
    for (const door of doors.get(path) ?? []) {
      if (door.name === '*') use(door.from, name);
      else if (door.as === name || name === '*') use(door.from, door.name);
    }
    const file = byPath.get(path);
    if (name === '*' && file !== undefined) for (const each of declared(file)) use(path, each);
  };
  for (const { path, text } of files) {
    const imports = text.matchAll(/^import\s+(?:type\s+)?(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+'(\.[^']+)'/gm);
    for (const [, what = '', from = ''] of imports) {
      const target = join(dirname(path), from);
      if (what.startsWith('*')) {
        // Of a namespace only the members that are named.
        const local = /\w+$/.exec(what)?.[0] ?? '';
        for (const [, member = ''] of text.matchAll(new RegExp(`\\b${local}\\.(\\w+)`, 'g'))) use(target, member);
        continue;
      }
      for (const each of what.slice(1, -1).split(',')) {
        const name =
          each
            .trim()
            .replace(/^type\s+/, '')
            .split(/\s+as\s+/)[0] ?? '';
        if (name !== '') use(target, name);
      }
    }
    for (const [, member = '', from = ''] of text.matchAll(/\{([^{}]*)\}\s*=\s*await import\('(\.[^']+)'\)/g)) {
      for (const each of member.split(',')) use(join(dirname(path), from), each.trim());
    }
    for (const [, from = '', member = ''] of text.matchAll(/await import\('(\.[^']+)'\)\)\.(\w+)/g)) {
      use(join(dirname(path), from), member);
    }
  }
  return found;
}

const uses = used();
const exported = files
  .filter(({ path }) => !PROGRAMS.test(path))
  .flatMap((file) => declared(file).map((name) => `${file.path}: ${name}`));

/** Its own file works with it: it runs, and the export lets a test look at it closer. */
function worksAtHome(key: string): boolean {
  const [path = '', name = ''] = key.split(': ');
  const { text = '' } = byPath.get(path) ?? {};
  const code = text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const declares = new RegExp(`^export\\s.*?\\b(?:const|let|function\\*?|class|interface|type)\\s+${name}\\b`);
  return code.split('\n').some((line) => !declares.test(line) && new RegExp(`\\b${name}\\b`).test(line));
}

test('every export works in the operator: in another file, or in its own', (t) => {
  const allowed = new Set(Object.values(FOR_OTHERS).flat());
  t.deepEqual(
    exported.filter((key) => !uses.has(key) && !allowed.has(key) && !worksAtHome(key)),
    [],
    'nobody imports these: delete them, or take `export` away',
  );
  t.deepEqual(
    [...allowed].filter((key) => uses.has(key) || !exported.includes(key)),
    [],
    'these are used or gone: take them off the list',
  );
});
