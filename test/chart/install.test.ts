import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { run, startApi, tools, waitFor } from '../harness/index.ts';
import { everyEntry, writtenEntries } from './catalogue/entries.ts';
import { isOfGitOps, isOfKustomize, shownCommands, shownObjects } from './docs.ts';
import { charts, smallest } from './render.ts';
import type { ApiCluster } from '../harness/index.ts';

interface Deployment {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } };
  };
}
interface Policy {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly typeChecking?: { readonly expressionWarnings?: readonly object[] } };
}

let cluster: ApiCluster;
let catalogue: Readonly<Record<string, string>>;

test.before('an API server of its own: this test installs and uninstalls for the whole cluster', async (t) => {
  t.timeout(15 * 60_000, 'the cluster is built on the first run');
  catalogue = everyEntry(await writtenEntries());
  cluster = await startApi();
});
test.after.always(async () => cluster?.stop());

const system = ['--namespace', 'twinlock-system'];

async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await tools.helm(), [...args, '--kubeconfig', cluster.kubeconfig]);
  return stdout;
}

const upgrade = (name: string, ...args: readonly string[]): Promise<string> =>
  helm('upgrade', '--install', name, join(charts, name), ...system, '--create-namespace', ...args);

const values = (changes: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries({
    ...smallest,
    'frontDoor.enabled': 'true',
    ...catalogue,
    ...changes,
  }).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

async function names(kind: string): Promise<readonly string[]> {
  const { stdout } = await cluster.kubectl(['get', kind, '-A', '-o', 'name']);
  return stdout.split('\n').filter((name) => name.includes('twinlock'));
}

test.serial('both charts pass helm lint', async (t) => {
  t.regex(await helm('lint', join(charts, 'twinlock'), ...values(), ...system), /0 chart\(s\) failed/);
  t.regex(await helm('lint', join(charts, 'twinlock-crds')), /0 chart\(s\) failed/);
});

test.serial('install: an API server takes every object, and every policy compiles', async (t) => {
  await upgrade('twinlock-crds');
  await upgrade('twinlock', ...values());
  t.true((await names('deployments')).includes('deployment.apps/twinlock-promotions'));
  const checked = await waitFor('every policy to be type checked', async (seen) => {
    const { stdout } = await cluster.kubectl(['get', 'validatingadmissionpolicies', '-o', 'json']);
    const { items } = JSON.parse(stdout) as { items: readonly Policy[] };
    seen(items);
    return items.every(({ status }) => status?.typeChecking !== undefined) && items;
  });
  t.true(checked.length >= 5);
  for (const { metadata, status } of checked)
    t.deepEqual(status?.typeChecking?.expressionWarnings ?? [], [], metadata.name);
  const { stdout } = await cluster.kubectl(['get', 'vendortwins', '-o', 'jsonpath={.items[*].metadata.name}']);
  t.deepEqual(stdout.split(' ').sort(), [...(await writtenEntries()).keys()]);
});

test.serial('every object that the README and the docs show is accepted as it stands', async (t) => {
  for (const name of ['shop', 'shop-dev', 'flux-system', 'auth']) await cluster.kubectl(['create', 'namespace', name]);
  const shown = (await shownObjects()).filter((each) => !isOfGitOps(each) && !isOfKustomize(each.object));
  t.true(shown.length >= 8, `only ${shown.length} objects were found`);
  for (const { page, object } of shown) {
    const args = ['apply', '--dry-run=server', '-f', '-'];
    const { code, stderr } = await waitFor(`${object.kind} is known to admission`, async (seen) => {
      const result = await cluster.kubectl(args, { input: JSON.stringify(object), check: false });
      seen(result.stderr);
      // A mutating policy learns of a kind some seconds after the kind is served; until then the answer is 503.
      return !result.stderr.includes('(ServiceUnavailable)') && result;
    });
    t.is(code, 0, `${page}: ${object.kind} ${object.metadata.name}: ${stderr}`);
  }
});

test.serial('upgrade: changed values arrive, and the same again changes nothing', async (t) => {
  await upgrade('twinlock-crds');
  await upgrade('twinlock', ...values({ 'promotions.replicas': '2' }));
  const replicas = ['get', 'deployment', 'twinlock-promotions', ...system, '-o', 'jsonpath={.spec.replicas}'];
  t.is((await cluster.kubectl(replicas)).stdout, '2');
  const version = ['get', 'deployment', 'twinlock-promotions', ...system, '-o', 'jsonpath={.metadata.generation}'];
  const before = (await cluster.kubectl(version)).stdout;
  await upgrade('twinlock', ...values({ 'promotions.replicas': '2' }));
  t.is((await cluster.kubectl(version)).stdout, before);
});

test.serial('a policy that somebody removed comes back with the same values', async (t) => {
  const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
  const before = await Promise.all(policies.map(names));
  const selector = ['-l', 'app.kubernetes.io/name=twinlock'];
  for (const kind of policies) await cluster.kubectl(['delete', kind, ...selector]);
  t.deepEqual((await Promise.all(policies.map(names))).flat(), []);
  await helm('upgrade', 'twinlock', join(charts, 'twinlock'), ...system, '--reuse-values');
  t.deepEqual(await Promise.all(policies.map(names)), before);
});

test.serial(
  'the commands of the page about sealed trust turn it on, and begin a new chain, as they stand',
  async (t) => {
    const commands = await shownCommands('docs/trust.md', 'helm');
    t.is(commands.length, 2);
    const place = await mkdtemp(join(tmpdir(), 'twinlock-trust-'));
    try {
      await symlink(charts, join(place, 'charts'));
      const own = { image: smallest.image, boundary: { image: smallest['boundary.image'] } };
      await writeFile(join(place, 'values.yaml'), JSON.stringify(own));
      const digest = `sha256:${'c'.repeat(64)}`;
      for (const [index, [, ...args] = []] of commands.entries()) {
        await run(await tools.helm(), [...args, '--kubeconfig', cluster.kubeconfig], { cwd: place });
        const shown = ['get', 'deployment', 'twinlock-promotions', ...system, '-o', 'json'];
        const { stdout } = await cluster.kubectl(shown);
        const found = JSON.parse(stdout) as Deployment;
        t.deepEqual(
          found.spec.template.spec.containers.flatMap(({ args: given }) =>
            given.filter((arg) => arg.startsWith('--trust-')),
          ),
          [`--trust-root=default@${digest}`, `--trust-chain=${index === 0 ? 'trust' : 'trust-2'}`],
        );
        t.is(found.spec.replicas, 2, 'the values of production stay');
      }
    } finally {
      await rm(place, { recursive: true });
    }
  },
);

test.serial('uninstall: policies and roles go, kinds and their objects stay', async (t) => {
  const keyring = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApproverKeyring',
    metadata: { name: 'kept' },
    spec: { principals: [] },
  };
  await cluster.apply([keyring]);
  await helm('uninstall', 'twinlock', ...system, '--wait');
  await helm('uninstall', 'twinlock-crds', ...system, '--wait');
  const left = await Promise.all(
    [
      'deployments',
      'clusterroles',
      'clusterrolebindings',
      'validatingadmissionpolicies',
      'validatingadmissionpolicybindings',
      'mutatingadmissionpolicies',
      'services',
    ].map(names),
  );
  t.deepEqual(left.flat(), []);
  const { stdout } = await cluster.kubectl(['get', 'approverkeyring', 'kept', '-o', 'name']);
  t.is(stdout.trim(), 'approverkeyring.twinlock.dev/kept');
});
