import { basename, join } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';

export interface BundleOptions {
  /** Replaced in the source by constants, e.g. `{ 'process.env.VERSION': '"v1"' }`. */
  readonly define?: Readonly<Record<string, string>>;
  readonly format?: 'esm' | 'cjs';
  /** Import paths that stay imports. */
  readonly external?: readonly string[];
}

// CommonJS packages inside an ES module bundle call require() for Node's own modules.
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const common = {
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'error',
} as const satisfies BuildOptions;

/** One file of JavaScript for Node 24 from an entry point and everything that it imports. */
export async function bundle(entry: string, options: BundleOptions = {}): Promise<string> {
  const { define = {}, format = 'esm', external = [] } = options;
  const result = await build({
    ...common,
    entryPoints: [entry],
    format,
    define: { ...define },
    external: [...external],
    ...(format === 'esm' && { banner: { js: requireBanner } }),
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entry}`);
  return output.text;
}

/**
 * What Node itself is told where the operator runs. Most of its garbage is the text of events, gone in a moment: a young
 * generation of the default size only adds to the memory that the process holds. Once the caches are full it asks the
 * collector itself to give back what the lists left.
 */
export const operatorFlags = ['--max-semi-space-size=4', '--expose-gc'];

/** One arena: glibc would keep one for each thread, most of it empty. */
export const operatorEnvironment = { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' };

const operatorEntry = join(import.meta.dirname, '../../operator/processes/main.ts');

/**
 * The operator as `main.mjs` (or another entry point's name) and chunks beside it, by file name. What a process imports later, or never, is a chunk of its
 * own: only what runs is read at the start.
 */
export async function operatorBundle(entry = operatorEntry): Promise<Readonly<Record<string, string>>> {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [entry],
    format: 'esm',
    splitting: true,
    outdir: '/app',
    outExtension: { '.js': '.mjs' },
    banner: { js: requireBanner },
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
}
