/** `make catalog-pin`: copies what the chart's catalogue names by tag to a registry of the user's, and prints it by digest. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { HarnessError, run, tools } from '../harness/index.ts';
import { commandLine, parseToEnd } from '../stage/command-line.ts';
import { placeOf } from './place.ts';

const folder = join(import.meta.dirname, '../../charts/twinlock/catalog');
const names = (await readdir(folder)).map((file) => basename(file, '.yaml')).sort();

const program = commandLine(
  'node test/images/catalog-pin.ts',
  "Copy the images of the chart's catalogue to a registry of yours, and print the chart's values with their digests.",
  'make catalog-pin REGISTRY=registry.example/twins >catalog.yaml',
)
  .argument('<registry>', 'host, port and path of a registry, e.g. registry.example/twins')
  .argument('[name...]', `twins (default: all of ${names.join(', ')})`)
  .option('--from <mirror>', 'where their images are read, in the place of the registries that publish them')
  .addHelpText(
    'after',
    '  catalog:\n    s3:\n      image: registry.example/twins/versitygw@sha256:...\n\nCredentials are those of ~/.docker/config.json.',
  )
  .action(async (registry: string, wanted: readonly string[], { from }: { readonly from?: string }) => {
    const place = placeOf(registry, 'REGISTRY');
    const mirror = from === undefined ? undefined : placeOf(from, 'FROM');
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new HarnessError('Configuration', `${unknown} is not in the catalogue, which has ${names.join(', ')}`);
    const catalog: Record<string, { readonly image: string }> = {};
    const failures: string[] = [];
    for (const name of wanted.length === 0 ? names : wanted) {
      const { upstream } = parse(await readFile(join(folder, `${name}.yaml`), 'utf8')) as { readonly upstream: string };
      try {
        catalog[name] = { image: await pinned(upstream, mirror, place) };
      } catch (cause) {
        if (!(cause instanceof HarnessError) || cause.code !== 'CommandFailed') throw cause;
        failures.push(`${name}: ${upstream} was not copied: ${cause.message}`);
      }
    }
    console.log(stringify({ catalog }).trimEnd());
    if (failures.length > 0) throw new HarnessError('CommandFailed', failures.join('\n'));
  });

/** Copies an image with all its platforms. What is printed is what the target has, read there. */
async function pinned(upstream: string, mirror: string | undefined, place: string): Promise<string> {
  const crane = await tools.crane();
  const [, path = '', tag = ''] = /^[^/]+\/(.+):([^:]+)$/.exec(upstream) ?? [];
  const source = mirror === undefined ? upstream : `${mirror}/${path}:${tag}`;
  const target = `${place}/${basename(path)}`;
  await run(crane, ['copy', source, `${target}:${tag}`]);
  const { stdout } = await run(crane, ['digest', `${target}:${tag}`]);
  return `${target}@${stdout.trim()}`;
}

await parseToEnd(program);
