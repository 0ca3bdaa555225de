/** The map of the code is true: what docs/architecture.md names is there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { gateTypes, workloadKinds } from '../../operator/api/index.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
const isThere = (path: string): boolean => existsSync(join(root, path));
const folders = (path: string): readonly string[] =>
  readdirSync(join(root, path)).filter((name) => statSync(join(root, path, name)).isDirectory());

/** Rows of the table below a heading, cell by cell. */
function rows(heading: string): readonly (readonly string[])[] {
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks. */
const quoted = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, it = '']) => it);

const isPath = (name: string): boolean => /^(?:operator|test|docs|charts|crds)\//.test(name);
/** `StatefulSet` is in a folder `stateful-set`. */
const kebab = (kind: string): string => kind.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
/** A file by its name alone is one of the room that the row named before. */
const isFile = (name: string): boolean => /^[\w/-]+\.ts$/.test(name) && !isPath(name);

test('every room that the map lists is there, and every room is listed', (t) => {
  const listed = rows('Code')
    .flatMap(([cell]) => quoted(cell))
    .filter((name) => !name.endsWith('/'));
  const rooms = listed.filter((name) => name.startsWith('operator/'));
  t.deepEqual(
    listed.filter((name) => !isThere(name)),
    [],
  );
  t.deepEqual(
    rooms.toSorted(),
    folders('operator')
      .map((name) => `operator/${name}`)
      .toSorted(),
  );
});

test('the three controllers are built alike', (t) => {
  for (const controller of ['environments', 'targets', 'promotions'])
    for (const part of ['gather', 'decide', 'act', 'status', 'watches.ts', 'reconcile.ts', 'wire.ts'])
      t.true(isThere(`operator/${controller}/${part}`), `${controller} has ${part}`);
});

const additions = rows('Where to add what');

test('the table of what to add is found', (t) => t.true(additions.length >= 9));

for (const [what = '', how = ''] of additions) {
  test(`where to add ${what} is there`, (t) => {
    const names = quoted(how);
    // The one room that is not there yet, as the row says.
    if (how.includes('the first one makes the room')) return t.true(isThere('operator/outbound'));
    const fixed = names.filter((name) => isPath(name)).map((name) => name.replace(/<.*$/, ''));
    t.deepEqual(
      fixed.filter((path) => !isThere(path)),
      [],
    );
    // The file may stand in a folder that the row names, or above it.
    const named = fixed.map((path) => (path.endsWith('.ts') ? dirname(path) : path.replace(/\/$/, '')));
    const places = [...named.flatMap((place) => [place, dirname(place), dirname(dirname(place))]), 'operator/api'];
    const lost = names.filter((name) => isFile(name) && !places.some((place) => isThere(join(place, name))));
    return t.deepEqual(lost, []);
  });
}

test('every gate and every kind of workload stands where the table says', (t) => {
  const gates = folders('operator/gates');
  t.is(gates.length, gateTypes.length);
  for (const gate of gates) t.true(isThere(`operator/gates/${gate}/judge.ts`), gate);
  for (const kind of workloadKinds) t.true(isThere(`operator/workloads/${kebab(kind)}/index.ts`), kind);
});

test('every step of an environment is a file, and a line in decide.ts', (t) => {
  const steps = readdirSync(join(root, 'operator/environments/decide/steps'));
  const decide = readFileSync(join(root, 'operator/environments/decide/decide.ts'), 'utf8');
  t.true(steps.length > 8);
  t.deepEqual(
    steps.filter((step) => !decide.includes(`'./steps/${step}'`)),
    [],
  );
});
