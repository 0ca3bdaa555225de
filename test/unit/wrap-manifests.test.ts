/** The script of the example that makes a Promotion of what CI rendered. */
import test from 'ava';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run, tools, type CommandResult } from '../harness/index.ts';
import { requirePackages } from '../harness/prerequisites.ts';

const script = join(import.meta.dirname, '../../examples/manifests/wrap.sh');
let folder: string;
test.before(async () => {
  await requirePackages('demo');
  folder = await mkdtemp(join(tmpdir(), 'twinlock-wrap-'));
  await mkdir(join(folder, 'bin'));
  await symlink(await tools.kubectl(), join(folder, 'bin', 'kubectl'));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

type Manifest = Readonly<Record<string, unknown>> & { readonly kind: string };

const object = (apiVersion: string, kind: string, name: string, content: object): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, creationTimestamp: null, labels: { app: 'web' } },
  ...content,
});
const container = { name: 'web', resources: { limits: { cpu: 0.5 } } };
const deployment = object('apps/v1', 'Deployment', 'web', {
  spec: { template: { spec: { containers: [container] } } },
  status: { replicas: 1 },
});
const nightly = object('batch/v1', 'CronJob', 'nightly', { spec: { schedule: '0 3 * * *' } });
const settings = object('v1', 'ConfigMap', 'web', {
  data: { MODE: '1' },
  binaryData: { logo: 'aGk=' },
  immutable: true,
});
const other = object('v1', 'ConfigMap', 'other', { data: { MODE: '2' } });
const route = object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', { spec: { rules: [{ weight: 1 }] } });
const secret = object('v1', 'Secret', 'web', { stringData: { KEY: 'value' } });
const all = [deployment, nightly, settings, other, route, secret];

async function wrapped(wanted: readonly string[], manifests: readonly Manifest[] = all): Promise<CommandResult> {
  const file = join(folder, `${wanted.join('-').replaceAll('/', '.')}.yaml`);
  await writeFile(file, manifests.map((each) => stringify(each)).join('---\n'));
  return run(
    'bash',
    ['-c', 'bash "$0" "$@" < "$FILE"', script, 'web-42', 'shop', 'shop-dev', 'pr-42', 'web', ...wanted],
    {
      timeout: 60_000,
      check: false,
      env: { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, KUBECONFIG: '/dev/null', FILE: file },
    },
  );
}

/** As it goes into a Promotion. */
const kept = ({ status: _status, ...manifest }: Manifest): object => ({
  ...manifest,
  metadata: { name: (manifest['metadata'] as { readonly name: string }).name, labels: { app: 'web' } },
});

async function objectsOf(wanted: readonly string[], manifests?: readonly Manifest[]): Promise<unknown> {
  const { stdout, stderr, code } = await wrapped(wanted, manifests);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly spec: { readonly objects: unknown } }).spec.objects;
}

test('without more it takes the workloads, of every kind, whole, but for what the API server says of them', async (t) => {
  const asText = { ...container, resources: { limits: { cpu: '0.5' } } };
  const wanted = { ...kept(deployment), spec: { template: { spec: { containers: [asText] } } } };
  t.deepEqual(await objectsOf([]), [wanted, kept(nightly)]);
});

test('what is named is taken, a kind or one object of it, and nothing else', async (t) => {
  t.deepEqual(await objectsOf(['HTTPRoute', 'ConfigMap/web']), [kept(settings), kept(route)]);
  t.deepEqual(await objectsOf(['ConfigMap']), [kept(settings), kept(other)]);
});

test('what is not there, or has no place there, is said, and nothing is written', async (t) => {
  const refused = async (wanted: readonly string[], words: RegExp, manifests?: readonly Manifest[]): Promise<void> => {
    const { stdout, stderr, code } = await wrapped(wanted, manifests);
    t.not(code, 0, wanted.join());
    t.is(stdout, '');
    t.regex(stderr, words);
  };
  await refused(['Deployment', 'ConfigMap/webb'], /ConfigMap\/webb is not among the manifests/);
  await refused([], /none of Deployment, StatefulSet, DaemonSet, CronJob is among the manifests/, [settings]);
  await refused(['Secret'], /a Secret has no place in a Promotion/);
});
