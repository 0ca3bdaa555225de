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
