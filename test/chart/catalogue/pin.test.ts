/** `make catalog-pin` against a real registry, which stands for those that publish the twins and for the user's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { freePorts, momentaryFolder, run, tools, waitFor } from '../../harness/index.ts';
import { pushImage } from '../../harness/image/index.ts';
import { helmTemplate, manifestsOf, one, smallest } from '../render.ts';
import { writtenEntries } from './entries.ts';

const script = join(import.meta.dirname, '../../images/catalog-pin.ts');
const pin = (...args: readonly string[]) => run(process.execPath, [script, ...args], { check: false });

interface Registry extends AsyncDisposable {
  readonly host: string;
  /** An image of one file as a vendor would publish it: its digest. */
  readonly publish: (upstream: string) => Promise<string>;
}

async function registry(): Promise<Registry> {
  const crane = await tools.crane();
  const [port] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const child = spawn(crane, ['registry', 'serve', '--address', host], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await waitFor('the registry', async () => (await fetch(`http://${host}/v2/`)).ok);
  return {
    host,
    publish: async (upstream) => {
      const path = upstream.replace(/^[^/]+/, `${host}/mirror`);
      const image = await pushImage(
        path.replace(/:[^:/]+$/, ''),
        { '/name': { content: upstream } },
        { entrypoint: ['/name'] },
      );
      await run(crane, ['tag', image, path.replace(/.*:/, '')]);
      return image.replace(/.*@/, '');
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

test('what the catalogue names by tag is copied, and printed as values by digest that the chart takes', async (t) => {
  await using place = await registry();
  const written = await writtenEntries();
  const digests = new Map<string, string>();
  for (const name of ['s3', 'llm']) digests.set(name, await place.publish(written.get(name)!.upstream));
  const { code, stdout, stderr } = await pin(`${place.host}/twins/`, 's3', 'llm', '--from', `${place.host}/mirror`);
  t.is(code, 0, stderr);
  const images = {
    s3: { image: `${place.host}/twins/versitygw@${digests.get('s3')}` },
    llm: { image: `${place.host}/twins/aimock@${digests.get('llm')}` },
  };
  t.deepEqual(parse(stdout), { catalog: images });
  for (const { image } of Object.values(images)) await run(await tools.crane(), ['manifest', image]);

  const folder = await momentaryFolder();
  t.teardown(() => rm(folder, { recursive: true }));
  const values = join(folder, 'catalog.yaml');
  await writeFile(values, stdout);
  const manifests = manifestsOf((await helmTemplate(smallest, undefined, undefined, ['-f', values])).stdout);
  t.like(one(manifests, 'VendorTwin', 's3'), { spec: { versions: [{ image: images.s3.image }] } });
});

test('what cannot be copied is told, and the rest is printed', async (t) => {
  await using place = await registry();
  const written = await writtenEntries();
  await place.publish(written.get('s3')!.upstream);
  const { code, stdout, stderr } = await pin(place.host, 's3', 'llm', '--from', `${place.host}/mirror`);
  t.is(code, 1);
  t.deepEqual(Object.keys((parse(stdout) as { catalog: object }).catalog), ['s3']);
  t.regex(stderr, /^llm: ghcr\.io\/copilotkit\/aimock:\S+ was not copied: /m);
  t.regex((await pin(place.host, 'paypal')).stderr, /paypal is not in the catalogue, which has gcs, /);
  t.regex((await pin('https://registry.example')).stderr, /is no registry: write e\.g\. registry\.example\/platform/);
});
