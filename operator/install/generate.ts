/**
 * Writes what the charts have from code: accounts and roles, and the CRDs of crds/. `--check` writes nothing and exits 1
 * when they are stale.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { crdTemplate } from './crds.ts';
import { kindsTemplate } from './kinds.ts';
import { rbacTemplate } from './rbac.ts';

const root = join(import.meta.dirname, '../..');
const crdFolder = 'charts/twinlock-crds/templates';

/** Path in the project and content of every generated file. */
async function render(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(join(root, 'crds'))).filter((name) => name.endsWith('.yaml')).sort();
  const crds = await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const text = await readFile(join(root, 'crds', name), 'utf8');
      return [`${crdFolder}/${name}`, crdTemplate(name, text)];
    }),
  );
  return new Map([
    ...crds,
    ['charts/twinlock/templates/rbac.yaml', rbacTemplate()],
    ['charts/twinlock/templates/_kinds.tpl', kindsTemplate()],
  ]);
}

/** Files that differ from what would be written; those that would not be written any more too. */
async function staleFiles(expected: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const present = await readdir(join(root, crdFolder)).catch((): readonly string[] => []);
  const stale = present.map((name) => `${crdFolder}/${name}`).filter((path) => !expected.has(path));
  for (const [path, content] of expected) {
    const found = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (found !== content) stale.push(path);
  }
  return stale.sort();
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const expected = await render();
const stale = await staleFiles(expected);
if (values.check && stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}; run 'make generate' and 'git diff charts'`);
  process.exitCode = 1;
}
for (const path of values.check ? [] : stale) {
  const content = expected.get(path);
  await mkdir(dirname(join(root, path)), { recursive: true });
  if (content === undefined) await rm(join(root, path));
  else await writeFile(join(root, path), content);
  console.log(`${content === undefined ? 'removed' : 'wrote'} ${dirname(path)}/${basename(path)}`);
}
