import { rm } from 'node:fs/promises';
import { momentaryFolder } from '../cache.ts';
import { run } from '../command.ts';
import { tools } from '../tools.ts';
import { buildImage, writeLayout } from './layout.ts';
import type { ImageFiles, ImageOptions } from '../types.ts';

export { librariesOf, nodeImageFiles } from './node.ts';

/**
 * Pushes an image, unless the registry has it already.
 *
 * @param repository `host:port/name`
 * @returns `repository@sha256:...`
 */
export async function pushImage(repository: string, files: ImageFiles, options: ImageOptions): Promise<string> {
  const image = await buildImage(files, options);
  const reference = `${repository}@${image.digest}`;
  const crane = await tools.crane();
  if ((await run(crane, ['manifest', reference], { check: false })).code === 0) return reference;
  const folder = await momentaryFolder();
  try {
    await writeLayout(image, folder);
    await run(crane, ['push', folder, `${repository}:${image.digest.slice('sha256:'.length, 19)}`]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return reference;
}
