import test from 'ava';
import { dirname, join } from 'node:path/posix';
import { sources, users, type Source } from './sources.ts';

/**
 * Every export has another file of the operator that takes it, through as many doors as there are. What nobody takes needs
 * no `export`, and what only tests take has a reason to be looked at on its own. A type may stand for its file alone: it
 * names what an exported function takes or gives.
 */

/** Exports that only tests take, by why each is looked at on its own. */
const FOR_TESTS: Readonly<Record<string, readonly string[]>> = {
  'every value that the docs and the cluster have to have is read off it': [
    'admission/pod-status.ts: STATUS_WRITERS',
    'api/conditions.ts: conditionTypes',
    'api/conditions.ts: outcomeTypes',
    'api/reasons/keyring.ts: keyringReasons',
    'api/reasons/promotion.ts: promotionReasons',
    'api/reasons/target.ts: targetReasons',
    'votes/terms/reasons.ts: voteReasons',
    'workloads/references.ts: referencePlaces',
  ],
  'fixtures are read by the schema that the CRD is made from': [
    'api/convert/crd.ts: rootSchema',
    'api/kinds/twin-class.ts: twinClassSpec',
    'api/kinds/vendor-twin.ts: vendorTwinSpec',
  ],
  'a limit that is tried at its edge': [
    'lock/edit.ts: MAX_ENTRIES',
    'lock/edit.ts: MAX_LOCK_BYTES',
    'lock/edit.ts: lockBytes',
    'promotions/decide/plan/manifests.ts: MAX_MANIFEST_BYTES',
    'promotions/decide/queue.ts: MOST_OPEN',
    'runtime/queue/workqueue.ts: lowShare',
    'votes/statement/changes.ts: MAX_SHOWN',
  ],
  'hostile input: more of it is tried than its caller lets through': [
    'api/schema/rule.ts: re2Source',
    'environments/gather/reach.ts: tryReach',
    'environments/gather/reports/fetch.ts: readReport',
    'environments/page/html.ts: escapeHTML',
  ],
  'a chain or a checkpoint made by hand, to be found out': ['records/checkpoint/checkpoint.ts: checkpointText'],
  'what a program does, without its socket, its files or its process': [
    'environments/page/server.ts: answer',
    'install/rbac.ts: renderRbac',
    'runtime/election/leader-elector.ts: LeadershipLostError',
  ],
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

/** The file that an import of this one means, from `operator/`. */
function target(path: string, from: string): string {
  return join(dirname(path), from).replace(/^\.\.\/operator\//, '');
}

/** What a file hands on from others: `export { a as b } from`, `export * from`. */
function handedOn({ path, text }: Source): readonly Door[] {
  const statements = text.matchAll(/^export\s+(?:type\s+)?(\{[^}]*\}|\*)\s+from\s+'(\.[^']+)'/gm);
  return [...statements].flatMap(([, what = '', from = '']) => {
    const imported = target(path, from);
    if (what === '*') return [{ name: '*', as: '*', from: imported }];
    return what
      .slice(1, -1)
      .split(',')
      .map((each) => each.trim().replace(/^type\s+/, ''))
      .filter((each) => each !== '')
      .map((each) => {
        const [name = '', as = name] = each.split(/\s+as\s+/);
        return { name, as, from: imported };
      });
  });
}

const doors = new Map(files.map((file) => [file.path, handedOn(file)]));

/** `file: name` of everything that one of these imports, and of every door on the way to it. */
function used(importers: readonly Pick<Source, 'path' | 'text'>[]): ReadonlySet<string> {
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
  for (const { path, text } of importers) {
    const imports = text.matchAll(/^import\s+(?:type\s+)?(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+'(\.[^']+)'/gm);
    for (const [, what = '', from = ''] of imports) {
      const imported = target(path, from);
      if (what.startsWith('*')) {
        // Of a namespace only the members that are named.
        const local = /\w+$/.exec(what)?.[0] ?? '';
        for (const [, member = ''] of text.matchAll(new RegExp(`\\b${local}\\.(\\w+)`, 'g'))) use(imported, member);
        continue;
      }
      for (const each of what.slice(1, -1).split(',')) {
        const name =
          each
            .trim()
            .replace(/^type\s+/, '')
            .split(/\s+as\s+/)[0] ?? '';
        if (name !== '') use(imported, name);
      }
    }
    for (const [, member = '', from = ''] of text.matchAll(/\{([^{}]*)\}\s*=\s*await import\('(\.[^']+)'\)/g)) {
      for (const each of member.split(',')) use(target(path, from), each.trim());
    }
    for (const [, from = '', member = ''] of text.matchAll(/await import\('(\.[^']+)'\)\)\.(\w+)/g)) {
      use(target(path, from), member);
    }
  }
  return found;
}

const inOperator = used(files);
const inTests = used(users());
const exported = files
  .filter(({ path }) => !PROGRAMS.test(path))
  .flatMap((file) => declared(file).map((name) => `${file.path}: ${name}`));

/** A type that its own file works with. */
function typeAtHome(key: string): boolean {
  const [path = '', name = ''] = key.split(': ');
  const code = (byPath.get(path)?.text ?? '').replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const declares = new RegExp(`^export\\s+(?:type|interface)\\s+${name}\\b`, 'm');
  return declares.test(code) && new RegExp(`\\b${name}\\b`).test(code.replace(declares, ''));
}

test('every export is taken by another file of the operator, or by tests for a reason', (t) => {
  const listed = new Set(Object.values(FOR_TESTS).flat());
  const foreign = exported.filter((key) => !inOperator.has(key) && !typeAtHome(key));
  t.deepEqual(
    foreign.filter((key) => !inTests.has(key)),
    [],
    'nobody imports these: take `export` away, or delete them',
  );
  t.deepEqual(
    foreign.filter((key) => inTests.has(key) && !listed.has(key)),
    [],
    'only tests import these: test them through what calls them, or list them with the reason',
  );
  t.deepEqual(
    [...listed].filter((key) => !foreign.includes(key)),
    [],
    'these are used or gone: take them off the list',
  );
});

/** Steps are named by their answer, and their type says what they take and give. */
const FUNCTION =
  /^export (?:(?:async )?function\*? (?<name>\w+)|const (?<arrow>\w+)(?::(?! \w*Step\b)[^=]*)? = (?:async )?(?:<[^=]*>)?(?:\w+|\([^;]*?\)(?:: [^;=]+)?) =>)/gm;

/** Functions that are exported without a word before them; of an overloaded one the first form has it. */
function bare({ path, text }: Pick<Source, 'path' | 'text'>): readonly string[] {
  const found = [...text.matchAll(FUNCTION)].map(({ index, groups }) => ({
    name: groups?.['name'] ?? groups?.['arrow'] ?? '',
    documented: text.slice(0, index).endsWith('*/\n'),
  }));
  const documented = new Set(found.flatMap((each) => (each.documented ? [each.name] : [])));
  return found.filter(({ name }) => !documented.has(name)).map(({ name }) => `${path}: ${name}`);
}

test('every exported function says what its name does not', (t) => {
  const text = [
    'export function a(): void {',
    '/** B. */\nexport function b(): void {',
    'export const c = (x: string): string => x;',
    'export const d: Wake = async (x) => {',
    'export const e: DecisionStep = (world) =>',
    'export const f = 3;\nconst g = (x) => x;',
    'export const h = <const T extends string>(x: T): T => x;',
    'export const i = (\n  x: string,\n): z.ZodType =>',
  ].join('\n');
  t.deepEqual(bare({ path: 'x.ts', text }), ['x.ts: a', 'x.ts: c', 'x.ts: d', 'x.ts: h', 'x.ts: i']);
  t.deepEqual(files.flatMap(bare), [], 'write a line or two: what it takes and gives, units, limits, when it throws');
});
