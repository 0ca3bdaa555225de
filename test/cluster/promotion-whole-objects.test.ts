/** ConfigMaps, Services and their kin that a target lists: promoted with the images, on a real API server. */
import test from 'ava';
import { objectApiVersions, objectKinds, type ObjectKind, type Promotion } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

const configMap = (data: Json, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', ...metadata },
  data,
});
const service = (port: number, spec: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port, targetPort: 8080 }], ...spec },
});
const autoscaler = (maxReplicas: number): Json => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas },
});
const budget = (minAvailable: number): Json => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { minAvailable, selector: { matchLabels: { app: 'web' } } },
});
const listed = ['ConfigMap', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'].map((kind) => ({
  kind,
  name: 'web',
}));
const paths: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/NS/configmaps/web',
  Service: '/api/v1/namespaces/NS/services/web',
  HorizontalPodAutoscaler: '/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers/web',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets/web',
};

interface Seen {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string } & Json;
  readonly spec: Json;
  readonly data?: Json;
}

async function find(namespace: string, kind: string): Promise<Seen | undefined> {
  const { status, body } = await stage.cluster.request('GET', (paths[kind] ?? '').replace('NS', namespace));
  return status === 200 ? (body as Seen) : undefined;
}
async function live(namespace: string, kind: string): Promise<Seen> {
  const found = await find(namespace, kind);
  if (found === undefined) throw new Error(`${kind}/web of ${namespace} is not there`);
  return found;
}
const inNamespace = (namespace: string, object: Json): Json => ({
  ...object,
  metadata: { ...(object['metadata'] as Json), namespace },
});

async function shop(namespace: string, before: readonly Json[], target: Json = {}): Promise<Shop> {
  const place = new Shop(stage, namespace);
  await place.open({
    before: before.map((object) => inNamespace(namespace, object)),
    target: { objects: listed, ...target },
  });
  await place.ready();
  await place.environment('pr-42', images.second);
  return place;
}

interface Told {
  readonly objects: readonly Json[];
  readonly changes: readonly { readonly path: string; readonly from?: unknown; readonly to?: unknown }[];
  readonly notExercised?: readonly string[];
}
const told = ({ status }: Promotion): Told =>
  (JSON.parse(status?.approval?.statements?.approve ?? '') as { readonly predicate: Told }).predicate;
const lines = (changes: Told['changes']): readonly string[] =>
  changes.map(({ path: at, from, to }) => `${at}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);

test.serial(
  'configuration, service, autoscaler and budget go to production with the image, by one signature',
  async (t) => {
    const place = await shop('whole', [configMap({ MODE: 'live' }), service(80), autoscaler(3)]);
    const { clusterIP } = (await live('whole', 'Service')).spec;
    await place.promote('web-42', 'pr-42', {
      spec: {
        objects: [budget(1), configMap({ MODE: 'new' }, { labels: { team: 'shop' } }), service(81), autoscaler(5)],
      },
    });
    const asked = await place.phase('web-42', 'AwaitingApproval');
    const { objects, changes, notExercised } = told(asked);
    t.deepEqual(
      objects.map(({ kind, name, currentDigest, desiredDigest }) => [
        kind,
        name,
        currentDigest === 'none',
        desiredDigest === 'none',
      ]),
      [
        ['ConfigMap', 'web', false, false],
        ['HorizontalPodAutoscaler', 'web', false, false],
        ['PodDisruptionBudget', 'web', true, false],
        ['Service', 'web', false, false],
      ],
    );
    const ofObjects = changes.filter(({ path }) => !path.startsWith('Deployment/'));
    t.deepEqual(lines(ofObjects), [
      'ConfigMap/web .data.MODE: "live" -> "new"',
      'ConfigMap/web .metadata.labels.team: undefined -> "shop"',
      'HorizontalPodAutoscaler/web .spec.maxReplicas: 3 -> 5',
      'PodDisruptionBudget/web .spec.minAvailable: undefined -> 1',
      'PodDisruptionBudget/web .spec.selector.matchLabels.app: undefined -> "web"',
      'Service/web .spec.ports[0].port: 80 -> 81',
    ]);
    t.true(
      ofObjects.every(({ path }) => notExercised?.includes(path)),
      'no environment ran with them',
    );
    t.is((await live('whole', 'ConfigMap')).data?.['MODE'], 'live', 'nothing changes before people signed');

    await place.vote('web-42', stage.people.alice);
    await place.phase('web-42', 'Completed');
    t.is(await place.image(), images.second);
    t.like((await live('whole', 'ConfigMap')).data, { MODE: 'new' });
    t.like((await live('whole', 'Service')).spec, { clusterIP }, 'the address is kept');
    t.like((await live('whole', 'HorizontalPodAutoscaler')).spec, { maxReplicas: 5 });
    t.like((await live('whole', 'PodDisruptionBudget')).spec, { minAvailable: 1 });
    const target = await place.target(({ status }) => conditionOf({ status }, 'Ready')?.status === 'True');
    t.is(conditionOf(target, 'Tampered')?.status, 'False');
    t.is(
      conditionOf(target, 'Enforced')?.message,
      'the API server refused the last forbidden change',
      'nobody else answered for the lock, of objects either',
    );
  },
);

test.serial('a rollout that fails brings every object back, and takes away what it made', async (t) => {
  const place = await shop('back', [configMap({ MODE: 'live' }), service(80), autoscaler(3)], {
    rollback: { progressDeadline: '5m' },
  });
  await place.environment('pr-bad', images.evil);
  stage.pods.break(images.evil);
  await place.promote('web-43', 'pr-bad', {
    spec: { objects: [budget(1), configMap({ MODE: 'new' }), service(81)] },
  });
  await place.vote('web-43', stage.people.alice);
  await place.promotion('web-43', (promotion) => conditionOf(promotion, 'RolledOut')?.reason === 'Verifying');
  clock.pass(300_000);
  await place.phase('web-43', 'RolledBack', 60_000);
  clock.back();
  t.is(await place.image(), images.first);
  t.like((await live('back', 'ConfigMap')).data, { MODE: 'live' });
  t.like((await live('back', 'Service')).spec, { ports: [{ port: 80 }] });
  t.is(await find('back', 'PodDisruptionBudget'), undefined);
  await place.target(({ status }) => conditionOf({ status }, 'Ready')?.status === 'True');
});

test.serial('a promotion takes an object away, and only another one makes it again', async (t) => {
  const place = await shop('gone', [configMap({ MODE: 'live' }), service(80)]);
  await place.promote('web-44', 'pr-42', { spec: { removes: [{ kind: 'ConfigMap', name: 'web' }] } });
  const asked = await place.phase('web-44', 'AwaitingApproval');
  t.is(told(asked).objects[0]?.['desiredDigest'], 'none');
  await place.vote('web-44', stage.people.alice);
  await place.phase('web-44', 'Completed');
  t.is(await find('gone', 'ConfigMap'), undefined);
  const again = await stage.cluster.request('POST', '/api/v1/namespaces/gone/configmaps', {
    body: configMap({ MODE: 'evil' }),
  });
  t.is(again.status, 403);
  t.regex(JSON.stringify(again.body), /approved is that it is not there/);
  await place.environment('pr-45', images.third);
  await place.promote('web-45', 'pr-45', { spec: { objects: [configMap({ MODE: 'back' })] } });
  await place.vote('web-45', stage.people.alice);
  await place.phase('web-45', 'Completed');
  t.like((await live('gone', 'ConfigMap')).data, { MODE: 'back' });
});

test.serial(
  'a ConfigMap that production refers to: who reads it is told, and what would break an undo or a start, with the field',
  async (t) => {
    const namespace = 'read-by';
    const place = new Shop(stage, namespace);
    const spec = { containers: [{ name: 'web', image: images.first, envFrom: [{ configMapRef: { name: 'web' } }] }] };
    await place.open({
      before: [inNamespace(namespace, configMap({ MODE: 'live' }))],
      deployment: { template: { metadata: { labels: { app: 'web' } }, spec } },
      target: { objects: listed },
    });
    await place.ready();
    await place.environment('pr-same', images.first);
    await place.environment('pr-42', images.second);
    const stalled = async (name: string, environment: string, changes: Json): Promise<string> => {
      await place.promote(name, environment, { spec: changes });
      const seen = await place.promotion(name, (each) => conditionOf(each, 'Ready')?.reason === 'ConfigurationInPlace');
      t.is(seen.status?.approval, undefined, 'nobody was asked');
      return conditionOf(seen, 'Ready')?.message ?? '';
    };
    t.regex(
      await stalled('removes', 'pr-same', { removes: [{ kind: 'ConfigMap', name: 'web' }] }),
      /^spec\.removes\[0\] takes ConfigMap\/web away, and Deployment\/web refers to it/,
    );
    t.regex(
      await stalled('in-place', 'pr-42', { objects: [service(80), configMap({ MODE: 'new' })] }),
      /^spec\.objects\[1\] changes ConfigMap\/web in place, and the fallback of Deployment\/web refers to it too/,
    );
    await place.promote('alone', 'pr-same', { spec: { objects: [configMap({ MODE: 'new' })] } });
    const asked = await place.phase('alone', 'AwaitingApproval');
    t.deepEqual(told(asked).objects[0]?.['readBy'], ['Deployment/web']);
    await place.vote('alone', stage.people.alice);
    const over = await place.phase('alone', 'Completed');
    t.like((await live(namespace, 'ConfigMap')).data, { MODE: 'new' });
    t.deepEqual(over.status?.rollout?.objects, [{ kind: 'ConfigMap', name: 'web', state: 'Applied' }]);
  },
);

test.serial(
  'what a rollout made and cannot take away again, for a finalizer of somebody, is named, and has an end',
  async (t) => {
    const place = await shop('held-up', [], { rollback: { progressDeadline: '5s' } });
    await place.environment('pr-bad', images.evil);
    stage.pods.break(images.evil);
    await place.promote('web-43', 'pr-bad', { spec: { objects: [budget(1)] } });
    await place.vote('web-43', stage.people.alice);
    await waitFor('it is made', async () => (await find('held-up', 'PodDisruptionBudget')) !== undefined);
    const at = (paths['PodDisruptionBudget'] ?? '').replace('NS', 'held-up');
    await stage.send('PATCH', at, { metadata: { finalizers: ['team.example/hold'] } });
    const over = await place.phase('web-43', 'Failed', 60_000);
    t.regex(
      conditionOf(over, 'Ready')?.message ?? '',
      /PodDisruptionBudget\/web is being deleted and waits for who set the finalizer team\.example\/hold: that took too long/,
    );
    t.is(await place.image(), images.first, 'the workload was taken back');
    await stage.send('PATCH', at, { metadata: { finalizers: null } });
    await waitFor('it is gone', async () => (await find('held-up', 'PodDisruptionBudget')) === undefined);
  },
);

test.serial('what is not listed is refused in words, and so is what the API server does not take', async (t) => {
  const place = await shop('words', [configMap({ MODE: 'live' })]);
  await place.promote('other', 'pr-42', { spec: { objects: [configMap({}, { name: 'other' })] } });
  const other = await place.promotion('other', (each) => conditionOf(each, 'Ready')?.reason === 'ObjectNotListed');
  t.regex(conditionOf(other, 'Ready')?.message ?? '', /adds it to spec.objects of the ProductionTarget/);
  await place.promote('bad', 'pr-42', { spec: { objects: [service(70_000)] } });
  const bad = await place.promotion('bad', (each) => conditionOf(each, 'Ready')?.reason === 'PlanRefused');
  t.regex(conditionOf(bad, 'Ready')?.message ?? '', /Service\/web.*ports/);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web' }, data: {} };
  await t.throwsAsync(place.promote('secret', 'pr-42', { spec: { objects: [secret] } }), {
    message: /spec.objects\[0\].kind/,
  });
});

test.serial('an object that is listed later is taken over as it is', async (t) => {
  const place = await shop('later', [configMap({ MODE: 'live' })], { objects: [] });
  await stage.send('PATCH', '/apis/twinlock.dev/v1alpha1/namespaces/later/productiontargets/web', {
    spec: { objects: [{ kind: 'ConfigMap', name: 'web' }] },
  });
  await waitFor('it is held', async () => {
    const { status } = await stage.cluster.request('PATCH', '/api/v1/namespaces/later/configmaps/web?dryRun=All', {
      contentType: 'application/merge-patch+json',
      body: { data: { MODE: 'evil' } },
    });
    return status === 403;
  });
  await place.ready();
  t.deepEqual(
    (await place.records()).flatMap(({ type, currentObjects = [] }) => [
      type,
      ...currentObjects.map(({ name }) => name),
    ]),
    ['Adopted', 'Adopted', 'web'],
  );
});

/** The Gateway API's route, as far as an API server has to know it. */
const routeDefinition: Json = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for a test' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    names: { kind: 'HTTPRoute', plural: 'httproutes', singular: 'httproute', listKind: 'HTTPRouteList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const of = (kind: ObjectKind, members: Json): Json => ({
  apiVersion: objectApiVersions[kind],
  kind,
  metadata: { name: 'each' },
  ...members,
});

/** One of each kind that can be listed, in a first and in a second form. */
function eachKind(second: boolean): readonly Json[] {
  const selector = { matchLabels: { app: second ? 'web' : 'none' } };
  const backend = { service: { name: 'web', port: { number: second ? 81 : 80 } } };
  const scaled = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' };
  return [
    of('ServiceAccount', { automountServiceAccountToken: second }),
    of('ConfigMap', { data: { MODE: String(second) } }),
    of('NetworkPolicy', { spec: { podSelector: selector, policyTypes: ['Egress'], egress: [{}] } }),
    of('PodDisruptionBudget', { spec: { selector, maxUnavailable: second ? 2 : 1 } }),
    of('Service', { spec: { selector: { app: 'none' }, ports: [{ port: second ? 81 : 80 }] } }),
    of('HorizontalPodAutoscaler', { spec: { scaleTargetRef: scaled, maxReplicas: second ? 2 : 1 } }),
    of('Ingress', { spec: { defaultBackend: backend } }),
    of('HTTPRoute', { spec: { hostnames: [second ? 'b.example' : 'a.example'] } }),
  ];
}

test.serial('an object of each kind is made, changed and taken away by promotion', async (t) => {
  await stage.cluster.apply([routeDefinition]);
  await waitFor('routes are served', async () => {
    const { status } = await stage.cluster.request('GET', '/apis/gateway.networking.k8s.io/v1/httproutes');
    return status === 200;
  });
  const every = objectKinds.map((kind) => ({ kind, name: 'each' }));
  const place = await shop('each', [], { objects: every });
  const steps: readonly (readonly [string, Json])[] = [
    ['made', { objects: eachKind(false) }],
    ['changed', { objects: eachKind(true) }],
    ['gone', { removes: every }],
  ];
  for (const [name, spec] of steps) {
    await place.promote(name, 'pr-42', { spec });
    await place.vote(name, stage.people.alice);
    await place.phase(name, 'Completed');
  }
  const rounds = (await place.records()).filter(({ type }) => type === 'Round');
  t.deepEqual(
    rounds.map(({ currentObjects = [], desiredObjects = [] }) => [currentObjects, desiredObjects].map(present)),
    [
      [0, 8],
      [8, 8],
      [8, 0],
    ],
  );
});

const present = (objects: readonly { readonly digest?: string | undefined }[]): number =>
  objects.filter(({ digest }) => digest !== undefined).length;
