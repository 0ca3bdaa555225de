import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built, recipe } from '../harness/cache.ts';
import { run } from '../harness/index.ts';
import { bundle } from './bundle.ts';
import type { ImageFile } from '../harness/index.ts';

const definition = join(import.meta.dirname, 'maildev');

/**
 * The folder of maildev; installed from its own lock file into the cache once, so that its many packages are none of this
 * project's. In `out` it is one bundle.
 */
export async function maildevFolder(): Promise<string> {
  const sources = ['package.json', 'package-lock.json', 'main.cjs'].map((name) => join(definition, name));
  return built('maildev', await recipe(['2'], sources), async (folder) => {
    await Promise.all(sources.map((source) => copyFile(source, join(folder, source.slice(definition.length + 1)))));
    await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: folder });
    // jsdom resolves this file when it loads and never runs it here: it lies beside the bundle.
    const worker = 'xhr-sync-worker.js';
    await mkdir(join(folder, 'out'));
    await copyFile(join(folder, 'node_modules/jsdom/lib/jsdom/living/xhr', worker), join(folder, 'out', worker));
    const text = await bundle(join(folder, 'main.cjs'), { format: 'cjs', external: [`./${worker}`] });
    await writeFile(join(folder, 'out/maildev.cjs'), text);
  });
}

/** The files of maildev as one bundle. */
export async function maildevFiles(): Promise<Record<string, ImageFile>> {
  const folder = await maildevFolder();
  const content = async (name: string): Promise<ImageFile> => ({
    content: await readFile(join(folder, 'out', name), 'utf8'),
  });
  return {
    '/app/maildev.cjs': await content('maildev.cjs'),
    '/app/xhr-sync-worker.js': await content('xhr-sync-worker.js'),
  };
}
