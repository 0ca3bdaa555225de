import test from 'ava';
import type { EnvironmentReason } from '../../operator/api/index.ts';
import { contentOf, copiesOf, copyProblem, type Copy } from '../../operator/environments/decide/copies.ts';
import { Copies } from '../../operator/environments/gather/copies.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { environment, twinClass } from './environment-fixtures.ts';

const secret = (name: string): Copy => ({ kind: 'Secret', name });
const liveKeys = [{ service: 'stripe', pattern: '^sk_live_' }];
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('an environment has copied what it asks for, and the pull secrets of its class, each once', (t) => {
  const wanted = copiesOf(
    environment({ secrets: ['db', 'registry'], configMaps: ['flags'] }),
    twinClass({ imagePullSecrets: ['registry', 'mirror'] }),
  );
  t.deepEqual(wanted, [secret('db'), secret('registry'), secret('mirror'), { kind: 'ConfigMap', name: 'flags' }]);
  t.deepEqual(copiesOf(environment({}), twinClass({})), []);
});

const lists: readonly [title: string, spec: object, rules: object, message: RegExp | undefined][] = [
  ['no list', { secrets: ['db'] }, {}, /spec\.secrets\[0\]: TwinClass default does not let db be copied.*copySecrets/],
  ['another name', { secrets: ['db', 'dbx'] }, { copySecrets: ['db'] }, /spec\.secrets\[1\].*dbx/],
  ['its name', { secrets: ['db'] }, { copySecrets: ['db'] }, undefined],
  ['its start', { secrets: ['team-db'] }, { copySecrets: ['team-*'] }, undefined],
  ['another start', { secrets: ['steam-db'] }, { copySecrets: ['team-*'] }, /spec\.secrets\[0\]/],
  ['all', { secrets: ['db'] }, { copySecrets: ['*'] }, undefined],
  [
    'a list of the other kind',
    { configMaps: ['db'] },
    { copySecrets: ['db'] },
    /spec\.configMaps\[0\].*copyConfigMaps/,
  ],
  ['pull secrets of the class, which nobody asks for', {}, { imagePullSecrets: ['registry'] }, undefined],
];
for (const [title, spec, rules, message] of lists) {
  test(`what the class lets be copied: ${title}`, (t) => {
    const found = copyProblem(environment(spec), twinClass(rules));
    if (message === undefined) t.is(found, undefined);
    else {
      t.is(found?.reason, 'CopyNotAllowed');
      t.regex(found?.message ?? '', message);
    }
  });
}

test('a copy has the content and the type of its original, and nothing else', (t) => {
  const original = {
    metadata: { name: 'db', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
    type: 'kubernetes.io/basic-auth',
    data: { username: base64('shop') },
    immutable: true,
  };
  t.deepEqual(contentOf(secret('db'), original, liveKeys), {
    type: 'kubernetes.io/basic-auth',
    data: { username: base64('shop') },
  });
});

const key = 'sk_live_51HxNotForYourEyes';
const refused: readonly [title: string, copy: Copy, original: object, reason: EnvironmentReason, message: RegExp][] = [
  ['a live key', secret('stripe'), { data: { KEY: base64(key) } }, 'LiveKeyRefused', /Secret stripe: KEY looks like/],
  [
    'in a file of variables',
    secret('env'),
    { data: { '.env': base64(`A=b\nKEY="${key}"\n`) } },
    'LiveKeyRefused',
    /\.env/,
  ],
  [
    'in a ConfigMap',
    { kind: 'ConfigMap', name: 'app' },
    { data: { 'app.yaml': `stripe:\n  key: ${key}` } },
    'LiveKeyRefused',
    /ConfigMap app: app\.yaml/,
  ],
  [
    'in the bytes of a ConfigMap',
    { kind: 'ConfigMap', name: 'app' },
    { binaryData: { blob: base64(key) } },
    'LiveKeyRefused',
    /blob/,
  ],
  [
    'a token of a service account',
    secret('token'),
    { type: 'kubernetes.io/service-account-token', data: { token: base64('x') } },
    'CopyNotPossible',
    /never leaves its namespace/,
  ],
  [
    'a bootstrap token',
    secret('bootstrap-token-abcdef'),
    { type: 'bootstrap.kubernetes.io/token', data: {} },
    'CopyNotPossible',
    /never leaves/,
  ],
  [
    "the cluster's certificates",
    { kind: 'ConfigMap', name: 'kube-root-ca.crt' },
    { data: { 'ca.crt': 'x' } },
    'CopyNotPossible',
    /put into every namespace/,
  ],
];
for (const [title, copy, original, reason, message] of refused) {
  test(`not copied: ${title}`, (t) => {
    const found = contentOf(copy, original, liveKeys);
    if (!('problem' in found)) return t.fail('it is copied');
    t.is(found.problem.reason, reason);
    t.regex(found.problem.message, message);
    t.false(JSON.stringify(found).includes(key), 'the value is told nowhere');
  });
}

test('originals that change while they are copied are looked at again a minute after the copying began', async (t) => {
  const clock = new ManualClock(0);
  const copies = new Copies(clock);
  t.is(copies.of('shop-dev/pr-42'), undefined);
  await copies.keep('shop-dev/pr-42', async () => {
    clock.advance(20_000);
    return { wanted: [], there: [], problems: [] };
  });
  t.is(copies.of('shop-dev/pr-42')?.dueIn, 40_000);
  clock.advance(50_000);
  t.is(copies.of('shop-dev/pr-42')?.dueIn, 0);
});
