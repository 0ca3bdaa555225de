import test from 'ava';
import { ApiError, type Client, type Deployment } from '../../operator/kube/index.ts';
import { policyDigest } from '../../operator/votes/index.ts';
import { Planner } from '../../operator/promotions/gather/planner.ts';
import {
  artifactsOf,
  manifestFault,
  MAX_MANIFEST_BYTES,
  withManifest,
  type ArtifactsInput,
  type Manifest,
  type ManifestFault,
} from '../../operator/promotions/decide/plan/index.ts';
import { podTemplateOf, specDigest } from '../../operator/workloads/index.ts';
import {
  decide,
  deployment,
  environment,
  images,
  keys,
  policy,
  promotion,
  run,
  statusOf,
  voted,
  world,
  type Scene,
  deciding,
} from './promotion-world.ts';

const { signal } = new AbortController();
const limits = { limits: { memory: '256Mi' } };

function manifest(container: object = {}, { metadata = {}, spec = {} } = {}): Manifest {
  const containers = [{ name: 'web', image: images.second, ...container }];
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: { selector: { matchLabels: { app: 'web' } }, template, ...spec },
  };
}

/** A world whose promotion carries the manifest, and whose API server takes it as it is. */
function asked(object = manifest({ resources: limits }), changes: Partial<Scene> = {}): Scene {
  const live = deployment(images.first);
  return world({
    promotion: promotion('web-42', { spec: { objects: [object] } }),
    workloads: [{ kind: 'Deployment', name: 'web', live, planned: { spec: { ...object.spec, replicas: 2 } } }],
    ...changes,
  });
}

const web = { kind: 'Deployment', name: 'web' } as const;
const worker = { kind: 'Deployment', name: 'worker' } as const;
const ran = (name: string, image = images.second) => ({ name, images: [{ container: name, image }] });
const written = (image = images.second, container = 'web') => ({ ...web, images: [{ container, image }] });
const base: ArtifactsInput = {
  target: [web, worker],
  environment: [ran('web'), ran('worker')],
  manifests: [written()],
};
const mirror = images.second.replace('registry.example', 'mirror.example');

/** Input, then either images or a reason. */
const plans: readonly (readonly [string, ArtifactsInput, readonly string[] | string])[] = [
  ['only what has a manifest goes', base, [`web/web=${images.second}`]],
  [
    'what is mapped goes too',
    { ...base, mapping: [web, worker].map((to) => ({ from: to.name, to })) },
    [`web/web=${images.second}`, `worker/worker=${images.second}`],
  ],
  [
    'what images name goes too',
    {
      ...base,
      images: [
        { container: 'web', image: images.second },
        { container: 'worker', image: images.second },
      ],
    },
    [`web/web=${images.second}`, `worker/worker=${images.second}`],
  ],
  ['the same content by a mirror', { ...base, manifests: [written(mirror)] }, [`web/web=${mirror}`]],
  ['an image that did not run', { ...base, manifests: [written(images.evil)] }, 'ImageNotInEnvironment'],
  [
    'an image that ran in another container',
    { ...base, manifests: [written(images.second, 'x')] },
    'ImageNotInEnvironment',
  ],
  ['an environment without that workload', { ...base, environment: [ran('worker')] }, 'WorkloadNotMapped'],
  ['a mapping that leaves it out', { ...base, mapping: [{ from: 'worker', to: worker }] }, 'WorkloadNotMapped'],
  ['no pod has reported an image', { ...base, environment: [{ name: 'web' }] }, 'NoImages'],
  [
    'images that say something else',
    { ...base, environment: [ran('web')], images: [{ container: 'web', image: images.third }] },
    'ImagesDisagree',
  ],
  ['images that agree', { ...base, images: [{ container: 'web', image: mirror }] }, [`web/web=${images.second}`]],
];
for (const [what, input, expected] of plans)
  test(`artifacts of manifests: ${what}`, (t) => {
    const result = artifactsOf(input);
    const seen =
      'artifacts' in result
        ? result.artifacts.map(({ name, container, image }) => `${name}/${container}=${image}`)
        : result.reason;
    t.deepEqual(seen, expected);
  });

let deep: unknown = {};
for (let depth = 0; depth < 5000; depth++) deep = [deep];
const faults: readonly (readonly [string, Manifest, ManifestFault['reason']])[] = [
  ['a workload that the target does not have', manifest({}, { metadata: { name: 'db' } }), 'WorkloadNotMapped'],
  ['another namespace', manifest({}, { metadata: { namespace: 'kube-system' } }), 'ManifestInvalid'],
  ['a fraction', manifest({ resources: { limits: { cpu: 0.5 } } }), 'ManifestInvalid'],
  ['an integer past 2^53', manifest({}, { spec: { minReadySeconds: 2 ** 53 } }), 'ManifestInvalid'],
  ['half of a surrogate pair', manifest({ args: ['\ud800'] }), 'ManifestInvalid'],
  ['more depth than anybody can walk', manifest({ x: deep }), 'ManifestInvalid'],
  ['more than fits', manifest({ args: ['x'.repeat(MAX_MANIFEST_BYTES)] }), 'RecordTooLarge'],
];
for (const [what, object, reason] of faults)
  test(`a manifest is refused in words: ${what}`, async (t) => {
    const seen = asked(object, { environment: undefined, workloads: [{ ...web, live: deployment(images.first) }] });
    t.is(manifestFault(seen.promotion, { workloads: [web] })?.reason, reason);
    const { verdict } = decide(await planner().plan(deciding(seen), new Map(), signal));
    t.is(verdict.reason, reason);
    t.true(verdict.stalled);
    t.true(verdict.message.length < 1000);
  });

test('a sound manifest has no fault, with and without its namespace', (t) => {
  for (const object of [manifest(), manifest({}, { metadata: { namespace: 'shop' } })])
    t.is(manifestFault(asked(object).promotion, { workloads: [web] }), undefined);
});

/** A planner whose API server answers so; what it was sent is kept. */
function planner(
  answer: (sent: Deployment) => Deployment | ApiError = (sent) => sent,
  sent: Deployment[] = [],
): Planner {
  const replace = async (_type: unknown, object: Deployment): Promise<Deployment> => {
    sent.push(object);
    const given = answer(object);
    if (given instanceof ApiError) throw given;
    return given;
  };
  return new Planner({ replace } as unknown as Pick<Client, 'create' | 'replace'>);
}

const bare = (object: Manifest): Scene => ({
  ...asked(object),
  workloads: [{ ...web, live: deployment(images.first) }],
});

test('the dry run is a PUT of the manifest: all of its spec, the replicas of production, labels beside what is there', async (t) => {
  const sent: Deployment[] = [];
  const object = manifest({ resources: limits }, { metadata: { labels: { tier: 'front' } }, spec: { replicas: 9 } });
  // No environment is needed for it.
  const seen = await planner(undefined, sent).plan(
    deciding({ ...bare(object), environment: undefined }),
    new Map(),
    signal,
  );
  const [put] = sent;
  t.is(put?.spec?.replicas, 2);
  t.deepEqual({ ...put?.spec, replicas: 9 }, { ...object.spec, replicas: 9 } as never);
  t.like(put?.metadata, { name: 'web', labels: { tier: 'front' }, resourceVersion: undefined });
  t.is(put?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  const decision = decide(seen);
  t.is(decision.verdict.phase, 'Gating');
  t.deepEqual(
    statusOf(seen).plan?.changes?.map(({ path }) => path),
    [
      'Deployment/web spec.template.spec.containers[name=web].image',
      'Deployment/web spec.template.spec.containers[name=web].resources.limits.memory',
      'Deployment/web metadata.labels.tier',
    ],
  );
});

const withSpec = (more: object) => (sent: Deployment) =>
  ({ ...sent, spec: { ...sent.spec, ...more } }) as unknown as Deployment;

test('what the API server or a mutating policy makes of it can be nothing to promote', async (t) => {
  const refusal = new ApiError({
    method: 'PUT',
    path: '/x',
    status: 422,
    body: { message: 'spec.selector: immutable' },
  });
  for (const [answer, reason, words] of [
    [withSpec({ paused: true }), 'WorkloadPaused', /leave spec\.paused out/],
    [withSpec({ minReadySeconds: 2 ** 60 }), 'UnsafeNumber', /minReadySeconds is no integer/],
    [() => refusal, 'PlanRefused', /as spec\.objects has it: .*spec\.selector: immutable/],
  ] as const) {
    const { verdict } = decide(await planner(answer).plan(deciding(bare(manifest())), new Map(), signal));
    t.is(verdict.reason, reason);
    t.regex(verdict.message, words);
    t.is(verdict.requeueAfter, 30_000);
  }
});

test('labels and annotations are added to those of others', (t) => {
  const live = deployment(images.first);
  const metadata = { labels: { a: '1' }, annotations: { b: '2' } };
  const made = withManifest(
    { ...live, metadata: { ...live.metadata, labels: { old: 'x' } } },
    manifest({}, { metadata }),
  );
  t.deepEqual(made.metadata.labels, { old: 'x', a: '1' });
  t.deepEqual(made.metadata.annotations, { ...live.metadata.annotations, b: '2' });
});

test('it goes from the question to production like images do, and the record holds all of it', (t) => {
  const start = run(asked());
  t.deepEqual(start.done, ['Round']);
  t.is(start.decision.verdict.phase, 'AwaitingApproval');
  const round = start.world.records.at(-1);
  t.deepEqual(round?.artifacts, [{ ...web, container: 'web', image: images.second }]);
  t.deepEqual(
    round?.desiredSpecs?.map(({ spec }) => (spec['template'] as { spec: { containers: object[] } }).spec.containers),
    [[{ name: 'web', image: images.second, resources: limits }]],
  );
  const rolling = run(voted(start.world, keys.alice));
  t.deepEqual(rolling.done, ['Approved', 'OpenLock', 'Apply', 'Completed']);
  t.like(podTemplateOf('Deployment', rolling.world.workloads[0]?.live)?.spec?.containers[0], { resources: limits });
});

test("an image that is nobody's own is refused whatever the policy says: a manifest, or a mutating policy brings it", (t) => {
  const strange = { name: 'helper', image: images.evil };
  const object = manifest();
  const { template } = object.spec;
  const spec = {
    ...object.spec,
    template: { ...template, spec: { containers: [...(template?.spec.containers ?? []), strange] } },
  };
  const workloads = [{ ...web, live: deployment(images.first), planned: { spec } }];
  for (const seen of [asked({ ...object, spec }, { workloads }), world({ workloads })]) {
    const { verdict } = decide(seen);
    t.is(verdict.reason, 'ImageNotInEnvironment');
    t.regex(verdict.message, /containers\[name=helper\]\.image/);
  }
});

test('a container that stays as it is needs no environment, and one that goes neither', (t) => {
  const sidecar = { name: 'proxy', image: images.third };
  const both = deployment(images.first);
  const { template } = both.spec!;
  const live = {
    ...both,
    spec: {
      ...both.spec,
      template: { ...template, spec: { containers: [...(template.spec?.containers ?? []), sidecar] } },
    },
  } as Deployment;
  const start = world({ workloads: [{ ...web, live }] });
  for (const containers of [
    [{ name: 'web', image: images.second }, sidecar],
    [{ name: 'web', image: images.second }],
  ]) {
    const object = manifest();
    const spec = { ...object.spec, template: { ...object.spec.template, spec: { containers } } };
    const seen = asked(
      { ...object, spec },
      {
        lock: { ...start.lock!, spec: lockWith(start, live) },
        workloads: [{ ...web, live, planned: { spec } }],
      },
    );
    t.is(run(seen).decision.verdict.phase, 'AwaitingApproval');
  }
});

function lockWith({ lock }: Scene, live: Deployment): NonNullable<Scene['lock']>['spec'] {
  const [entry] = lock!.spec.approved;
  const spec = { ...live.spec } as Record<string, unknown>;
  const { replicas: _replicas, ...approved } = spec;
  return { ...lock!.spec, approved: [{ ...entry!, spec: approved, digest: specDigest('Deployment', spec) }] };
}

test('a policy that wants everything exercised asks nobody, and one that does not lists it', (t) => {
  const path = 'Deployment/web spec.template.spec.containers[name=web].resources.limits.memory';
  const { verdict } = decide(asked(undefined, { policy: policy({ notExercised: 'Deny' }) }));
  t.is(verdict.reason, 'NotExercised');
  t.true(verdict.message.includes(path));
  t.true(verdict.stalled);
  const allowed = run(asked()).world.records.at(-1)?.statements?.approve ?? '';
  t.deepEqual((JSON.parse(allowed) as { predicate: { notExercised: unknown } }).predicate.notExercised, [path]);
  t.is(
    run(world({ policy: policy({ notExercised: 'Deny' }) })).decision.verdict.phase,
    'AwaitingApproval',
    'images ran',
  );
});

test('what the environment ran with is told from what it did not, and stays told when it is gone', (t) => {
  const template = { spec: { containers: [{ name: 'web', image: images.second, resources: limits }] } };
  const seen = environment(images.second);
  const spec = { services: [], workloads: [{ name: 'web', template }] } as unknown as typeof seen.spec;
  const strict = policy({ notExercised: 'Deny' });
  const start = run(asked(undefined, { policy: strict, environment: { ...seen, spec } }));
  t.is(start.decision.verdict.phase, 'AwaitingApproval');
  t.deepEqual(start.decision.facts?.notExercised, []);
  const gone = run({ ...start.world, environment: undefined });
  t.deepEqual(gone.done, [], 'the round stays');
  // Another value in the same place is another matter.
  const object = manifest({ resources: { limits: { memory: '1Gi' } } });
  const workloads = [{ ...web, live: deployment(images.first), planned: { spec: { ...object.spec, replicas: 2 } } }];
  t.is(decide({ ...start.world, environment: undefined, workloads }).verdict.reason, 'NotExercised');
});

const of = (notExercised?: 'Allow' | 'Deny') => policyDigest({ quorum: [{ count: 1 }], notExercised }, []);

test('votes bind what a policy says of what did not run; policies without it keep their digest', (t) => {
  t.is(of(), of('Allow'));
  t.not(of('Deny'), of('Allow'));
});

test('the plan in status has bounds, and says what it leaves out', (t) => {
  const env = Array.from({ length: 300 }, (_, index) => ({ name: `V${index}`, value: `\u001b${'x'.repeat(2000)}` }));
  const seen = asked(manifest({ env }));
  const { plan } = statusOf(seen);
  const changes = plan?.changes ?? [];
  t.is((plan?.omitted ?? 0) + changes.length, 602, 'two lines each, the order and the image');
  t.true(changes.length <= 200);
  t.true(JSON.stringify(plan).length < 200_000);
  t.regex(JSON.stringify(plan), /^[\x20-\x7e]*$/);
  t.true(changes.every(({ to = '' }) => to.length <= 1024));
});
