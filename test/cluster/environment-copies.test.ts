import anyTest, { type TestFn } from 'ava';
import { waitFor } from '../harness/index.ts';
import { own } from '../stage/objects.ts';
import { systemClock, type Clock } from '../../operator/kube/index.ts';
import {
  bringUp,
  condition,
  environment,
  image,
  isReady,
  list,
  openEnvironments,
  untilStatus,
  type Object_,
  type Stage,
} from '../stage/environments.ts';

const test = anyTest as TestFn<{ readonly stage: Stage; readonly time: { ahead: number } }>;

test.before(async (t) => {
  const stage = await openEnvironments({ testFile: import.meta.filename });
  const time = { ahead: 0 };
  // Originals are looked at again after a minute: the process is told that it has passed.
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + time.ahead,
    setTimer: (ms, callback) => systemClock.setTimer(Math.min(ms, 500), callback),
  };
  t.context = { stage, time };
  await stage.cluster.apply([
    own('TwinClass', 'copying', {
      copySecrets: ['db', 'live'],
      copyConfigMaps: ['flags-*'],
      imagePullSecrets: ['registry'],
    }),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'twinlock-environment-source', namespace: 'shop-dev' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'twinlock-environment-source' },
      subjects: [{ kind: 'ServiceAccount', name: 'twinlock-environments', namespace: 'twinlock-system' }],
    },
    secret('registry', { '.dockerconfigjson': '{}' }, 'kubernetes.io/dockerconfigjson'),
    secret('db', { password: 'first' }),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'flags-web', namespace: 'shop-dev' },
      data: { blue: 'on' },
    },
  ]);
  await stage.startProcess({}, { clock });
});
test.after.always((t) => t.context.stage?.stop());

function secret(name: string, values: Readonly<Record<string, string>>, type = 'Opaque'): object {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop-dev' }, type, data };
}

interface Held extends Object_ {
  readonly data: Readonly<Record<string, string>>;
  readonly type?: string;
}

const spec = {
  classRef: { name: 'copying' },
  workloads: [{ name: 'web', image, port: 8080 }],
  services: [{ name: 'stripe' }],
  secrets: ['db'],
  configMaps: ['flags-web'],
} as const;

const copies = async (stage: Stage, namespace: string, plural: string): Promise<readonly Held[]> =>
  list<Held>(stage, `/api/v1/namespaces/${namespace}/${plural}?labelSelector=twinlock.dev/copied%3Dtrue`);

test("named Secrets and ConfigMaps, and the class's pull secrets, are copied, follow their originals, and go", async (t) => {
  const { stage, time } = t.context;
  const status = await bringUp(stage, 'copied', spec);
  const { namespace = '' } = status;
  t.deepEqual(status.copied, [
    { kind: 'Secret', name: 'db' },
    { kind: 'Secret', name: 'registry' },
    { kind: 'ConfigMap', name: 'flags-web' },
  ]);
  const secrets = await copies(stage, namespace, 'secrets');
  t.deepEqual(
    secrets.map(({ metadata, type }) => [metadata.name, type]),
    [
      ['db', 'Opaque'],
      ['registry', 'kubernetes.io/dockerconfigjson'],
    ],
  );
  t.deepEqual((await copies(stage, namespace, 'configmaps'))[0]?.data, { blue: 'on' });

  interface Deployed extends Object_ {
    readonly spec: { readonly template: { readonly spec: { readonly imagePullSecrets?: readonly object[] } } };
  }
  for (const deployment of await list<Deployed>(stage, `/apis/apps/v1/namespaces/${namespace}/deployments`))
    t.deepEqual(deployment.spec.template.spec.imagePullSecrets, [{ name: 'registry' }], deployment.metadata.name);

  await stage.cluster.apply([secret('db', { password: 'second' })]);
  time.ahead += 61_000;
  const second = Buffer.from('second').toString('base64');
  await waitFor('the copy to follow', async () =>
    (await copies(stage, namespace, 'secrets')).some(({ data }) => data['password'] === second),
  );

  const { secrets: _, configMaps: __, ...without } = spec;
  await stage.cluster.apply([environment('copied', without)]);
  await untilStatus(stage, 'copied', ({ copied }) => copied?.length === 1);
  t.deepEqual((await copies(stage, namespace, 'configmaps')).length, 0);
  t.deepEqual(
    (await copies(stage, namespace, 'secrets')).map(({ metadata }) => metadata.name),
    ['registry'],
  );
});

const ownWritten = (value: string) => ({
  classRef: { name: 'copying' },
  services: [{ name: 'stripe' }],
  workloads: [
    { name: 'web', image, port: 8080, configMaps: [{ name: 'app', path: '/etc/app' }, { name: 'variables' }] },
    { name: 'other', image, port: 8080 },
  ],
  ownConfigMaps: [
    { name: 'app', data: [{ name: 'app.yaml', value }] },
    { name: 'variables', data: [{ name: 'MODE', value: 'test' }] },
  ],
});

test("ConfigMaps of the environment's own: files and variables, and whoever uses one rolls with new data", async (t) => {
  const { stage } = t.context;
  const { namespace = '', copied } = await bringUp(stage, 'own', ownWritten('first'));
  t.deepEqual(copied, [
    { kind: 'Secret', name: 'registry' },
    { kind: 'ConfigMap', name: 'app' },
    { kind: 'ConfigMap', name: 'variables' },
  ]);
  interface Deployed extends Object_ {
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly volumes?: readonly object[];
          readonly containers: readonly {
            readonly env: readonly { readonly name: string; readonly value: string }[];
          }[];
        };
      };
    };
  }
  const deployments = async (): Promise<ReadonlyMap<string, Deployed>> =>
    new Map(
      (await list<Deployed>(stage, `/apis/apps/v1/namespaces/${namespace}/deployments`)).map((each) => [
        each.metadata.name,
        each,
      ]),
    );
  const before = await deployments();
  const { volumes, containers } = before.get('web')?.spec.template.spec ?? {};
  t.like(volumes?.[0], { name: 'config-0', configMap: { name: 'app' } });
  t.is(containers?.[0]?.env.find(({ name }) => name === 'MODE')?.value, 'test');

  await stage.audit.next();
  await stage.cluster.apply([environment('own', ownWritten('second'))]);
  const rolled = await waitFor('web to roll', async () => {
    const now = await deployments();
    return now.get('web')?.metadata.generation === before.get('web')?.metadata.generation ? undefined : now;
  });
  // Its new pods never start with what was there before.
  const [own] = (await copies(stage, namespace, 'configmaps')).filter(({ metadata }) => metadata.name === 'app');
  t.deepEqual(own?.data, { 'app.yaml': 'second' });
  t.is(rolled.get('other')?.metadata.generation, before.get('other')?.metadata.generation);
  const writes = (await stage.audit.next()).flatMap(({ verb, objectRef }) =>
    verb === 'patch' && objectRef?.namespace === namespace && ['app', 'web'].includes(objectRef.name ?? '')
      ? [objectRef.resource]
      : [],
  );
  t.deepEqual(writes, ['configmaps', 'deployments'], 'first the data, then the roll');

  const { ownConfigMaps: _, ...without } = ownWritten('');
  const bare = without.workloads.map(({ configMaps: __, ...workload }: { configMaps?: object } & object) => workload);
  await stage.cluster.apply([environment('own', { ...without, workloads: bare })]);
  await untilStatus(stage, 'own', (seen) => seen.copied?.length === 1);
  t.deepEqual(await copies(stage, namespace, 'configmaps'), []);
});

test('what cannot be copied is told with what to do: not listed, not there, not to be read, a live key', async (t) => {
  const { stage, time } = t.context;
  await stage.cluster.apply([environment('unlisted', { ...spec, secrets: ['payroll'] })]);
  const unlisted = await untilStatus(stage, 'unlisted', (seen) => condition(seen, 'Ready').reason === 'CopyNotAllowed');
  t.regex(condition(unlisted, 'Ready').message, /spec\.secrets\[0\]: TwinClass copying does not let payroll be copied/);

  const key = 'sk_live_51HxNotForYourEyes';
  await stage.cluster.apply([environment('early', { ...spec, secrets: ['live'] })]);
  const missing = await untilStatus(stage, 'early', (seen) => condition(seen, 'Ready').reason === 'CopyNotPossible');
  t.regex(condition(missing, 'Ready').message, /Secret live is not in shop-dev/);
  await stage.cluster.apply([secret('live', { KEY: key })]);
  time.ahead += 61_000;
  const live = await untilStatus(stage, 'early', (seen) => condition(seen, 'Ready').reason === 'LiveKeyRefused');
  t.regex(condition(live, 'Ready').message, /Secret live: KEY looks like a live key of stripe/);
  t.false(JSON.stringify(live).includes(key));
  await stage.cluster.apply([secret('live', { KEY: 'sk_test_1' })]);
  time.ahead += 61_000;
  const early = await untilStatus(stage, 'early', ({ copied }) => copied?.some(({ name }) => name === 'live') === true);
  t.not(condition(early, 'Ready').reason, 'LiveKeyRefused');

  await stage.cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'sealed', labels: { 'twinlock.dev/environments': 'true' } },
    },
    environment('closed', { ...spec, configMaps: [] }, 'sealed'),
  ]);
  const closed = await untilStatus(
    stage,
    'closed',
    (seen) => condition(seen, 'Ready').reason === 'CopyNotPossible',
    'sealed',
  );
  t.regex(
    condition(closed, 'Ready').message,
    /kubectl create rolebinding twinlock-environment-source -n sealed --clusterrole=twinlock-environment-source --serviceaccount=twinlock-system:twinlock-environments/,
  );
});

test('an environment that wants nothing copied reads no Secret', async (t) => {
  const { stage } = t.context;
  const { classRef: _, secrets: __, configMaps: ___, ...plain } = spec;
  const status = await bringUp(stage, 'plain', plain);
  t.true(isReady(status));
  t.is(status.copied, undefined);
  const asked = (await stage.audit.next()).filter(
    ({ objectRef }) => objectRef?.resource === 'secrets' && objectRef.namespace === status.namespace,
  );
  t.deepEqual(asked, []);
});
