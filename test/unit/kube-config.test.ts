import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ConfigError, inClusterConfig, loadConfig, systemClock } from '../../operator/kube/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

async function folder(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  t.teardown(() => rm(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: one
contexts:
  - { name: one, context: { cluster: c, user: cert, namespace: team } }
  - { name: two, context: { cluster: c, user: file } }
  - { name: lost, context: { cluster: nowhere, user: file } }
clusters:
  - { name: c, cluster: { server: 'https://127.0.0.1:6443/', certificate-authority: ca.crt, tls-server-name: kubernetes } }
users:
  - { name: cert, user: { client-certificate-data: ${base64('CERT')}, client-key-data: ${base64('KEY')} } }
  - { name: file, user: { tokenFile: token } }
`;

test('a kubeconfig gives server, namespace, TLS and paths relative to itself', async (t) => {
  const path = await folder(t, { config: kubeconfig, 'ca.crt': 'CA\n', token: 'abc\n' });
  const config = await loadConfig({ kubeconfig: join(path, 'config'), clock: systemClock });
  t.is(config.server, 'https://127.0.0.1:6443');
  t.is(config.namespace, 'team');
  t.like(await config.tls(), { ca: 'CA', cert: 'CERT', key: 'KEY', serverName: 'kubernetes' });
  t.deepEqual(await config.headers(), {});
  const other = await loadConfig({ kubeconfig: join(path, 'config'), context: 'two', clock: systemClock });
  t.is(other.namespace, 'default');
  t.deepEqual(await other.headers(), { authorization: 'Bearer abc' });
});

test('KUBECONFIG may name several files: the first that knows a name wins', async (t) => {
  const path = await folder(t, {
    a: 'current-context: two',
    b: kubeconfig,
    'ca.crt': 'CA',
    token: 'abc',
  });
  const env = { KUBECONFIG: `${join(path, 'a')}:${join(path, 'missing')}:${join(path, 'b')}` };
  const config = await loadConfig({ env, clock: systemClock });
  t.deepEqual(await config.headers(), { authorization: 'Bearer abc' });
});

for (const [what, options] of Object.entries({
  'a missing file': { file: 'none' },
  'a context that is not there': { file: 'config', context: 'three' },
  'a cluster that is not there': { file: 'config', context: 'lost' },
  'a file that is no mapping': { file: 'text' },
})) {
  test(`${what} is an error that says what to do`, async (t) => {
    const path = await folder(t, { config: kubeconfig, text: 'just text' });
    const context = 'context' in options ? options.context : undefined;
    await t.throwsAsync(loadConfig({ kubeconfig: join(path, options.file), context, clock: systemClock }), {
      instanceOf: ConfigError,
    });
  });
}

test('without any configuration the error names the ways to give one', async (t) => {
  const path = await folder(t, {});
  await t.throwsAsync(loadConfig({ env: { HOME: path }, clock: systemClock }), {
    instanceOf: ConfigError,
    message: /KUBECONFIG/,
  });
});

test('a pod uses its service account and follows the rotation of its token', async (t) => {
  const path = await folder(t, { token: 'first', 'ca.crt': 'CA', namespace: 'system\n' });
  const clock = new ManualClock();
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const config = await inClusterConfig(env, clock, path);
  t.is(config.server, 'https://[fd00::1]:443');
  t.is(config.namespace, 'system');
  t.deepEqual(await config.headers(), { authorization: 'Bearer first' });
  await writeFile(join(path, 'token'), 'second');
  t.deepEqual(await config.headers(), { authorization: 'Bearer first' });
  t.deepEqual(await config.headers({ fresh: true }), { authorization: 'Bearer second' });
  await writeFile(join(path, 'token'), 'third');
  clock.advance(61_000);
  t.deepEqual(await config.headers(), { authorization: 'Bearer third' });
  await rm(join(path, 'token'));
  clock.advance(61_000);
  t.deepEqual(await config.headers(), { authorization: 'Bearer third' });
});

test('a pod without a mounted token is told to mount one', async (t) => {
  const path = await folder(t, {});
  await t.throwsAsync(inClusterConfig({ KUBERNETES_SERVICE_HOST: 'x' }, new ManualClock(), path), {
    instanceOf: ConfigError,
    message: /automountServiceAccountToken/,
  });
});

test('credentials of an exec plugin are used', async (t) => {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'from-plugin' },
  };
  const path = await folder(t, {
    'plugin.mjs': `process.stdout.write(${JSON.stringify(JSON.stringify(credential))});`,
    'ca.crt': 'CA',
  });
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: [join(path, 'plugin.mjs')],
    interactiveMode: 'Never',
  };
  const users = `\n  - { name: cert, user: ${JSON.stringify({ exec })} }`;
  await writeFile(join(path, 'config'), kubeconfig.replace(/users:[^]*$/, `users:${users}\n`));
  const config = await loadConfig({ kubeconfig: join(path, 'config'), clock: systemClock });
  t.deepEqual(await config.headers(), { authorization: 'Bearer from-plugin' });
  t.like(await config.tls(), { ca: 'CA', serverName: 'kubernetes' });
});
