/** ConfigMaps and Secrets that production is configured by: frozen, digested, signed, and never told. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Promotion, WorkloadLock } from '../../operator/api/index.ts';
import { digestOf, digestOfBytes } from '../../operator/canonical/index.ts';
import { messageOf } from '../stage/objects.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';
import { run, waitFor } from '../harness/index.ts';
import { shownObjects } from '../chart/docs.ts';

let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

/** What no reader may find anywhere; base64 of it neither. */
const VALUES = ['swordfish-of-old', 'swordfish-of-new'] as const;
const encoded = (value: string): string => Buffer.from(value).toString('base64');
const metadata = (namespace: string, name: string): Json => ({ name, namespace });
const configMap = (namespace: string, name: string, mode: string): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata(namespace, name),
  data: { mode },
});
const secret = (namespace: string, name: string, value: string): Json => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(namespace, name),
  data: { token: encoded(value) },
});
const template = (image: string, suffix: string): Json => ({
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      {
        name: 'web',
        image,
        envFrom: [{ configMapRef: { name: `config-${suffix}` } }, { secretRef: { name: `token-${suffix}` } }],
      },
    ],
  },
});
const manifest = (suffix: string): Json => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: { app: 'web' } }, template: template(images.second, suffix) },
});

interface Configured {
  readonly kind: string;
  readonly name: string;
  readonly digest?: string;
  readonly key?: string;
}
const signed = ({ status }: Promotion): readonly Configured[] =>
  (
    JSON.parse(status?.approval?.statements?.approve ?? '') as {
      readonly predicate: { readonly configuration: readonly Configured[] };
    }
  ).predicate.configuration;

/** A shop that is configured by `config-1` and `token-1`, with an environment to promote from. */
async function open(namespace: string): Promise<Shop> {
  const before = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    configMap(namespace, 'config-1', 'live'),
    secret(namespace, 'token-1', VALUES[0]),
  ];
  const shop = await new Shop(stage, namespace).open({ before, deployment: { template: template(images.first, '1') } });
  await shop.ready();
  await shop.environment('pr-42', images.second);
  return shop;
}

async function frozenIn(namespace: string): Promise<readonly string[]> {
  const { body } = await stage.cluster.request('GET', path(namespace, 'workloadlocks', 'lock'));
  return ((body as WorkloadLock).spec.frozen ?? []).map(({ kind, name }) => `${kind}/${name}`);
}

const bindingOf = (namespace: string): string =>
  `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/twinlock-configuration`;
const core = (namespace: string, resource: string, name = ''): string =>
  `/api/v1/namespaces/${namespace}/${resource}${name === '' ? '' : `/${name}`}`;

test.serial('a promotion under new names: missing, frozen, digested, signed; an undo finds what it had', async (t) => {
  const shop = await open('configured');
  t.deepEqual(await frozenIn('configured'), ['ConfigMap/config-1', 'Secret/token-1']);
  await shop.promote('web-42', 'pr-42', { spec: { objects: [manifest('2')] } });
  const missing = await shop.promotion(
    'web-42',
    (promotion) => conditionOf(promotion, 'Ready')?.reason === 'ConfigurationMissing',
  );
  t.regex(
    conditionOf(missing, 'Ready')?.message ?? '',
    /Deployment\/web refers to ConfigMap\/config-2, which does not exist/,
  );
  await stage.send(
    'POST',
    core('configured', 'configmaps'),
    configMap('configured', 'config-2', 'new'),
    stage.people.dev.kubeconfig,
  );
  await stage.send(
    'POST',
    core('configured', 'secrets'),
    secret('configured', 'token-2', VALUES[1]),
    stage.people.dev.kubeconfig,
  );
  const touch = { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } } };
  await stage.send('PATCH', path('configured', 'promotions', 'web-42'), touch);
  const asked = await shop.phase('web-42', 'AwaitingApproval');
  const [config, token] = signed(asked);
  t.like(config, { kind: 'ConfigMap', name: 'config-2' });
  t.regex(config?.digest ?? '', /^sha256:[0-9a-f]{64}$/);
  t.like(token, { kind: 'Secret', name: 'token-2' });
  t.regex(token?.digest ?? '', /^hmac-sha256:[0-9a-f]{64}$/);
  t.regex(token?.key ?? '', /^[0-9a-f]{16}$/);

  // Frozen while people are asked.
  for (const [resource, name] of [
    ['configmaps', 'config-2'],
    ['secrets', 'token-2'],
  ] as const) {
    const change = { data: { mode: encoded('debug') } };
    const answer = await stage.cluster.request('PATCH', core('configured', resource, name), {
      body: change,
      contentType: 'application/merge-patch+json',
    });
    t.regex(messageOf(answer), /'twinlock-configuration'/);
  }
  await shop.vote('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed');
  t.deepEqual(await frozenIn('configured'), [
    'ConfigMap/config-1',
    'ConfigMap/config-2',
    'Secret/token-1',
    'Secret/token-2',
  ]);
  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'configured'], {
    as: stage.people.bob.kubeconfig,
  });
  await waitFor('what only the undone content referred to is free again', async (seen) => {
    const frozen = await frozenIn('configured');
    seen(frozen);
    return frozen.join() === 'ConfigMap/config-1,Secret/token-1';
  });
  await stage.send('DELETE', core('configured', 'configmaps', 'config-2'));
});

test.serial('another key of the digests opens a new round', async (t) => {
  const shop = await open('rekeyed');
  await shop.promote('web-42', 'pr-42');
  const before = await shop.phase('web-42', 'AwaitingApproval');
  const round = before.status?.approval?.round?.nonce;
  await stage.send('DELETE', core('twinlock-system', 'secrets', 'twinlock-configuration-key'));
  await stage.send('PATCH', path('rekeyed', 'promotions', 'web-42'), {
    metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } },
  });
  const after = await shop.promotion('web-42', ({ status }) => {
    const nonce = status?.approval?.round?.nonce;
    return nonce !== undefined && nonce !== round;
  });
  const [config, token] = signed(before);
  t.deepEqual(signed(after)[0], config, 'what a ConfigMap holds is digested without it');
  t.not(signed(after)[1]?.key, token?.key);
  t.not(signed(after)[1]?.digest, token?.digest);
});

test.serial('names that a promotion asked for are free again when it is over', async (t) => {
  const shop = await open('given-up');
  await stage.cluster.apply([configMap('given-up', 'config-2', 'new'), secret('given-up', 'token-2', VALUES[1])]);
  await shop.promote('web-42', 'pr-42', { spec: { objects: [manifest('2')] } });
  await shop.phase('web-42', 'AwaitingApproval');
  t.true((await frozenIn('given-up')).includes('ConfigMap/config-2'));
  await shop.vote('web-42', stage.people.bob, { decision: 'reject' });
  await shop.phase('web-42', 'Rejected');
  await waitFor('they are free', async (seen) => {
    const frozen = await frozenIn('given-up');
    seen(frozen);
    return frozen.join() === 'ConfigMap/config-1,Secret/token-1';
  });
  const change = { body: { data: { mode: 'other' } }, contentType: 'application/merge-patch+json' };
  const held = await stage.cluster.request('PATCH', core('given-up', 'configmaps', 'config-1'), change);
  t.regex(messageOf(held), /'twinlock-configuration'/);
  await stage.send('DELETE', core('given-up', 'configmaps', 'config-2'));
});

test.serial('what no approved content refers to any more goes where its label says so, and only then', async (t) => {
  const shop = await open('leaving');
  const mayGo = { metadata: { labels: { 'twinlock.dev/unreferenced': 'Delete' } } };
  for (const [resource, name] of [
    ['configmaps', 'config-1'],
    ['secrets', 'token-1'],
  ] as const)
    await stage.send('PATCH', core('leaving', resource, name), mayGo, stage.people.dev.kubeconfig);
  for (const suffix of ['2', '3']) {
    await stage.cluster.apply([
      { ...configMap('leaving', `config-${suffix}`, suffix) },
      secret('leaving', `token-${suffix}`, VALUES[1]),
    ]);
    await shop.promote(`web-${suffix}`, 'pr-42', { spec: { objects: [manifest(suffix)] } });
    await shop.vote(`web-${suffix}`, stage.people.alice);
    await shop.phase(`web-${suffix}`, 'Completed');
    if (suffix === '2') t.true((await frozenIn('leaving')).includes('ConfigMap/config-1'), 'the fallback refers to it');
  }
  const left = async (resource: string): Promise<readonly string[]> => {
    const { items } = await stage.send('GET', core('leaving', resource));
    const names = (items as readonly { readonly metadata: { readonly name: string } }[]).map(
      (each) => each.metadata.name,
    );
    return names.filter((name) => /^(config|token)-/.test(name)).toSorted();
  };
  await waitFor('the first configuration is gone', async (seen) => {
    const names = [...(await left('configmaps')), ...(await left('secrets'))];
    seen(names);
    return names.join() === 'config-2,config-3,token-2,token-3';
  });
  const { items } = await stage.send('GET', '/apis/events.k8s.io/v1/namespaces/leaving/events');
  t.regex(JSON.stringify(items), /Secret token-1 is deleted: nothing approved refers to it any more/);
  // Made again, as a tool does that still has it: nothing deletes it, and what has no label stays anyway.
  const again = configMap('leaving', 'config-1', 'live');
  await stage.cluster.apply([{ ...again, metadata: { ...(again['metadata'] as Json), ...mayGo.metadata } }]);
  await shop.promote('web-4', 'pr-42', { spec: { objects: [manifest('2')] } });
  await shop.vote('web-4', stage.people.alice);
  await shop.phase('web-4', 'Completed');
  t.deepEqual(await left('configmaps'), ['config-1', 'config-2', 'config-3']);
});

test.serial(
  'the right to read is bound where a target protects, comes back, and goes with the last target',
  async (t) => {
    await open('bound');
    const { subjects, roleRef } = await stage.send('GET', bindingOf('bound'));
    t.like(roleRef, { kind: 'ClusterRole', name: 'twinlock-configuration' });
    t.like((subjects as readonly Json[])[0], { name: 'twinlock-promotions', namespace: 'twinlock-system' });
    t.is((subjects as readonly Json[]).length, 1);
    t.is((await stage.cluster.request('GET', bindingOf('bound-dev'))).status, 404);
    const as = stage.accounts.promotions;
    for (const resource of ['secrets', 'configmaps']) {
      t.is((await stage.cluster.request('GET', core('bound', resource), { as })).status, 403, 'not as a list');
    }
    t.is((await stage.cluster.request('GET', core('bound-dev', 'secrets', 'any'), { as })).status, 403);
    await stage.send('DELETE', bindingOf('bound'));
    await stage.send('PATCH', path('bound', 'productiontargets', 'web'), {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } },
    });
    await waitFor('it is back', async () => (await stage.cluster.request('GET', bindingOf('bound'))).status === 200);
    const unprotect = { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } };
    await stage.send('PATCH', path('bound', 'productiontargets', 'web'), unprotect);
    await stage.send('DELETE', path('bound', 'productiontargets', 'web'));
    await waitFor('it is gone', async () => (await stage.cluster.request('GET', bindingOf('bound'))).status === 404);
  },
);

test.serial('what Secrets hold is told nowhere, nor a plain digest of it', async (t) => {
  const digests = VALUES.flatMap((value) => {
    const content = { data: { token: encoded(value) }, type: 'Opaque' };
    return [digestOf(content), digestOf(content.data), digestOfBytes(value), digestOfBytes(encoded(value))];
  }).map((digest) => digest.slice('sha256:'.length));
  const plain = [...VALUES.flatMap((value) => [value, encoded(value)]), ...digests];
  const places = [
    ...['promotions', 'productiontargets', 'promotionrecords', 'workloadlocks'].map(
      (plural) => `/apis/twinlock.dev/v1alpha1/${plural}`,
    ),
    '/apis/events.k8s.io/v1/events',
    core('twinlock-system', 'configmaps'),
  ];
  for (const place of places) {
    const text = JSON.stringify((await stage.cluster.request('GET', place)).body);
    t.true(text.length > 100, place);
    for (const value of plain) t.false(text.includes(value), `${place} holds ${value}`);
  }
});

test.serial('the examples of the page are taken by the API server, and its command works', async (t) => {
  const examples = (await shownObjects()).filter(({ page }) => page === 'docs/configuration.md');
  t.deepEqual(
    examples.map(({ object }) => object.kind),
    ['ConfigMap', 'ProductionTarget'],
  );
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
  for (const { object } of examples)
    await stage.cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: JSON.stringify(object) });
  const page = await readFile(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  const [command = ''] = /^kubectl [^\n]+$/m.exec(page) ?? [];
  const { stdout } = await run('bash', ['-c', command.replace('-n shop', '-n configured')], {
    timeout: 30_000,
    env: { KUBECONFIG: stage.cluster.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
  });
  t.is(stdout, 'ConfigMap/config-1\nSecret/token-1\n');
});
