import test from 'ava';
import {
  decideEnvironment,
  observedParts,
  type EnvironmentDecision,
  type EnvironmentWorld,
} from '../../operator/environments/decide/index.ts';
import type { PodChild, WorkloadChild } from '../../operator/environments/decide/live.ts';
import type { Plan } from '../../operator/environments/decide/plan/index.ts';
import { slimPod, slimWorkload } from '../../operator/environments/gather/cache/index.ts';
import { FINALIZER, HASH_ANNOTATION, ownerLabels } from '../../operator/environments/naming/index.ts';
import { hashOf } from '../../operator/kube/index.ts';
import { statusOf } from './environment-situations.ts';
import { accepted, child, environment, image, planOf, settings, twinClass, unchecked } from './environment-fixtures.ts';

const now = Date.parse('2026-11-21T09:00:00Z');
const other = image.replace(/a{64}/, 'b'.repeat(64));
const owner = { namespace: 'shop-dev', name: 'pr-42', uid: 'uid-1' };

const db = { name: 'db', kind: 'StatefulSet', image, port: 5432, protocol: 'TCP', expose: 'None' };
const migrate = { name: 'migrate', kind: 'Job', image, args: ['migrate'], needs: ['db'] };
const web = { name: 'web', image, port: 8080, needs: ['migrate'] };
const shop = (...changes: readonly object[]) => ({
  workloads: [db, migrate, web].map((workload, index) => ({ ...workload, ...changes[index] })),
});

const namesOf = (plan: Plan, kind: string): readonly string[] =>
  plan.manifests.parts.filter((part) => part.kind === kind).map(({ metadata }) => metadata.name);
const jobOf = (plan: Plan): string => namesOf(plan, 'Job')[0] ?? '';

test('each kind runs as it is written: a StatefulSet keeps its name, a Job runs once, in one pod, and ends', (t) => {
  const plan = accepted(shop());
  t.like(child(plan, 'StatefulSet', 'db')['spec'], {
    replicas: 1,
    serviceName: 'db',
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { 'twinlock.dev/component': 'db' } },
  });
  const job = child(plan, 'Job', jobOf(plan));
  t.like(job['spec'], {
    backoffLimit: 2,
    completions: 1,
    parallelism: 1,
    activeDeadlineSeconds: 3600,
    podReplacementPolicy: 'Failed',
    template: {
      metadata: { labels: { 'twinlock.dev/component': 'migrate', 'twinlock.dev/role': 'workload' } },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      },
    },
  });
  t.false('selector' in (job['spec'] as object));
  t.deepEqual(namesOf(plan, 'Deployment'), ['web', 'twinlock-boundary']);
  t.deepEqual(namesOf(plan, 'Service'), ['db', 'web', 'twinlock-boundary']);
});

test('a template decides nothing of how often a Job runs', (t) => {
  const template = { spec: { restartPolicy: 'Always', containers: [{ name: 'main', image }] } };
  const plan = accepted({ workloads: [{ name: 'seed', kind: 'Job', template }] });
  t.like(child(plan, 'Job', jobOf(plan))['spec'], { template: { spec: { restartPolicy: 'Never' } } });
});

test('a Job has a name for each content, the same for the same, never too long for a label', (t) => {
  const name = 'm'.repeat(63);
  const run = (changes: object): string =>
    jobOf(accepted({ workloads: [{ name, kind: 'Job', image, ...changes }] }, { boundaryImage: undefined }));
  t.is(run({}), run({}));
  t.is(
    new Set([run({}), run({ image: other }), run({ args: ['x'] }), run({ env: [{ name: 'A', value: '1' }] })]).size,
    4,
  );
  t.regex(run({}), /^m{54}-[a-z2-7]{8}$/);
  t.regex(jobOf(accepted(shop())), /^migrate-[a-z2-7]{8}$/);
  const pulling = twinClass({ imagePullSecrets: ['registry'] });
  t.is(jobOf(accepted(shop(), { twinClass: pulling })), jobOf(accepted(shop())), 'how it is pulled is no content');
});

test('state of a StatefulSet: a claim of its own where it is Durable, else gone with the pod', (t) => {
  const state = { path: '/var/lib/db', persistence: 'Durable', size: '2Gi' };
  const durable = accepted(shop({ state }));
  t.like(child(durable, 'PersistentVolumeClaim', 'db')['spec'], { resources: { requests: { storage: '2Gi' } } });
  const pod = {
    securityContext: { fsGroup: 65_532, runAsNonRoot: true },
    containers: [{ name: 'db', volumeMounts: [{ name: 'state', mountPath: '/var/lib/db' }] }],
  };
  t.like(child(durable, 'StatefulSet', 'db')['spec'], {
    template: { spec: { ...pod, volumes: [{ name: 'state', persistentVolumeClaim: { claimName: 'db' } }] } },
  });
  const ephemeral = accepted(shop({ state: { path: '/var/lib/db' } }));
  t.deepEqual(namesOf(ephemeral, 'PersistentVolumeClaim'), []);
  t.like(child(ephemeral, 'StatefulSet', 'db')['spec'], {
    template: { spec: { ...pod, volumes: [{ name: 'state', emptyDir: {} }] } },
  });
});

test('state beside what a template mounts itself; its own group stays', (t) => {
  const template = {
    spec: {
      securityContext: { runAsUser: 999, fsGroup: 999 },
      containers: [
        { name: 'main', image, volumeMounts: [{ name: 'x', mountPath: '/x' }] },
        { name: 'side', image },
      ],
      volumes: [{ name: 'x', emptyDir: {} }],
    },
  };
  const plan = accepted({
    workloads: [{ name: 'db', kind: 'StatefulSet', expose: 'None', template, state: { path: '/data' } }],
  });
  t.like(child(plan, 'StatefulSet', 'db')['spec'], {
    template: {
      spec: {
        securityContext: { runAsUser: 999, fsGroup: 999 },
        containers: [
          {
            volumeMounts: [
              { name: 'x', mountPath: '/x' },
              { name: 'state', mountPath: '/data' },
            ],
          },
          { name: 'side' },
        ],
        volumes: [
          { name: 'x', emptyDir: {} },
          { name: 'state', emptyDir: {} },
        ],
      },
    },
  });
});

const refusals: readonly (readonly [why: string, workloads: readonly object[], message: string])[] = [
  [
    'a circle',
    [
      { ...web, needs: ['a'] },
      { name: 'a', kind: 'Job', image, needs: ['b'] },
      { name: 'b', kind: 'Job', image, needs: ['a'] },
    ],
    'spec.workloads[1].needs: a needs b needs a, so that none of them ever starts; take one of these out',
  ],
  [
    'itself',
    [{ ...web, needs: ['web'] }],
    'spec.workloads[0].needs: web needs web, so that none of them ever starts; take one of these out',
  ],
  [
    'nobody',
    [{ ...web, needs: ['nobody'] }],
    'spec.workloads[0].needs: web needs nobody, which is neither in workloads nor in services; add it there',
  ],
];
for (const [why, workloads, message] of refusals)
  test(`refused: a workload that needs ${why}`, (t) => {
    const defaults = { kind: 'Deployment', replicas: 1, protocol: 'HTTP', expose: 'Host' };
    const plan = planOf(unchecked({ workloads: workloads.map((workload) => ({ ...defaults, ...workload })) }));
    t.deepEqual('problems' in plan && plan.problems, [{ reason: 'NeedsInvalid', message }]);
  });

const layer = (index: number): readonly string[] =>
  index < 16 ? [] : Array.from({ length: 16 }, (_, at) => `w${Math.floor(index / 16) * 16 - 16 + at}`);

test('needs without end are looked through in no time: each once', (t) => {
  const workloads = Array.from({ length: 64 }, (_, index) => ({
    name: `w${index}`,
    kind: 'Job',
    image,
    needs: layer(index),
  }));
  const plan = accepted({ workloads }, { twinClass: twinClass({ quota: roomy }) });
  const world = worldOf(plan, { workloads }, []);
  t.is(sent(world).length, 18, 'the sixteen that need nothing, and the boundary with its Service');
});

test('what a quota has to hold: one pod for a Job beside all others, none beside a StatefulSet that rolls', (t) => {
  const quota = { pods: 4, 'requests.cpu': '4', 'requests.memory': '4Gi', 'limits.cpu': '16', 'limits.memory': '16Gi' };
  t.true('manifests' in planOf(shop(), { twinClass: twinClass({ quota }) }));
  const small = planOf(shop(), { twinClass: twinClass({ quota: { ...quota, pods: 3 } }) });
  t.regex(JSON.stringify(small), /QuotaTooSmall.*pods 4 where 3 is the most/);
  const alone = accepted({ workloads: [db] }, { twinClass: twinClass({ quota: { ...quota, pods: 2 } }) });
  t.false('strategy' in (child(alone, 'StatefulSet', 'db')['spec'] as object));
  const claims = { ...quota, persistentvolumeclaims: 0 };
  const state = { path: '/data', persistence: 'Durable' };
  t.regex(
    JSON.stringify(planOf(shop({ state }), { twinClass: twinClass({ quota: claims }) })),
    /persistentvolumeclaims 1/,
  );
});

// What is sent when.

const roomy = {
  pods: 200,
  services: 200,
  'requests.cpu': '100',
  'requests.memory': '100Gi',
  'limits.cpu': '100',
  'limits.memory': '100Gi',
  'limits.ephemeral-storage': '500Gi',
  'requests.ephemeral-storage': '500Gi',
};

/** A part that was sent as the plan has it, and how far it is. */
function made(plan: Plan, component: string, status: object, metadata: object = {}): WorkloadChild {
  const manifest = plan.runners.get(component);
  if (manifest === undefined) throw new Error(`nothing runs ${component}`);
  const live = {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      generation: 1,
      annotations: { [HASH_ANNOTATION]: hashOf(manifest) },
      ...metadata,
    },
    status,
  };
  return slimWorkload(live);
}
const ready = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
const starting = { ...ready, readyReplicas: 0, availableReplicas: 0 };
const succeeded = { conditions: [{ type: 'Complete', status: 'True' }] };
const failed = {
  conditions: [
    {
      type: 'Failed',
      status: 'True',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit',
    },
  ],
};

function worldOf(
  plan: Plan,
  spec: object,
  workloads: readonly WorkloadChild[],
  pods: readonly PodChild[] = [],
): EnvironmentWorld {
  const metadata = { name: plan.home.namespace, uid: 'n1', labels: ownerLabels(owner) };
  return {
    key: owner,
    orphans: [],
    environment: environment(spec, { metadata: { finalizers: [FINALIZER] } }),
    now,
    classes: [twinClass({ quota: roomy })],
    namespaceLabels: { 'twinlock.dev/environments': 'true' },
    home: { apiVersion: 'v1', kind: 'Namespace', metadata, digest: '', edited: false, conditions: [] },
    homeRemoved: false,
    room: { held: true, reserved: false, revision: 1, candidates: [] },
    catalogue: new Map(),
    parts: observedParts(workloads, pods),
    wordsDueIn: undefined,
    copied: undefined,
    children: workloads.map(({ kind, metadata: { name, uid } }) => ({ kind, name, uid })),
    reports: new Map(),
    reach: new Map(),
    front: { certificate: undefined, routes: [] },
    volumes: [],
    leftVolumes: [],
    settings,
    applied: undefined,
  };
}

function applyIn(world: EnvironmentWorld): Extract<EnvironmentDecision['action'], { do: 'Apply' }> {
  const { action } = decideEnvironment(world);
  if (action?.do !== 'Apply') throw new Error(`it is to ${action?.do}`);
  return action;
}

const sent = (world: EnvironmentWorld): readonly string[] =>
  applyIn(world).parts.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const running = (world: EnvironmentWorld): readonly string[] =>
  sent(world).filter((part) => !part.startsWith('Service/') && !part.endsWith('twinlock-boundary'));

/** The status once all that can be sent was. */
function statusIn(world: EnvironmentWorld): ReturnType<typeof statusOf> {
  const { of, plan } = applyIn(world);
  const { situation } = decideEnvironment({ ...world, applied: { of, plan, outcome: { kind: 'Sent', refused: [] } } });
  if (situation === undefined) throw new Error('nothing is told');
  return statusOf(world.environment, situation, now);
}

/** What is told then. */
function told(world: EnvironmentWorld): {
  readonly message: string;
  readonly reason: string;
  readonly stalled: string;
} {
  const { conditions = [] } = statusIn(world);
  const find = (type: string) => conditions.find((each) => each.type === type);
  const { message = '', reason = '' } = find('Ready') ?? {};
  return { message, reason, stalled: find('Stalled')?.status ?? 'Absent' };
}

const plan = accepted(shop(), { twinClass: twinClass({ quota: roomy }) });
const job = `Job/${jobOf(plan)}`;

const order: readonly (readonly [
  when: string,
  workloads: readonly WorkloadChild[],
  sent: readonly string[],
  told: RegExp,
])[] = [
  [
    'nothing is there',
    [],
    ['StatefulSet/db'],
    /^workload db is being created; workload migrate waits for db; workload web waits for migrate$/,
  ],
  [
    'the database starts',
    [made(plan, 'db', starting)],
    ['StatefulSet/db'],
    /^workload db has 0 of 1 pods available; workload migrate waits for db; workload web waits for migrate$/,
  ],
  ['the database is ready', [made(plan, 'db', ready)], ['StatefulSet/db', job], /migrate is being created/],
  [
    'the migration runs: it is not sent again',
    [made(plan, 'db', ready), made(plan, 'migrate', { active: 1 })],
    ['StatefulSet/db'],
    /^workload db is ready.*migrate has not run to its end yet; workload web waits for migrate$|^workload migrate has not run/,
  ],
  [
    'the migration is through',
    [made(plan, 'db', ready), made(plan, 'migrate', succeeded)],
    ['StatefulSet/db', 'Deployment/web'],
    /^workload web is being created$/,
  ],
  [
    'what runs as it is to be is looked after, whatever became of what it needed',
    [made(plan, 'db', starting), made(plan, 'migrate', succeeded), made(plan, 'web', ready)],
    ['StatefulSet/db', 'Deployment/web'],
    /^workload db has 0 of 1 pods available$/,
  ],
  [
    'somebody takes the run away: it is made again once it is gone',
    [made(plan, 'db', ready), made(plan, 'migrate', succeeded, { deletionTimestamp: '2026-11-21T08:59:00Z' })],
    ['StatefulSet/db'],
    /migrate waits for the end of its former run/,
  ],
];
for (const [when, workloads, expected, words] of order)
  test(`in order: ${when}`, (t) => {
    const world = worldOf(plan, shop(), workloads);
    t.deepEqual(running(world), expected);
    t.regex(told(world).message, words);
    t.is(told(world).stalled, 'Absent');
  });

/** A pod of a run of the migration. */
function runPod(run: string, status: object): PodChild {
  return slimPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${run}-x`,
      uid: `${run}-x`,
      labels: { 'twinlock.dev/component': 'migrate', 'batch.kubernetes.io/job-name': run },
    },
    spec: { containers: [{ name: 'migrate', image }] },
    status,
  } as Parameters<typeof slimPod>[0]);
}
const ended = (exitCode: number, message = '') => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  containerStatuses: [
    {
      name: 'migrate',
      ready: false,
      restartCount: 0,
      imageID: image,
      state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message } },
    },
  ],
});

test('a migration that failed is told in the words of who knows, and what needs it waits; no other is sent', (t) => {
  const world = worldOf(
    plan,
    shop(),
    [made(plan, 'db', ready), made(plan, 'migrate', failed)],
    [runPod(jobOf(plan), ended(3, 'no such table: orders'))],
  );
  t.deepEqual(running(world), ['StatefulSet/db']);
  t.deepEqual(told(world), {
    reason: 'WorkloadFailed',
    stalled: 'True',
    message:
      'workload migrate failed, BackoffLimitExceeded: Job has reached the specified backoff limit (container migrate ended with exit code 3 (Error): no such table: orders); once spec.workloads[1] says something else, that is run; workload web waits for migrate',
  });
});

test('other content is run once the former run is gone, and what needs it keeps its own content until then', (t) => {
  const next = shop({}, { args: ['migrate', '--all'] }, { image: other });
  const after = accepted(next, { twinClass: twinClass({ quota: roomy }) });
  const before = [made(plan, 'db', ready), made(plan, 'migrate', succeeded), made(plan, 'web', ready)];
  const first = worldOf(after, next, before);
  t.deepEqual(running(first), ['StatefulSet/db']);
  t.deepEqual(
    applyIn(first).surplus.map(({ kind, name }) => `${kind}/${name}`),
    [job],
  );
  t.regex(told(first).message, /migrate waits for the end of its former run; workload web waits for migrate$/);
  const [database, , front] = before;
  if (database === undefined || front === undefined) return t.fail();
  const second = worldOf(after, next, [database, front]);
  t.deepEqual(running(second), ['StatefulSet/db', `Job/${jobOf(after)}`]);
  t.deepEqual(applyIn(second).surplus, []);
  t.is(told(second).reason, 'WorkloadNotReady', 'the former web is ready, and that is not what was asked for');
  const third = worldOf(after, next, [database, front, made(after, 'migrate', succeeded)]);
  return t.deepEqual(running(third), ['StatefulSet/db', 'Deployment/web']);
});

test('what is needed counts as it is to be: one that is ready with former content is not there yet', (t) => {
  const next = shop({ image: other }, { args: ['migrate', '--all'] });
  const after = accepted(next, { twinClass: twinClass({ quota: roomy }) });
  const front = made(plan, 'web', ready);
  t.deepEqual(running(worldOf(after, next, [made(plan, 'db', ready), front])), ['StatefulSet/db', 'Deployment/web']);
  const rolled = worldOf(after, next, [made(after, 'db', ready), front]);
  t.deepEqual(running(rolled), ['StatefulSet/db', `Job/${jobOf(after)}`, 'Deployment/web']);
});

test('what ran to its end shows its images and variables, and keeps them when Kubernetes takes its pods away', (t) => {
  const parts = [made(plan, 'db', ready), made(plan, 'migrate', succeeded), made(plan, 'web', ready)];
  const run = jobOf(plan);
  const seen = statusIn(worldOf(plan, shop(), parts, [runPod(run, ended(0)), runPod('migrate-former', ended(3, 'x'))]));
  const images = [{ container: 'migrate', image }];
  t.like(
    seen.workloads?.find(({ name }) => name === 'migrate'),
    { ready: true, images },
  );
  const later = worldOf(plan, shop(), parts);
  const kept = statusIn({ ...later, environment: { ...later.environment, status: seen } });
  t.like(
    kept.workloads?.find(({ name }) => name === 'migrate'),
    { ready: true, images },
  );
  const wired = kept.conditions?.find(({ type }) => type === 'TwinsWired')?.message ?? '';
  t.notRegex(wired, /migrate/);
  const never = statusIn(later).workloads?.find(({ name }) => name === 'migrate');
  t.is(never?.images, undefined, 'what nobody saw is not promoted');
});

test('a pod that did its work says nothing more, and nobody is asked about it', (t) => {
  t.like(runPod('migrate-1', ended(0)), { done: true, ready: false, trouble: undefined, quiet: undefined });
  t.like(runPod('migrate-1', ended(3, 'no')), { done: false });
});
