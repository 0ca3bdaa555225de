/** The operator's files and what each of them imports, for tests of how the code is put together. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const top = join(import.meta.dirname, '../..');
const root = join(top, 'operator');

export interface Import {
  /** From `operator/`, such as `kube/index.ts`. */
  readonly path: string;
  /** `*` for all of it, as by `export *` and `import()`. */
  readonly names: readonly string[];
}

export interface Source {
  /** From `operator/`, such as `kube/index.ts`. */
  readonly path: string;
  readonly text: string;
  /** Of other files of the operator. */
  readonly imports: readonly Import[];
}

/** Every file of the operator. */
export function sources(): readonly Source[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.split(sep).join('/'))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

/** Every file of tests and examples: its path is from `operator/` too, such as `../test/unit/sources.ts`. */
export function users(): readonly Pick<Source, 'path' | 'text'>[] {
  return ['test', 'examples'].flatMap((folder) =>
    readdirSync(join(top, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
      .map((path) => ({
        path: `../${folder}/${path.split(sep).join('/')}`,
        text: readFileSync(join(top, folder, path), 'utf8'),
      })),
  );
}

// A statement begins its line; what stands in comments is indented or behind an asterisk.
const statement =
  /^(?:import|export)\s+(?:type\s+)?(?<what>\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)\s+from\s+'(?<from>\.[^']+)'/gm;
const dynamic = /\bimport\('(?<from>\.[^']+)'\)/g;

function importsOf(path: string, text: string): readonly Import[] {
  return [...text.matchAll(statement), ...text.matchAll(dynamic)].map(({ groups }) => ({
    path: relative(root, join(root, dirname(path), groups?.['from'] ?? ''))
      .split(sep)
      .join('/'),
    names: namesIn(groups?.['what'] ?? '*'),
  }));
}

/** `{ type A, b as c }` is A and b. */
function namesIn(what: string): readonly string[] {
  if (!what.startsWith('{')) return ['*'];
  return what
    .slice(1, -1)
    .split(',')
    .map(
      (each) =>
        each
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((each) => each !== '');
}
