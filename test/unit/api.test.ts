import test from 'ava';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RE2JS } from 're2js';

import { customResourceDefinition, rootSchema } from '../../operator/api/convert/index.ts';
import type { Structural } from '../../operator/api/convert/index.ts';
import { renderCRDs } from '../../operator/api/generate.ts';
import { kinds, parseDuration, recordName } from '../../operator/api/index.ts';
import { patterns } from '../../operator/api/schema/patterns.ts';
import { celMatches, re2Source } from '../../operator/api/schema/rule.ts';
import { timestamp } from '../../operator/api/schema/text.ts';

const hex = 'a'.repeat(64);

/** What each pattern takes and refuses, the near misses above all. */
const examples: Readonly<
  Record<keyof typeof patterns, readonly [takes: readonly string[], refuses: readonly string[]]>
> = {
  dnsLabel: [
    ['a', 'web-1', '1a'],
    ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a\n'],
  ],
  componentName: [
    ['a', 'web-1'],
    ['1a', '-a', 'a-', 'A', ''],
  ],
  configKey: [
    ['app.yaml', '.env', 'A_b-1', '_'],
    ['', '.', '..', '..a', 'a b', 'a/b', 'a\n'],
  ],
  dnsSubdomain: [
    ['a', 'a.b-c.d'],
    ['a.', '.a', 'a..b', 'a.-b', 'A'],
  ],
  personName: [
    ['alice', 'a.b_c@d'],
    ['Alice', '.a', 'a ', 'a\u202eb', ''],
  ],
  imageByDigest: [
    [
      `web@sha256:${hex}`,
      `registry.example:5000/a/b-c_d@sha256:${hex}`,
      `127.0.0.1:5001/web@sha256:${hex}`,
      `web:1@sha256:${hex}`,
      `registry.example:5000/a/web:v1.2_B-3@sha256:${hex}`,
    ],
    [
      'web',
      'web:1',
      `web:@sha256:${hex}`,
      `web:.1@sha256:${hex}`,
      `web:${'1'.repeat(129)}@sha256:${hex}`,
      `web:1:2@sha256:${hex}`,
      `web@sha256:${hex}@sha256:${hex}`,
      `web@sha256:${hex.slice(1)}`,
      `Web@sha256:${hex}`,
      `/web@sha256:${hex}`,
      `web@sha256:${hex}\n`,
    ],
  ],
  pinnedImage: [
    [`web@sha256:${hex}`, `registry.example:5000/a/b:1.2@sha256:${hex}`],
    [
      'web:1',
      `web:1@sha256:${hex.slice(1)}`,
      `web@sha256:${hex}@sha256:${hex}`,
      `we b@sha256:${hex}`,
      `web@sha256:${hex}\n`,
    ],
  ],
  portName: [
    ['http', 'grpc-2', 'a'],
    ['', 'HTTP', '1a', 'a-', '-a', 'a--b', 'a.b', 'a\n'],
  ],
  adminPath: [
    ['/_internal', '/__admin/mappings', '/.well-known/admin', '/a~b@c:d!$'],
    [
      '',
      '/',
      '_internal',
      '/a/',
      '/a//b',
      '/../a',
      '/a/..',
      '/.',
      '/a%2fb',
      '/a?b',
      '/a;b',
      '/a#b',
      '/a b',
      '/{a}',
      '/a\n',
    ],
  ],
  imagePrefix: [
    ['registry.example/', '127.0.0.1:5001/team/'],
    ['registry.example', '/', 'a b/', ''],
  ],
  recurrence: [
    [
      'FREQ=DAILY',
      'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
      'FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20271231T230000Z',
      'FREQ=YEARLY;INTERVAL=2;BYMONTH=12;BYMONTHDAY=24,-1;COUNT=5;WKST=MO;BYSETPOS=-1',
    ],
    [
      '',
      'FREQ=HOURLY',
      'BYDAY=MO;FREQ=WEEKLY',
      'FREQ=DAILY;BYHOUR=9',
      'FREQ=WEEKLY;BYDAY=XX',
      'FREQ=DAILY;INTERVAL=0',
      'FREQ=DAILY;',
    ],
  ],
  localTime: [
    ['2026-01-05T09:00:00', '2026-12-31T23:59:59'],
    ['2026-01-05', '2026-01-05T09:00:00Z', '2026-13-05T09:00:00', '2026-01-05T24:00:00', '2026-01-05T09:00'],
  ],
  timeZone: [
    ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'],
    ['', 'europe/berlin', '+01:00', 'Europe/', 'A/b/c/d'],
  ],
  timeOfDay: [
    ['00:00', '07:30', '23:59'],
    ['', '7:00', '24:00', '20:60', '20:00:00', '20h', '20:00\n'],
  ],
  duration: [
    ['8h', '1h30m', '90s', '72h0m0s', ''],
    ['1d', 'h', '1.5h', '30m1h', '-1h', '8h '],
  ],
  nonZero: [['0h1m'], ['0h', '']],
  timestamp: [
    ['2026-11-21T08:00:00Z', '2026-11-21T08:00:00.123456789+01:00'],
    ['2026-11-21', '2026-11-21T08:00:00', '2026-11-21t08:00:00z', '2026-11-21T24:00:00Z', '2026-11-21T08:60:00Z'],
  ],
  sha256: [[`sha256:${hex}`], [`sha256:${hex}a`, `sha512:${hex}`, hex, `sha256:${hex.toUpperCase()}`]],
  gitRevision: [
    ['0123abc', hex],
    ['main', '0123ab', `${hex}0`],
  ],
  envName: [
    ['A', '_a1', 'spring.datasource.url', 'my-key', '-', '._', '.a..b'],
    ['1A', 'A=B', '', '.', '..', '..a', 'a b', 'ä', 'A\n'],
  ],
  bindingValue: [
    ['{url}', '{url}/v1', 'redis://{host}:{port}/0', 'Bearer {key}', 'a {host} b {host}'],
    ['', 'constant', '{', '{url', '{user}@{host}', '{url}}', '{{url}}', '{URL}', '{url}\n', 'ä{url}'],
  ],
  httpURL: [
    ['http://a', 'https://a.b:1/c?d#e', 'https://[2001:db8::1]:8443/x', 'http://[::1]'],
    ['ftp://a', 'http://', 'http://a b', 'http://u:p@a', 'http://-a', 'http://[', 'http://[a.example]', 'http://::1'],
  ],
  forwardURL: [
    ['http://oauth2-proxy.auth.svc:4180/', 'https://auth.example', 'https://[2001:db8::1]:8443/api/authz/forward-auth'],
    ['http://a?b=c', 'http://a/b?c', 'http://a/%2f', 'http://a/{b}', 'http://u:p@a', 'ftp://a', 'http://a/b#c', ''],
  ],
  serviceURL: [
    ['http://oauth2-proxy.auth.svc', 'http://a.b.svc:4180/', 'https://a.b.svc.cluster.local/x'],
    [
      'http://a.svc',
      'http://a.b.svcs/',
      'http://a.b.c.svc/',
      'http://a.example/.b.svc',
      'http://1.2.svc',
      'http://A.b.svc',
    ],
  ],
  headerName: [
    ['X-Auth-Request-Email', 'Authorization', 'a'],
    ['', 'X_User', '-a', 'a-', 'a b', 'a:', 'a\n', '{a}'],
  ],
  cookieName: [
    ['_oauth2_proxy*', '__Host-session', 'a.b'],
    ['', '*', 'a*b', 'a=b', 'a;b', 'a b', 'a\n'],
  ],
  urlPath: [
    ['/', '/a?b=c'],
    ['a', '/a b', ''],
  ],
  directory: [
    ['/tmp', '/var/cache/nginx-1.2_x@y+z', '/.config'],
    ['', '/', 'tmp', '/tmp/', '/a//b', '/a b', '/a:b', '/tmp\n'],
  ],
  filePath: [['/var/lib/twin'], ['var', '/a b']],
  quantity: [
    ['1', '100m', '1.5Gi', '1e3'],
    ['-1', '1 Gi', 'Gi', '1GiB', ''],
  ],
  cidr: [
    ['10.0.0.0/8', '2001:db8::/32', '::/0'],
    ['10.0.0.0', '10.0.0.0/08', '10.0.0/8', '::ffff:1.2.3.4/128', 'a/1'],
  ],
  publicKey: [
    ['ssh-ed25519 AAAA', 'sk-ssh-ed25519@openssh.com AAAA= alice@laptop', 'ecdsa-sha2-nistp521 AAAA'],
    [
      'ssh-dss AAAA',
      'ssh-ed25519',
      'ssh-ed25519  AAAA',
      'ssh-ed25519 AAAA\nssh-ed25519 BBBB',
      'cert-authority ssh-ed25519 AAAA',
      'ssh-ed25519 AAAA \u202e',
    ],
  ],
  version: [
    ['v1', '2026-11-01', '1.2.3+a'],
    ['', '-1', '1-', 'a b'],
  ],
  printable: [
    ['a', 'a b'],
    ['', ' a', 'a ', 'a\tb', '\u00e4'],
  ],
  labelKey: [
    ['team', 'a.b/c_d'],
    ['', '/a', 'A/b', 'a/', 'a b'],
  ],
  labelValue: [
    ['', 'A.b_c'],
    ['-', 'a b'],
  ],
};

for (const [name, pattern] of Object.entries(patterns) as readonly [keyof typeof patterns, RegExp][]) {
  test(`pattern ${name} means the same to RE2 and to JavaScript`, (t) => {
    const re2 = RE2JS.compile(re2Source(pattern));
    const [takes, refuses] = examples[name];
    for (const text of takes) t.deepEqual([text, pattern.test(text), re2.test(text)], [text, true, true]);
    for (const text of refuses) t.deepEqual([text, pattern.test(text), re2.test(text)], [text, false, false]);
  });
}

test('every pattern and every matches() of the CRDs is RE2', (t) => {
  for (const kind of kinds) {
    const json = JSON.stringify(rootSchema(kind));
    const inRules = [...json.matchAll(/matches\(r'(.*?)'\)/g)].map(([, source]) => JSON.parse(`"${source}"`) as string);
    for (const source of [...patternsOf(rootSchema(kind)), ...inRules])
      t.notThrows(() => RE2JS.compile(source), source);
  }
});

function patternsOf(schema: Structural): readonly string[] {
  const below = [...Object.values(schema.properties ?? {}), ...(schema.items === undefined ? [] : [schema.items])];
  return [...(schema.pattern === undefined ? [] : [schema.pattern]), ...below.flatMap(patternsOf)];
}

test('a pattern with a quote cannot become a raw string of CEL', (t) => {
  t.throws(() => celMatches(/'/), { instanceOf: TypeError });
  t.is(celMatches(/^a\/b$/, 'x'), "x.matches(r'^a/b$')");
});

test('the checked-in CRDs are what the schemas say', async (t) => {
  for (const [name, content] of renderCRDs()) {
    t.is(
      await readFile(new URL(`../../crds/${name}`, import.meta.url), 'utf8'),
      content,
      `run 'make generate': ${name}`,
    );
  }
});

test('generate --check names what is stale, missing or left over, and is content after generate', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-crds-'));
  t.teardown(() => rm(folder, { recursive: true }));
  t.is((await generate('--folder', folder)).code, 0);
  t.deepEqual(await generate('--check', '--folder', folder), { code: 0, stderr: '' });
  await writeFile(join(folder, 'twinlock.dev_promotions.yaml'), 'stale');
  await rm(join(folder, 'twinlock.dev_twinclasses.yaml'));
  await writeFile(join(folder, 'twinlock.dev_formers.yaml'), '');
  const { code, stderr } = await generate('--check', '--folder', folder);
  t.is(code, 1);
  t.regex(stderr, /stale: .*_formers\.yaml, .*_promotions\.yaml, .*_twinclasses\.yaml; run 'make generate'/);
  await generate('--folder', folder);
  t.is((await generate('--check', '--folder', folder)).code, 0);
});

const entry = new URL('../../operator/api/generate.ts', import.meta.url).pathname;

function generate(...args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr });
    });
  });
}

test('names follow the conventions: plural, list kind, category, status only where a controller writes it', (t) => {
  const withStatus = new Set([
    'TwinEnvironment',
    'ProductionTarget',
    'Promotion',
    'ApproverKeyring',
    'ApprovalPolicy',
    'GateRun',
  ]);
  for (const kind of kinds) {
    const { metadata, spec } = customResourceDefinition(kind);
    t.is(metadata.name, `${kind.plural}.twinlock.dev`);
    t.is(spec.names.listKind, `${kind.kind}List`);
    t.deepEqual(spec.names.categories, ['twinlock']);
    t.is(spec.versions[0].subresources !== undefined, withStatus.has(kind.kind), kind.kind);
    t.is(spec.versions[0].additionalPrinterColumns.at(-1)?.name, 'Age');
  }
});

test('durations are read in milliseconds', (t) => {
  t.deepEqual(['8h', '1h30m', '90s', '72h0m0s'].map(parseDuration), [28_800_000, 5_400_000, 90_000, 259_200_000]);
  for (const text of ['', '1d', '8', '1.5h', '8h ']) t.throws(() => parseDuration(text), { instanceOf: RangeError });
});

test('a time that the calendar does not have is refused', (t) => {
  const schema = timestamp('When.');
  t.true(schema.safeParse('2024-02-29T00:00:00Z').success);
  t.false(schema.safeParse('2026-02-29T00:00:00Z').success);
  t.false(schema.safeParse('2026-13-01T00:00:00Z').success);
});

test('records are numbered in six digits', (t) => {
  t.is(recordName('web', 42), 'web-000042');
});
