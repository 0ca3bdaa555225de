import { build } from 'esbuild';

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

/** One file of JavaScript for Node 24 from an entry point and everything that it imports. */
export async function bundle(entry: string, options: BundleOptions = {}): Promise<string> {
  const { define = {}, format = 'esm', external = [] } = options;
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format,
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'error',
    define: { ...define },
    external: [...external],
    ...(format === 'esm' && { banner: { js: requireBanner } }),
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${entry}`);
  return output.text;
}
