/** What approved templates refer to holds what it held: by every way in which its content could change. */
import test from 'ava';
import { digestOf } from '../../operator/canonical/index.ts';
import { referencePlaces } from '../../operator/workloads/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, messageOf } from '../stage/objects.ts';
import { must, Production } from '../stage/production.ts';
import { bind, type Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(() => stage?.stop());

const container = {
  name: 'web',
  image: images.first,
  env: [
    { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'mode', key: 'mode' } } },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'token', key: 'token' } } },
    { name: 'EXTRA', valueFrom: { configMapKeyRef: { name: 'absent', key: 'extra', optional: true } } },
  ],
  envFrom: [{ configMapRef: { name: 'flags' } }],
  volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
};
const podSpec = {
  initContainers: [{ name: 'init', image: images.first, envFrom: [{ secretRef: { name: 'init' } }] }],
  containers: [container],
  volumes: [
    {
      name: 'config',
      projected: { sources: [{ configMap: { name: 'files' } }, { secret: { name: 'gone', optional: true } }] },
    },
  ],
  imagePullSecrets: [{ name: 'registry' }],
};
const web = deployment('web', { template: { metadata: { labels: { app: 'web' } }, spec: podSpec } });
const MAPS = ['mode', 'flags', 'files'] as const;
const SECRETS = ['token', 'init'] as const;
const encoded = (value: string): string => Buffer.from(value).toString('base64');

async function open(name: string): Promise<Production> {
  await stage.admin('POST', '/api/v1/namespaces', { metadata: { name } });
  const at = `/api/v1/namespaces/${name}`;
  for (const map of [...MAPS, 'other'])
    await must(
      stage.admin('POST', `${at}/configmaps`, { metadata: { name: map }, data: { mode: 'live', flags: 'safe' } }),
    );
  for (const secret of [...SECRETS, 'registry', 'spare'])
    await must(
      stage.admin('POST', `${at}/secrets`, { metadata: { name: secret }, data: { token: encoded('original') } }),
    );
  return Production.open(stage, name, [web]);
}

const CHANGES: readonly (readonly [what: string, change: Json, only?: 'configmaps' | 'secrets'])[] = [
  ['a value', { data: { mode: encoded('debug') } }],
  ['a value removed', { data: null }],
  ['a binary value', { binaryData: { blob: encoded('x') } }, 'configmaps'],
  ['a value in plain text', { stringData: { token: 'stolen' } }, 'secrets'],
  ['what cannot change any more', { immutable: true }],
];

test('denied: each change of what a frozen ConfigMap or Secret holds, by whoever may write it', async (t) => {
  const shop = await open('frozen');
  const paths = [
    ...MAPS.map((name) => ['configmaps', shop.core('configmaps', name)] as const),
    ...SECRETS.map((name) => ['secrets', shop.core('secrets', name)] as const),
  ];
  for (const [resource, path] of paths)
    for (const [what, change, only] of CHANGES) {
      if (only !== undefined && only !== resource) continue;
      for (const who of ['agent', 'wildcard', 'admin'] as const)
        denied(t, await stage[who]('PATCH', path, change), 'configuration', /new name and promote/, `${path}: ${what}`);
    }
  const live = await shop.read(shop.core('configmaps', 'mode'));
  denied(
    t,
    await stage.agent('PUT', shop.core('configmaps', 'mode'), { ...live, data: { mode: 'x' } }),
    'configuration',
  );
  const apply = await stage.cluster.kubectl(
    ['-n', shop.namespace, 'apply', '--server-side', '--force-conflicts', '-f', '-'],
    {
      as: stage.files.agent,
      check: false,
      input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mode' }, data: { mode: 'x' } }),
    },
  );
  deniedCommand(t, apply, 'configuration');
});

test('allowed: labels, annotations and owners of what is frozen, and everything of what nothing refers to', async (t) => {
  const shop = await open('labelled');
  const metadata = { labels: { team: 'a' }, annotations: { note: 'b' } };
  for (const path of [shop.core('configmaps', 'mode'), shop.core('secrets', 'token')]) {
    allowed(t, await stage.agent('PATCH', path, { metadata }));
    const { resourceVersion: _, ...read } = (await shop.read(path)).metadata;
    allowed(t, await stage.agent('PUT', path, { ...(await shop.read(path)), metadata: read }));
  }
  const other = shop.core('configmaps', 'other');
  allowed(t, await stage.agent('PATCH', other, { data: { mode: 'debug' } }));
  allowed(t, await stage.agent('DELETE', other));
  allowed(t, await stage.agent('POST', shop.core('configmaps'), { metadata: { name: 'fresh' }, data: { a: 'b' } }));
  // A Secret of the name of a frozen ConfigMap is another object.
  allowed(t, await stage.agent('POST', shop.core('secrets'), { metadata: { name: 'mode' } }));
  // Which image a name with a digest means no registry's token can change.
  allowed(t, await stage.agent('PATCH', shop.core('secrets', 'registry'), { data: { token: encoded('rotated') } }));
});

test('denied: deletion of what is frozen, one by one, as a collection and by the garbage collector', async (t) => {
  const shop = await open('kept');
  const map = shop.core('configmaps', 'mode');
  denied(
    t,
    await stage.agent('DELETE', map),
    'configuration-removal',
    /prune: disabled.*Prune=false.*resource-policy: keep/,
  );
  denied(t, await stage.admin('DELETE', shop.core('secrets', 'token')), 'configuration-removal');
  denied(t, await stage.agent('DELETE', shop.core('configmaps')), 'configuration-removal');
  denied(t, await stage.agent('DELETE', shop.core('secrets')), 'configuration-removal');
  const headers = { 'impersonate-user': 'system:serviceaccount:kube-system:namespace-controller' };
  denied(t, await stage.wildcard('DELETE', map, undefined, { headers }), 'configuration-removal');
  // The collector sees an owner that is gone, and asks in vain.
  const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '00000000-0000-4000-8000-000000000000' };
  await must(stage.agent('PATCH', map, { metadata: { ownerReferences: [nobody] } }));
  await must(stage.agent('POST', shop.core('configmaps'), { metadata: { name: 'owned', ownerReferences: [nobody] } }));
  await shop.until('what is not frozen is collected', async () => {
    const { status } = await stage.admin('GET', shop.core('configmaps', 'owned'));
    return status === 404;
  });
  for (const name of MAPS) t.is((await stage.admin('GET', shop.core('configmaps', name))).status, 200);
  for (const name of SECRETS) t.is((await stage.admin('GET', shop.core('secrets', name))).status, 200);
});

test('denied: an optional object that was absent; allowed: one of a name that nothing refers to', async (t) => {
  const shop = await open('absent');
  const map = { metadata: { name: 'absent' }, data: { extra: 'x' } };
  denied(t, await stage.agent('POST', shop.core('configmaps'), map), 'configuration', /was absent when/);
  denied(t, await stage.admin('POST', shop.core('secrets'), { metadata: { name: 'gone' } }), 'configuration');
  const [long] = ['a'.repeat(240)];
  allowed(t, await stage.agent('POST', shop.core('configmaps'), { metadata: { generateName: long } }));
});

test('what the last approved content let go of is free again', async (t) => {
  const shop = await open('let-go');
  const mode = shop.core('configmaps', 'mode');
  denied(t, await stage.agent('DELETE', mode), 'configuration-removal');
  await shop.relock({ frozen: [{ kind: 'ConfigMap', name: 'flags' }] });
  await shop.until('the lock is seen', async () => (await stage.agent('DELETE', `${mode}?dryRun=All`)).status === 200);
  allowed(t, await stage.agent('PATCH', mode, { data: { mode: 'debug' } }));
  allowed(t, await stage.agent('DELETE', mode));
  denied(t, await stage.agent('DELETE', shop.core('configmaps', 'flags')), 'configuration-removal');
});

test('allowed: what a Secret holds, exchanged by a rotator; denied: all else, and who only calls itself that', async (t) => {
  const shop = await open('rotated');
  const accounts = `/api/v1/namespaces/${shop.namespace}/serviceaccounts`;
  for (const name of ['rotator', 'other']) await must(stage.admin('POST', accounts, { metadata: { name } }));
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'rotators', namespace: shop.namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: ['rotator', 'other'].map((name) => ({ kind: 'ServiceAccount', name, namespace: shop.namespace })),
    },
  ]);
  const user = `system:serviceaccount:${shop.namespace}:rotator`;
  await shop.relock({
    frozen: [
      { kind: 'Secret', name: 'token', rotators: [user] },
      { kind: 'Secret', name: 'init' },
      { kind: 'ConfigMap', name: 'mode' },
    ],
  });
  const rotator = await stage.withToken(shop.namespace, 'rotator');
  const other = await stage.withToken(shop.namespace, 'other');
  const token = shop.core('secrets', 'token');
  const change = { data: { token: encoded('rotated') } };
  await shop.until('the lock is seen', async () => (await rotator('PATCH', token, change)).status === 200);
  denied(t, await rotator('PATCH', token, { immutable: true }), 'configuration', undefined, 'what it is');
  denied(t, await rotator('PATCH', shop.core('secrets', 'init'), change), 'configuration', undefined, 'another Secret');
  denied(t, await rotator('PATCH', shop.core('configmaps', 'mode'), { data: { mode: 'x' } }), 'configuration');
  denied(t, await rotator('DELETE', token), 'configuration-removal');
  const again = { data: { token: encoded('stolen') } };
  denied(t, await other('PATCH', token, again), 'configuration', undefined, 'another account');
  denied(t, await stage.admin('PATCH', token, again), 'configuration', undefined, 'an admin');
  const headers = { 'impersonate-user': user };
  denied(t, await stage.admin('PATCH', token, again, { headers }), 'configuration', undefined, 'impersonated');
});

const listed = (role: string, mode: string): Json => {
  const content = { data: { mode, flags: 'safe' } };
  const settings = { target: 'web', record: 'web-000001' };
  return { kind: 'ConfigMap', name: 'mode', role, ...settings, content, digest: digestOf(content) };
};

const tokenOf = (value: string): Json => ({ data: { token: encoded(value) } });

test('denied, for the moment in which a promotion opens the lock: what a rotator or a rollback would exchange', async (t) => {
  const shop = await open('opening');
  const accounts = `/api/v1/namespaces/${shop.namespace}/serviceaccounts`;
  await must(stage.admin('POST', accounts, { metadata: { name: 'rotator' } }));
  await stage.cluster.apply([
    bind('edit', { kind: 'ServiceAccount', name: 'rotator', namespace: 'opening' }, 'opening'),
  ]);
  const rotators = ['system:serviceaccount:opening:rotator'];
  const objects = [listed('Current', 'live'), listed('Fallback', 'before')];
  const frozen = (mark: Json): readonly Json[] => [
    { kind: 'Secret', name: 'token', rotators, ...mark },
    { kind: 'ConfigMap', name: 'mode', ...mark },
    { kind: 'ConfigMap', name: 'absent', ...mark },
  ];
  const rotator = await stage.withToken('opening', 'rotator');
  const [token, mode] = [shop.core('secrets', 'token'), shop.core('configmaps', 'mode')];
  const back = { data: { mode: 'before' } };
  await shop.relock({ objects, frozen: frozen({ opening: 'uid' }) });
  await shop.until('the lock is seen', async () =>
    messageOf(await rotator('PATCH', token, tokenOf('x'))).includes('try again in a moment'),
  );
  denied(t, await rotator('PATCH', token, tokenOf('rotated')), 'configuration', /try again in a moment/);
  denied(t, await stage.admin('PATCH', mode, back), 'configuration', /try again in a moment/);
  denied(t, await stage.admin('POST', shop.core('configmaps'), { metadata: { name: 'absent' } }), 'configuration');
  // Others go on planning.
  const plan = `${mode}?dryRun=All&fieldManager=twinlock-plan`;
  allowed(t, await stage.promotions('PUT', plan, { ...(await shop.read(mode)), data: { mode: 'next' } }));
  await shop.relock({ objects, frozen: frozen({}) });
  await shop.until('it is over', async () => (await rotator('PATCH', token, tokenOf('rotated'))).status === 200);
  allowed(t, await stage.admin('PATCH', mode, back));
});

test('allowed: what people signed away goes, whoever asks for it; denied: the same while it is approved', async (t) => {
  const shop = await open('signed-away');
  const mode = shop.core('configmaps', 'mode');
  const gone = { kind: 'ConfigMap', name: 'mode', role: 'Current', target: 'web', record: 'web-000002' };
  const content = { data: { mode: 'live', flags: 'safe' } };
  const held = { ...gone, role: 'Fallback', record: 'web-000001', content, digest: digestOf(content) };
  denied(t, await stage.agent('DELETE', mode), 'configuration-removal');
  await shop.relock({ objects: [{ ...held, role: 'Current' }], frozen: [{ kind: 'ConfigMap', name: 'mode' }] });
  await shop.until(
    'it is listed',
    async () => (await stage.agent('PATCH', mode, { data: { mode: 'x' } })).status === 403,
  );
  denied(t, await stage.agent('DELETE', mode), 'configuration-removal|objects');
  await shop.relock({
    objects: [gone, held],
    frozen: [{ kind: 'ConfigMap', name: 'mode', promotions: ['somebody-who-asks'] }],
  });
  await shop.until('the lock is seen', async () => (await stage.agent('DELETE', `${mode}?dryRun=All`)).status === 200);
  allowed(t, await stage.agent('DELETE', mode));
});

test("denied: the cluster's root certificate, which every pod has; allowed: its own controller", async (t) => {
  const shop = await Production.open(stage, 'rooted');
  const path = shop.core('configmaps', 'kube-root-ca.crt');
  denied(t, await stage.agent('PATCH', path, { data: { 'ca.crt': 'mine' } }), 'configuration', /Kubernetes alone/);
  denied(t, await stage.admin('DELETE', path), 'configuration-removal');
  const headers = { 'impersonate-user': 'system:serviceaccount:kube-system:root-ca-cert-publisher' };
  const mine = { ...(await shop.read(path)), data: { 'ca.crt': 'mine' } };
  denied(t, await stage.wildcard('PUT', path, mine, { headers }), 'configuration');
  allowed(t, await stage.manager('PATCH', path, { data: { 'ca.crt': 'renewed' } }));
});

test('a protected namespace goes, with all that was frozen', async (t) => {
  const shop = await open('going');
  await must(
    stage.admin('PATCH', '/api/v1/namespaces/going', {
      metadata: { annotations: { 'twinlock.dev/unprotect': 'going' } },
    }),
  );
  await must(stage.admin('DELETE', '/api/v1/namespaces/going'));
  await shop.until('the namespace is gone', async () => {
    const { body } = await stage.admin('GET', shop.core('pods'));
    const { items = [] } = body as { readonly items?: readonly { readonly metadata: { readonly name: string } }[] };
    for (const { metadata } of items)
      await stage.admin('DELETE', `${shop.core('pods', metadata.name)}?gracePeriodSeconds=0`);
    return (await stage.admin('GET', '/api/v1/namespaces/going')).status === 404;
  });
  for (const resource of ['configmaps', 'secrets']) t.deepEqual(await shop.list(shop.core(resource)), [], resource);
});

test('a protected namespace goes with nobody but Kubernetes: who has a finalizer on what was frozen takes it off', async (t) => {
  const shop = await open('held-up');
  const held = { metadata: { finalizers: ['team.example/hold'] } };
  const paths = [shop.core('configmaps', 'mode'), shop.core('secrets', 'token'), shop.apps('Deployment', 'web')];
  for (const path of paths) await must(stage.agent('PATCH', path, held));
  const unprotect = { metadata: { annotations: { 'twinlock.dev/unprotect': 'held-up' } } };
  await must(stage.admin('PATCH', '/api/v1/namespaces/held-up', unprotect));
  await must(stage.admin('DELETE', '/api/v1/namespaces/held-up'));
  await shop.until('only what somebody holds is left', async () => {
    const answers = await Promise.all(paths.map((path) => stage.admin('GET', path)));
    const { items = [] } = (await stage.admin('GET', shop.core('pods'))).body as { readonly items?: readonly Live[] };
    for (const { metadata } of items)
      await stage.admin('DELETE', `${shop.core('pods', metadata.name)}?gracePeriodSeconds=0`);
    return answers.every(({ body }) => (body as Live).metadata?.['deletionTimestamp'] !== undefined);
  });
  t.is((await stage.admin('GET', shop.own('workloadlocks', 'lock'))).status, 200, 'the lock is there to compare with');
  denied(t, await stage.agent('PATCH', paths[0] ?? '', { data: { mode: 'debug' } }), 'configuration');
  for (const path of paths) allowed(t, await stage.agent('PATCH', path, { metadata: { finalizers: null } }));
  await shop.until('the namespace is gone', async () => {
    return (await stage.admin('GET', '/api/v1/namespaces/held-up')).status === 404;
  });
});

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Names of objects that are neither: another kind, or decided to be left out. */
const LEFT_OUT = [
  // Registries' tokens: see `referencePlaces`.
  'imagePullSecrets.*.name',
];

test('every place of a pod that refers to a ConfigMap or Secret is known, by the OpenAPI document of the server', async (t) => {
  const { body } = await stage.admin('GET', '/openapi/v3/api/v1');
  const { schemas } = (body as { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } })
    .components;
  const found = new Set<string>();
  const visit = (schema: Schema, path: readonly string[], seen: readonly string[]): void => {
    const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
    if (reference !== undefined) {
      const name = reference.split('/').at(-1) ?? '';
      if (!seen.includes(name)) visit(schemas[name] ?? {}, path, [...seen, name]);
      return;
    }
    if (schema.items !== undefined) visit(schema.items, [...path, '*'], seen);
    for (const [member, child] of Object.entries(schema.properties ?? {})) {
      const at = [...path, member];
      const says = at.slice(-3).join(' ');
      const isName = member === 'name' || member === 'secretName';
      if (isName && /secret|configmap/i.test(says)) found.add(at.join('.'));
      visit(child, at, seen);
    }
  };
  visit({ $ref: 'io.k8s.api.core.v1.PodSpec' }, [], []);
  t.deepEqual([...found].toSorted(), [...referencePlaces.map(({ path }) => path.join('.')), ...LEFT_OUT].toSorted());
});
