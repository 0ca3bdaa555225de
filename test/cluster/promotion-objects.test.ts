/** Whole manifests in a Promotion, on a real API server (akuity/kargo#1250: only images can be promoted). */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import type { Promotion } from '../../operator/api/index.ts';
import { run, waitFor } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

const examples = join(import.meta.dirname, '../../examples/manifests');
let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

const limits = { limits: { memory: '256Mi' } };
const probe = { httpGet: { path: '/healthz', port: 8080 } };

/** A manifest of web; what is left out of the container is left out of production. */
function manifest(container: Json = {}, { spec = {}, metadata = {} }: { spec?: Json; metadata?: Json } = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'web', image: images.second, env: [{ name: 'MODE', value: 'live' }], ...container }],
        },
      },
      ...spec,
    },
  };
}

interface Told {
  readonly changes: readonly { readonly path: string; readonly from?: unknown; readonly to?: unknown }[];
  readonly notExercised?: readonly string[];
  readonly metadata?: readonly Json[];
}
const told = ({ status }: Promotion): Told =>
  (JSON.parse(status?.approval?.statements?.approve ?? '') as { readonly predicate: Told }).predicate;
const container = 'Deployment/web spec.template.spec.containers[name=web]';
const lines = (changes: Told['changes']): readonly string[] =>
  changes.map(({ path: at, from, to }) => `${at}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);

async function shop(namespace: string, options: Parameters<Shop['open']>[0] = {}): Promise<Shop> {
  return (await new Shop(stage, namespace).open(options)).ready();
}

/** A shop with a promotion of these manifests that waits for votes. */
async function waiting(namespace: string, objects: readonly Json[], options: Parameters<Shop['open']>[0] = {}) {
  const place = await shop(namespace, options);
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42', { spec: { objects } });
  return { place, asked: await place.phase('web-42', 'AwaitingApproval') };
}

const filled = (text: string): string => text.replaceAll('registry.example/web@sha256:...', images.second);
const webOf = (live: Awaited<ReturnType<Shop['live']>>): Json => ({ ...live.spec.template.spec.containers[0] });

test.serial('a limit, a probe and a variable go to production with the image, by one signature', async (t) => {
  const labels = { 'helm.sh/chart': 'web-1.4.0' };
  const { place, asked } = await waiting(
    'whole',
    [
      manifest(
        { resources: limits, readinessProbe: probe, env: [{ name: 'CHECKOUT', value: 'v2' }] },
        {
          spec: { replicas: 7, revisionHistoryLimit: 5 },
          metadata: { labels, annotations: { 'team.example/chat': '#web' } },
        },
      ),
    ],
    { deployment: { replicas: 2 } },
  );
  const { changes, notExercised, metadata } = told(asked);
  t.deepEqual(lines(changes), [
    'Deployment/web spec.revisionHistoryLimit: 10 -> 5',
    `${container}.env[name=CHECKOUT].name: undefined -> "CHECKOUT"`,
    `${container}.env[name=CHECKOUT].value: undefined -> "v2"`,
    `${container}.env[name=MODE].name: "MODE" -> undefined`,
    `${container}.env[name=MODE].value: "live" -> undefined`,
    `${container}.image: "${images.first}" -> "${images.second}"`,
    `${container}.readinessProbe.failureThreshold: undefined -> 3`,
    `${container}.readinessProbe.httpGet.path: undefined -> "/healthz"`,
    `${container}.readinessProbe.httpGet.port: undefined -> 8080`,
    `${container}.readinessProbe.httpGet.scheme: undefined -> "HTTP"`,
    `${container}.readinessProbe.periodSeconds: undefined -> 10`,
    `${container}.readinessProbe.successThreshold: undefined -> 1`,
    `${container}.readinessProbe.timeoutSeconds: undefined -> 1`,
    `${container}.resources: {} -> undefined`,
    `${container}.resources.limits.memory: undefined -> "256Mi"`,
  ]);
  t.true(notExercised?.includes(`${container}.resources.limits.memory`));
  t.true(notExercised?.includes(`${container}.env[name=CHECKOUT].value`));
  t.false(notExercised?.includes(`${container}.image`), 'it ran there');
  t.deepEqual(metadata, [{ kind: 'Deployment', name: 'web', labels, annotations: { 'team.example/chat': '#web' } }]);
  t.is(await place.image(), images.first);

  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  const live = await place.live();
  t.like(webOf(live), { image: images.second, resources: limits, env: [{ name: 'CHECKOUT', value: 'v2' }] });
  t.like((webOf(live) as { readinessProbe: Json }).readinessProbe, probe);
  t.is(live.spec.replicas, 2, 'how many there are is no content');
  t.like((live.metadata as unknown as { labels: Json }).labels, labels);
  t.like((live.metadata as unknown as { annotations: Json }).annotations, { 'team.example/chat': '#web' });
  t.deepEqual(
    (await place.records()).map(({ type, outcome }) => outcome?.result ?? type),
    ['Adopted', 'Round', 'Approved', 'Completed'],
  );

  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'whole'], {
    as: stage.people.bob.kubeconfig,
  });
  await waitFor('the undo is taken over', async (seen) => {
    const last = (await place.records()).at(-1);
    seen(last?.outcome);
    return last?.outcome?.result === 'RolledBack';
  });
  t.like(webOf(await place.live()), { image: images.first, env: [{ name: 'MODE', value: 'live' }], resources: {} });
});

test.serial('the difference is there before any environment is, and nothing is asked of anybody', async (t) => {
  const place = await shop('only-look');
  await place.promote('look', 'none-such', {
    spec: { objects: [manifest({ image: images.first, resources: limits })] },
  });
  const { status } = await place.promotion('look', (promotion) => promotion.status?.plan !== undefined);
  t.is(status?.phase, 'Gating');
  t.is(status?.approval, undefined);
  t.deepEqual(
    status?.plan?.changes?.map(({ path: at, from, to }) => `${at} ${from ?? '-'} ${to ?? '-'}`),
    [`${container}.resources {} -`, `${container}.resources.limits.memory - 256Mi`],
  );
  t.is((await place.records()).length, 1, 'no round');
  await stage.cluster.kubectl(['wait', 'promotion/look', '-n', 'only-look', '--for=jsonpath={.status.plan}']);
  const { stdout } = await stage.cluster.kubectl([
    'get',
    'promotion',
    'look',
    '-n',
    'only-look',
    '-o',
    'jsonpath={range .status.plan.changes[*]}{.path}: {.from} -> {.to}{"\\n"}{end}',
  ]);
  t.true(stdout.includes('.resources.limits.memory:  -> 256Mi'), stdout);
});

const faults: readonly (readonly [string, Json, string, RegExp])[] = [
  [
    'a selector that cannot change',
    manifest({}, { spec: { selector: { matchLabels: { app: 'other' } } } }),
    'PlanRefused',
    /spec\.template\.metadata\.labels: Invalid value.*selector.*does not match|spec\.selector: Invalid value.*immutable/,
  ],
  [
    'a field with a typing error',
    manifest({ resouces: limits }),
    'PlanRefused',
    /unknown field \\?"spec\.template\.spec\.containers\[0\]\.resouces/,
  ],
  ['a value that is none', manifest({ resources: { limits: { memory: 'much' } } }), 'PlanRefused', /quantit/],
  ['paused', manifest({}, { spec: { paused: true } }), 'WorkloadPaused', /never roll out: leave spec\.paused out/],
  [
    'a number that no digest can hold',
    manifest({ resources: { limits: { cpu: 0.5 } } }),
    'ManifestInvalid',
    /cpu is no integer within 2\^53: write it as a string/,
  ],
  [
    'an integer that JSON rounds',
    manifest({ livenessProbe: { ...probe, terminationGracePeriodSeconds: 9_223_372_036_854_775_000 } }),
    'ManifestInvalid',
    /terminationGracePeriodSeconds is no integer within 2\^53/,
  ],
  ['another namespace', manifest({}, { metadata: { namespace: 'shop' } }), 'ManifestInvalid', /has namespace shop/],
  [
    "a workload that is not the target's",
    manifest({}, { metadata: { name: 'db' } }),
    'WorkloadNotMapped',
    /Deployment\/db.*no such workload: it has Deployment\/web, Deployment\/worker/,
  ],
  [
    'more than an object holds',
    manifest({ env: [{ name: 'MODE', value: 'x'.repeat(400_000) }] }),
    'RecordTooLarge',
    /may take 400000/,
  ],
];

test.serial('what no environment can mend is told at once, with the field', async (t) => {
  const place = await shop('faults');
  for (const [index, [what, object, reason, words]] of faults.entries()) {
    const name = `fault-${index}`;
    await place.promote(name, 'none-such', { spec: { objects: [object] } });
    const seen = await place.promotion(name, (promotion) => conditionOf(promotion, 'Stalled')?.status === 'True');
    const condition = conditionOf(seen, 'Stalled');
    t.is(condition?.reason, reason, what);
    t.regex(condition?.message ?? '', words, what);
    t.is(seen.status?.phase, 'Pending', what);
  }
  t.is((await place.records()).length, 1);
});

test.serial('a rollout of a manifest that fails is taken back to all of what was there before', async (t) => {
  stage.pods.break(images.third);
  const before = { spec: { progressDeadlineSeconds: 2 } };
  const place = await shop('failing', { deployment: before.spec });
  await place.environment('pr-42', images.third);
  const object = manifest({ image: images.third, resources: limits }, before);
  await place.promote('web-42', 'pr-42', { spec: { objects: [object] } });
  await place.phase('web-42', 'AwaitingApproval');
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'RolledBack', 40_000);
  t.like(webOf(await place.live()), { image: images.first, resources: {}, env: [{ name: 'MODE', value: 'live' }] });
});

test.serial('what the environment ran with is not listed, and a policy may ask for that', async (t) => {
  const policies = '/apis/twinlock.dev/v1alpha1/approvalpolicies';
  await stage.send('POST', policies, {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApprovalPolicy',
    metadata: { name: 'exercised' },
    spec: { notExercised: 'Deny' },
  });
  const place = await shop('exercised', { target: { approvalPolicyRef: { name: 'exercised' } } });
  const written = { name: 'web', image: images.second, resources: limits, readinessProbe: probe };
  const template = { spec: { containers: [{ ...written, env: [{ name: 'CHECKOUT', value: 'v2' }] }] } };
  await place.environment('pr-42', images.second, {}, { name: 'web', port: 8080, template });

  const other = manifest({ ...written, env: [{ name: 'CHECKOUT', value: 'v3' }] });
  await place.promote('other', 'pr-42', { spec: { objects: [other], supersedes: 'None' } });
  const refused = await place.promotion('other', (seen) => conditionOf(seen, 'Stalled')?.status === 'True');
  t.is(conditionOf(refused, 'Stalled')?.reason, 'NotExercised');
  t.regex(conditionOf(refused, 'Stalled')?.message ?? '', /env\[name=CHECKOUT\]\.value/);
  t.true(refused.status?.plan?.notExercised?.includes(`${container}.env[name=CHECKOUT].value`));

  const same = manifest({ ...written, resources: limits, env: [{ name: 'CHECKOUT', value: 'v2' }] });
  await place.promote('same', 'pr-42', { spec: { objects: [same], supersedes: 'None' } });
  const seen = await place.promotion(
    'same',
    (promotion) =>
      promotion.status?.phase === 'AwaitingApproval' || conditionOf(promotion, 'Stalled')?.status === 'True',
  );
  t.is(seen.status?.phase, 'AwaitingApproval', conditionOf(seen, 'Stalled')?.message);
  t.is(told(seen).notExercised, undefined);

  // The environment may go: what it ran with was seen.
  await stage.send('DELETE', path(place.dev, 'twinenvironments', 'pr-42'));
  await place.vote('same', stage.people.bob);
  await place.phase('same', 'Completed');
  t.like(webOf(await place.live()), { image: images.second, resources: limits });
});

test.serial('a manifest of production as it is changes nothing', async (t) => {
  const place = await shop('as-it-is');
  await place.environment('pr-42', images.first);
  await place.promote('web-42', 'pr-42', { spec: { objects: [manifest({ image: images.first })] } });
  const over = await place.phase('web-42', 'Superseded');
  t.is(conditionOf(over, 'Ready')?.reason, 'AlreadyCurrent');
  t.regex(
    conditionOf(over, 'Ready')?.message ?? '',
    /labels and annotations of the workloads themselves are not locked/,
  );
});

test.serial('the example: CI wraps what it rendered, and what it brings to production is what it shows', async (t) => {
  const read = async (name: string): Promise<Json> =>
    parse(filled(await readFile(join(examples, name), 'utf8'))) as Json;
  const promotion = await read('promotion.yaml');
  const environment = await read('environment.yaml');
  const place = await shop('shop');
  const { workloads } = environment['spec'] as { readonly workloads: readonly Json[] };
  await place.environment('pr-42', images.second, {}, ...workloads);

  const { reason: _why, ...spec } = promotion['spec'] as { readonly objects: readonly Json[]; readonly reason: string };
  const rendered = join(stage.folder, 'rendered.yaml');
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
  await writeFile(rendered, [service, ...spec.objects].map((object) => JSON.stringify(object)).join('\n---\n'));
  const wrapped = await run(
    'bash',
    ['-c', `bash ${join(examples, 'wrap.sh')} web-42 shop shop-dev pr-42 web < ${rendered}`],
    { timeout: 30_000, env: { PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}`, KUBECONFIG: '/dev/null' } },
  );
  t.deepEqual(JSON.parse(wrapped.stdout), { ...promotion, spec });

  const file = join(stage.folder, 'promotion.json');
  await writeFile(file, wrapped.stdout);
  await stage.cluster.kubectl(['create', '-f', file], { as: stage.people.dev.kubeconfig });
  const asked = await place.phase('web-42', 'AwaitingApproval');
  t.deepEqual(told(asked).notExercised, undefined, 'the environment ran all of it');
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  t.like(webOf(await place.live()), { image: images.second, resources: limits });
});

test.serial('manifests and images in one promotion, for two workloads, go together', async (t) => {
  const place = await shop('two');
  await place.environment('pr-42', images.second);
  // Only what is named goes: the worker runs there too, and stays.
  await place.promote('web-42', 'pr-42', { spec: { objects: [manifest({ resources: limits })] } });
  t.deepEqual(
    told(await place.phase('web-42', 'AwaitingApproval')).changes.filter(({ path: at }) => at.includes('worker')),
    [],
  );
  await place.promote('web-43', 'pr-42', {
    spec: {
      objects: [manifest({ resources: limits })],
      workloads: place.workloads.map((to) => ({ from: to['name'], to })),
    },
  });
  await place.phase('web-42', 'Superseded');
  await place.phase('web-43', 'AwaitingApproval');
  await place.vote('web-43', stage.people.bob);
  await place.phase('web-43', 'Completed');
  t.is(await place.image('worker'), images.second);
  t.like(webOf(await place.live()), { image: images.second, resources: limits });
});

/** As a large application has them: many variables, few of which change. */
const variables = (first: string) =>
  Array.from({ length: 90 }, (_, index) => ({ name: `V${index}`, value: index === 0 ? first : 'x'.repeat(4000) }));

test.serial('the largest manifests that are taken go all the way, votes and all', async (t) => {
  const place = await shop('largest', {
    deployment: {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: images.first, env: variables('old') }] },
      },
    },
  });
  await place.environment('pr-42', images.second);
  const object = manifest({ env: variables('new') });
  t.true(JSON.stringify(object).length > 350_000);
  await place.promote('web-42', 'pr-42', { spec: { objects: [object] } });
  t.is(told(await place.phase('web-42', 'AwaitingApproval')).changes.length, 2);
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  t.like((webOf(await place.live()) as { env: readonly Json[] }).env[0], { value: 'new' });
});
