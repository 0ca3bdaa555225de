import anyTest, { type TestFn } from 'ava';
import { environmentNamespace } from '../../operator/environments/naming/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import type { Report } from '../../operator/environments/decide/wiring/index.ts';
import { waitFor } from '../harness/index.ts';
import { own } from '../stage/objects.ts';
import {
  bringUp,
  condition,
  developers,
  environment,
  given,
  image,
  isReady,
  list,
  openEnvironments,
  pathOf,
  read,
  runPods,
  setReady,
  smallest,
  untilStatus,
  type Object_,
  type Pod,
  type Stage,
} from '../stage/environments.ts';
import type { Json } from '../stage/stage.ts';

const test = anyTest as TestFn<{ readonly stage: Stage; readonly running: RunningProcess }>;
/** What the apps report, by workload. */
const reports = new Map<string, Report>();
const teller = (url: string): void =>
  void reports.set('teller', { services: new Map([['stripe', { mode: 'twin', url }]]) });

test.before(async (t) => {
  const stage = await openEnvironments({ testFile: import.meta.filename });
  t.context = { stage, running: await stage.startProcess({}, { fetchReport: given(reports) }) };
});
test.after.always((t) => t.context.stage?.stop());

interface Deployment extends Object_ {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly { readonly image: string; readonly env?: readonly Json[] }[] };
    };
  };
}

const deployments = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments`;
const policies = (namespace: string): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
const names = (objects: readonly Object_[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.name).toSorted();

test('an environment gets a namespace of its own with bounds, isolation, twins, the app and a boundary', async (t) => {
  const { stage } = t.context;
  const status = await bringUp(stage, 'whole', smallest);
  const { namespace = '' } = status;
  t.regex(namespace, /^whole-[a-z2-7]{8}$/);
  const { metadata } = await read<Object_>(stage, `/api/v1/namespaces/${namespace}`);
  t.like(metadata.labels, {
    'twinlock.dev/environment': 'whole',
    'twinlock.dev/environment-namespace': 'shop-dev',
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  t.deepEqual(names(await list(stage, deployments(namespace))), ['stripe', 'twinlock-boundary', 'web']);
  t.deepEqual(names(await list(stage, `/api/v1/namespaces/${namespace}/services`)), [
    'stripe',
    'twinlock-boundary',
    'web',
  ]);
  t.deepEqual(names(await list(stage, `/api/v1/namespaces/${namespace}/resourcequotas`)), ['twinlock']);
  t.deepEqual(names(await list(stage, `/api/v1/namespaces/${namespace}/limitranges`)), ['twinlock']);
  t.deepEqual(names(await list(stage, policies(namespace))), [
    'twinlock-boundary',
    'twinlock-default-deny',
    'twinlock-inside',
  ]);
  t.is(status.url, `http://${namespace}.twins.localhost`);
  t.like(status.workloads?.[0], { name: 'web', ready: true, images: [{ container: 'web', image }] });
  t.like(status.services?.[0], { name: 'stripe', verified: true, ready: true });
  t.is(condition(status, 'TwinsWired').status, 'True');
  t.like(condition(status, 'Isolated'), { status: 'Unknown', reason: 'NotEnforced' });
});

test('a missing VendorTwin is a condition that names it; once it is there, the environment goes on', async (t) => {
  const { stage } = t.context;
  const services = [{ name: 'posthog' }];
  await stage.cluster.apply([environment('no-twin', { ...smallest, services })]);
  const refused = await untilStatus(stage, 'no-twin', (status) => condition(status, 'Admitted').status === 'False');
  t.like(condition(refused, 'Ready'), { status: 'False', reason: 'VendorTwinNotFound' });
  t.is(condition(refused, 'Stalled').status, 'True');
  t.is(refused.namespace, undefined);
  const versions = [{ version: 'v1', image, port: 8000, bindings: [{ env: 'POSTHOG_HOST', source: 'URL' }] }];
  await stage.cluster.apply([own('VendorTwin', 'posthog', { vendor: 'PostHog', versions })]);
  const admitted = await untilStatus(stage, 'no-twin', (status) => status.namespace !== undefined);
  t.is(condition(admitted, 'Admitted').status, 'True');
  t.is(condition(admitted, 'Stalled').status, 'Absent');
});

test('a live key in a variable is refused, and appears in no status and no event', async (t) => {
  const { stage } = t.context;
  const secret = 'sk_live_51HxNotForYourEyes';
  const workloads = [{ name: 'web', image, port: 8080, env: [{ name: 'OLD_KEY', value: secret }] }];
  await stage.cluster.apply([environment('live-key', { ...smallest, workloads })]);
  const status = await untilStatus(stage, 'live-key', (seen) => condition(seen, 'Ready').reason === 'LiveKeyRefused');
  t.regex(condition(status, 'Ready').message, /variable OLD_KEY looks like a live key of stripe/);
  t.false(JSON.stringify(status).includes(secret));
  const events = await waitFor('the event', async () => {
    const found = await list<Object_>(stage, '/apis/events.k8s.io/v1/namespaces/shop-dev/events');
    const own_ = found.filter((each) => JSON.stringify(each).includes('LiveKeyRefused'));
    return own_.length > 0 && own_;
  });
  t.false(JSON.stringify(events).includes(secret));
});

test('a namespace that the class does not select has no environments until it is labelled', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } }]);
  await stage.cluster.apply([environment('outside', smallest, 'elsewhere')]);
  const refused = await untilStatus(stage, 'outside', (status) => status.phase === 'Failed', 'elsewhere');
  t.is(condition(refused, 'Admitted').reason, 'NamespaceNotAllowed');
  await stage.cluster.apply([developers('elsewhere')]);
  const admitted = await untilStatus(stage, 'outside', (status) => status.namespace !== undefined, 'elsewhere');
  t.is(condition(admitted, 'Admitted').status, 'True');
});

test('images outside of the class are refused, and other environments of the class go on', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([own('TwinClass', 'images', { allowedImages: ['registry.example/web'] })]);
  const spec = { ...smallest, classRef: { name: 'images' } };
  const evil = `registry.example/web-evil@sha256:${'b'.repeat(64)}`;
  await stage.cluster.apply([
    environment('bad-image', { ...spec, workloads: [{ name: 'web', image: evil, port: 8080 }] }),
    environment('good-image', spec),
  ]);
  const refused = await untilStatus(stage, 'bad-image', (status) => status.phase === 'Failed');
  t.is(condition(refused, 'Admitted').reason, 'ImageNotAllowed');
  await untilStatus(stage, 'good-image', (status) => condition(status, 'Admitted').status === 'True');
});

test('a template that no pod could have is a condition, not a crash', async (t) => {
  const { stage } = t.context;
  const template = { spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 'not-a-port' }] }] } };
  await stage.cluster.apply([environment('bad-template', { workloads: [{ name: 'web', template, port: 8080 }] })]);
  const status = await untilStatus(stage, 'bad-template', (seen) => condition(seen, 'Stalled').status === 'True');
  t.like(condition(status, 'Ready'), { status: 'False', reason: 'Invalid' });
  t.regex(condition(status, 'Ready').message, /Deployment web/);
});

test('a class with room for one queues the second, which follows when the first is gone', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([own('TwinClass', 'single', { maxEnvironments: 1 })]);
  const spec = { ...smallest, classRef: { name: 'single' } };
  await stage.cluster.apply([environment('first', spec)]);
  await untilStatus(stage, 'first', (status) => status.namespace !== undefined);
  await stage.cluster.apply([environment('second', spec)]);
  const queued = await untilStatus(stage, 'second', (status) => status.phase === 'Queued');
  t.is(queued.queue?.position, 1);
  t.is(condition(queued, 'Reconciling').status, 'True');
  await stage.cluster.request('DELETE', pathOf('first'));
  const admitted = await untilStatus(stage, 'second', (status) => status.namespace !== undefined);
  t.is(admitted.queue, undefined);
});

test('room goes to who asks for it: what is refused, suspended or blocked keeps nobody waiting', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([own('TwinClass', 'asked', { maxEnvironments: 1 })]);
  const spec = { ...smallest, classRef: { name: 'asked' } };
  const blockedHome = environmentNamespace({
    namespace: 'shop-dev',
    name: 'room-taken',
    uid: '',
    lifecycle: 'LongLived',
  });
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: blockedHome } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'unlabelled' } },
    environment('room-taken', { ...spec, lifecycle: 'LongLived' }),
    environment('room-no-twin', { ...spec, services: [{ name: 'nobodys' }] }),
    environment('room-asleep', { ...spec, suspend: true }),
    environment('room-elsewhere', spec, 'unlabelled'),
  ]);
  for (const name of ['room-taken', 'room-no-twin', 'room-asleep'])
    await untilStatus(stage, name, (status) => condition(status, 'Stalled').status === 'True');
  await untilStatus(stage, 'room-elsewhere', (status) => condition(status, 'Stalled').status === 'True', 'unlabelled');
  await stage.cluster.apply([environment('room-good', spec)]);
  await untilStatus(stage, 'room-good', (status) => status.namespace !== undefined);
  // Two that wait; the first one gives up, and the second one follows the one that has room. What is created in one second
  // stands in the order of names.
  await stage.cluster.apply([environment('room-first', spec)]);
  await untilStatus(stage, 'room-first', (status) => status.queue?.position === 1);
  await stage.cluster.apply([environment('room-follows', spec)]);
  await untilStatus(stage, 'room-follows', (status) => status.queue?.position === 2);
  await stage.cluster.apply([environment('room-first', { ...spec, suspend: true })]);
  await untilStatus(stage, 'room-follows', (status) => status.queue?.position === 1);
  await stage.cluster.request('DELETE', pathOf('room-good'));
  const follows = await untilStatus(stage, 'room-follows', (status) => status.namespace !== undefined);
  t.is(follows.queue, undefined);
});

test('a change gets through where the quota just fits, and what does not fit is said before anything is made', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([own('TwinClass', 'narrow', { quota: { pods: 3 } })]);
  const spec = { ...smallest, classRef: { name: 'narrow' } };
  const { namespace = '' } = await bringUp(stage, 'just-fits', spec);
  const [web] = smallest.workloads;
  await stage.cluster.apply([
    environment('just-fits', { ...spec, workloads: [{ ...web, env: [{ name: 'COLOR', value: 'blue' }] }] }),
  ]);
  await waitFor(
    'the change runs',
    async (seen) => {
      await runPods(stage, namespace);
      const pods = await list<Pod>(stage, `/api/v1/namespaces/${namespace}/pods`);
      seen(pods);
      return pods.some((pod) => pod.spec.containers[0]?.env?.some((each) => each['value'] === 'blue'));
    },
    { timeout: 90_000 },
  );
  await stage.cluster.apply([environment('too-large', { ...spec, workloads: [{ ...web, replicas: 2 }] })]);
  const refused = await untilStatus(stage, 'too-large', (status) => condition(status, 'Stalled').status === 'True');
  t.is(condition(refused, 'Ready').reason, 'QuotaTooSmall');
  t.regex(condition(refused, 'Ready').message, /pods 4 where 3 is the most \(1 too much\)/);
  t.is(refused.namespace, undefined);
});

test('environments that are made at once never exceed the cap, and each has its turn', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([
    own('TwinClass', 'three', { maxEnvironments: 3, maxPerNamespace: 2 }),
    developers('crowd'),
  ]);
  const all = ['1', '2', '3', '4', '5', '6'].map((name) => `crowd-${name}`);
  const spec = { workloads: [{ name: 'web', image, port: 8080 }], classRef: { name: 'three' } };
  await stage.cluster.apply(all.map((name) => environment(name, spec, 'crowd')));
  const left = new Set(all);
  let most = 0;
  await waitFor(
    'everybody had a turn',
    async (seen) => {
      const found = (await list<Object_>(stage, '/api/v1/namespaces')).filter(
        ({ metadata }) => metadata.labels?.['twinlock.dev/environment-namespace'] === 'crowd',
      );
      most = Math.max(most, found.length);
      seen([...left]);
      for (const { metadata } of found) {
        const name = metadata.labels?.['twinlock.dev/environment'] ?? '';
        if (left.delete(name)) await stage.cluster.request('DELETE', pathOf(name, 'crowd'));
      }
      return left.size === 0;
    },
    { timeout: 120_000 },
  );
  t.is(most, 2);
});

test('a token of extendAt acts once', async (t) => {
  const { stage } = t.context;
  const before = await bringUp(stage, 'extended', smallest);
  await waitFor('the clock shows another second', () => Date.now() > Date.parse(before.lastActivityAt ?? '') + 1100);
  await annotate(stage, 'extended', { 'twinlock.dev/extendAt': 'monday' });
  const extended = await untilStatus(stage, 'extended', (status) => status.lastHandledExtendAt === 'monday');
  t.true(Date.parse(extended.expiresAt ?? '') > Date.parse(before.expiresAt ?? ''));
  await annotate(stage, 'extended', { 'reconcile.fluxcd.io/requestedAt': 'now' });
  const after = await untilStatus(stage, 'extended', (status) => status.lastHandledReconcileAt === 'now');
  t.is(after.expiresAt, extended.expiresAt);
});

test('deletion waits for a finalizer of somebody else, says what blocks, and strips nothing', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'blocked', smallest);
  const held = `/api/v1/namespaces/${namespace}/configmaps/held`;
  const finalizers = ['example.com/hold'];
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace, finalizers } },
  ]);
  await stage.cluster.request('DELETE', pathOf('blocked'));
  const status = await untilStatus(stage, 'blocked', ({ blockedBy = [] }) =>
    blockedBy.some(({ message }) => message.includes('example.com/hold')),
  );
  t.is(status.phase, 'Terminating');
  t.like(status.inventory?.[0], { kind: 'Namespace', name: namespace });
  t.deepEqual((await read<{ metadata: { finalizers: string[] } }>(stage, held)).metadata.finalizers, finalizers);
  await stage.cluster.request('PATCH', held, {
    contentType: 'application/merge-patch+json',
    body: { metadata: { finalizers: null } },
  });
  await waitFor('the environment is gone', async () => {
    const { status: code } = await stage.cluster.request('GET', pathOf('blocked'));
    return code === 404;
  });
  t.is((await stage.cluster.request('GET', `/api/v1/namespaces/${namespace}`)).status, 404);
});

test('an environment that loses its finalizer and vanishes leaves no namespace; one that is labelled alike stays', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'stripped', smallest);
  const { metadata } = await read<Object_>(stage, `/api/v1/namespaces/${namespace}`);
  const { labels = {} } = metadata;
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'imposter', labels } }]);
  await stage.cluster.request('PATCH', pathOf('stripped'), {
    contentType: 'application/merge-patch+json',
    body: { metadata: { finalizers: null } },
  });
  await stage.cluster.request('DELETE', pathOf('stripped'));
  const isGone = async (): Promise<boolean> =>
    (await stage.cluster.request('GET', `/api/v1/namespaces/${namespace}`)).status === 404;
  await waitFor('its namespace is gone', isGone, { timeout: 90_000 });
  t.is((await stage.cluster.request('GET', pathOf('stripped'))).status, 404);
  t.is(
    (await read<Object_>(stage, '/api/v1/namespaces/imposter')).metadata.labels?.['twinlock.dev/environment'],
    'stripped',
  );
});

test('a namespace that is there already is neither taken over nor deleted', async (t) => {
  const { stage } = t.context;
  const name = environmentNamespace({ namespace: 'shop-dev', name: 'staging', uid: '', lifecycle: 'LongLived' });
  await stage.cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: 'other' } } }]);
  await stage.cluster.apply([environment('staging', { ...smallest, lifecycle: 'LongLived' })]);
  const status = await untilStatus(stage, 'staging', (seen) => condition(seen, 'Stalled').status === 'True');
  t.is(condition(status, 'Ready').reason, 'NamespaceTaken');
  await stage.cluster.request('DELETE', pathOf('staging'));
  await waitFor('the environment is gone', async () => {
    const { status: code } = await stage.cluster.request('GET', pathOf('staging'));
    return code === 404;
  });
  const { metadata } = await read<Object_>(stage, `/api/v1/namespaces/${name}`);
  t.is(metadata.labels?.['team'], 'other');
});

test('what somebody removes or edits in an environment comes back', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'drifting', smallest);
  const deny = `${policies(namespace)}/twinlock-default-deny`;
  await stage.cluster.request('DELETE', deny);
  const back = await waitFor('the policy is back', async () => {
    const answer = await stage.cluster.request('GET', deny);
    return answer.status === 200 && answer;
  });
  t.like(back.body, { spec: { policyTypes: ['Ingress', 'Egress'] } });
  const web = `${deployments(namespace)}/web`;
  await stage.cluster.kubectl(['-n', namespace, 'set', 'env', 'deployment/web', 'STRIPE_API_BASE=http://evil.example']);
  await waitFor('the variable is back', async () => {
    const { spec } = await read<Deployment>(stage, web);
    const variable = spec.template.spec.containers[0]?.env?.find((each) => each['name'] === 'STRIPE_API_BASE');
    return variable?.['value'] === 'http://stripe:12111';
  });
  const pods = 'pod-security.kubernetes.io/enforce';
  await stage.cluster.kubectl(['label', '--overwrite', 'namespace', namespace, `${pods}=privileged`]);
  await waitFor('pods are restricted again', async (seen) => {
    const { metadata } = await read<Object_>(stage, `/api/v1/namespaces/${namespace}`);
    seen(metadata.labels);
    return metadata.labels?.[pods] === 'restricted';
  });
  t.true(isReady(await untilStatus(stage, 'drifting', isReady)));
});

test('the way to an app’s report is closed when the app reports no more', async (t) => {
  const { stage } = t.context;
  const workloads = [{ name: 'web', image, port: 8080, servicesEndpoint: { path: '/services' } }];
  reports.set('web', { services: new Map([['stripe', { mode: 'twin', url: 'http://stripe:12111' }]]) });
  const { namespace = '' } = await bringUp(stage, 'silent', { ...smallest, workloads });
  t.true(names(await list(stage, policies(namespace))).includes('twinlock-reports'));
  await bringUp(stage, 'silent', smallest);
  await waitFor('the policy is gone', async (seen) => {
    const left = names(await list(stage, policies(namespace)));
    seen(left);
    return !left.includes('twinlock-reports');
  });
});

test('a service that turns Real loses its twin and its base URL; the key is the author’s business', async (t) => {
  const { stage } = t.context;
  const workloads = [{ name: 'web', image, port: 8080, env: [{ name: 'STRIPE_API_KEY', value: 'sk_test_own' }] }];
  const { namespace = '' } = await bringUp(stage, 'real', { ...smallest, workloads });
  await stage.cluster.apply([environment('real', { workloads, services: [{ name: 'stripe', mode: 'Real' }] })]);
  await waitFor('the twin is gone', async () => !names(await list(stage, deployments(namespace))).includes('stripe'));
  const { spec } = await read<Deployment>(stage, `${deployments(namespace)}/web`);
  t.deepEqual(spec.template.spec.containers[0]?.env, [
    { name: 'TWINLOCK_URL', value: `http://${namespace}.twins.localhost` },
    { name: 'TWINLOCK_ENVIRONMENT', value: 'real' },
    { name: 'STRIPE_API_KEY', value: 'sk_test_own' },
  ]);
});

test('Durable state keeps its claim while the service is Real', async (t) => {
  const { stage } = t.context;
  const durable = { name: 'stripe', state: { persistence: 'Durable' } };
  await stage.cluster.apply([environment('durable', { ...smallest, services: [durable] })]);
  const { namespace = '' } = await untilStatus(stage, 'durable', (status) => status.namespace !== undefined);
  const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  t.deepEqual(names(await list(stage, claims)), ['stripe']);
  await stage.cluster.apply([environment('durable', { ...smallest, services: [{ ...durable, mode: 'Real' }] })]);
  await waitFor('the twin is gone', async () => !names(await list(stage, deployments(namespace))).includes('stripe'));
  t.deepEqual(names(await list(stage, claims)), ['stripe']);
  await stage.cluster.apply([environment('durable', { ...smallest, services: [] })]);
  await waitFor('the claim is on its way out', async () => {
    const found = await list<Object_ & { metadata: { deletionTimestamp?: string } }>(stage, claims);
    return found.every(({ metadata }) => metadata.deletionTimestamp !== undefined);
  });
});

test('a live pod that has another URL than was rendered makes TwinsWired False', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'miswired', smallest);
  const [pod] = (await list<Pod>(stage, `/api/v1/namespaces/${namespace}/pods`)).filter(
    ({ metadata }) => metadata.labels?.['twinlock.dev/component'] === 'web',
  );
  const [container] = pod?.spec.containers ?? [];
  const wrong = { ...container, env: [{ name: 'STRIPE_API_BASE', value: 'https://u:p@api.stripe.com/v1?key=hidden' }] };
  const labels = pod?.metadata.labels;
  const spec = { ...pod?.spec, containers: [wrong] };
  await stage.cluster.request('POST', `/api/v1/namespaces/${namespace}/pods`, {
    body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-wrong', labels: withoutHash(labels) }, spec },
  });
  await setReady(stage, namespace, 'web-wrong', 'True');
  const status = await untilStatus(stage, 'miswired', (seen) => condition(seen, 'TwinsWired').status === 'False');
  t.like(condition(status, 'Ready'), { status: 'False', reason: 'WiringDiffers' });
  t.regex(condition(status, 'TwinsWired').message, /STRIPE_API_BASE in container web of pod web-wrong/);
  t.true(status.services?.[0]?.running?.some(({ value }) => value === 'https://api.stripe.com/v1'));
  t.false(JSON.stringify(status).includes('hidden'));
});

test('an image that is edited in a Ready pod is not named, and what it was wired to counts for nothing', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'edited', smallest);
  const pods = await list<Pod>(stage, `/api/v1/namespaces/${namespace}/pods`);
  const pod = pods.find(({ metadata }) => metadata.labels?.['twinlock.dev/component'] === 'web')?.metadata.name ?? '';
  const edit = (to: string): Promise<unknown> =>
    stage.cluster.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${pod}`, {
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: { containers: [{ name: 'web', image: to }] } },
    });
  await edit(`registry.example/web@sha256:${'e'.repeat(64)}`);
  const status = await untilStatus(stage, 'edited', (seen) => condition(seen, 'TwinsWired').status === 'False');
  t.like(condition(status, 'TwinsWired'), { status: 'False', reason: 'ImageDiffers' });
  t.is(condition(status, 'Ready').status, 'False');
  t.is(status.workloads?.[0]?.images, undefined);
  await edit(image);
  const back = await untilStatus(stage, 'edited', isReady);
  t.deepEqual(back.workloads?.[0]?.images, [{ container: 'web', image }]);
});

test('an app that reports another URL makes TwinsWired False; one that agrees makes it True', async (t) => {
  const { stage } = t.context;
  const workloads = [{ name: 'teller', image, port: 8080, servicesEndpoint: { path: '/services' } }];
  teller('https://api.stripe.com');
  await stage.cluster.apply([environment('reporting', { ...smallest, workloads })]);
  const { namespace = '' } = await untilStatus(stage, 'reporting', (status) => status.namespace !== undefined);
  await waitFor('the teller runs', async () => {
    await runPods(stage, namespace);
    return (await list(stage, `/api/v1/namespaces/${namespace}/pods`)).length >= 3;
  });
  await runPods(stage, namespace);
  const lying = await untilStatus(stage, 'reporting', (status) => condition(status, 'TwinsWired').status === 'False');
  t.regex(condition(lying, 'TwinsWired').message, /reports another URL: https:\/\/api\.stripe\.com/);
  teller('http://stripe:12111/');
  // New pods are asked anew.
  await stage.cluster.request(
    'DELETE',
    `/api/v1/namespaces/${namespace}/pods?labelSelector=twinlock.dev/component=teller`,
  );
  await waitFor('the report agrees', async (seen) => {
    await runPods(stage, namespace);
    const { status } = await read<{ status: Parameters<typeof isReady>[0] }>(stage, pathOf('reporting'));
    seen(status);
    return condition(status, 'TwinsWired').status === 'True' && isReady(status);
  });
});

for (const policy of ['Delete', 'Retain'] as const) {
  test(`a volume with reclaim policy ${policy} that outlives its namespace ${policy === 'Delete' ? 'blocks, and is waited for' : 'stays and is told of'}`, async (t) => {
    const { stage } = t.context;
    const name = `volume-${policy.toLowerCase()}`;
    // Of a driver that nobody provisions, hence nobody deletes.
    const spec = {
      storageClassName: name,
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: policy,
      csi: { driver: 'none.example.com', volumeHandle: name },
    };
    await stage.cluster.apply([{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec }]);
    const state = { persistence: 'Durable', storageClassName: name };
    await stage.cluster.apply([environment(name, { ...smallest, services: [{ name: 'stripe', state }] })]);
    await untilStatus(stage, name, ({ inventory = [] }) => inventory.some((item) => item.name === name));
    await stage.cluster.request('DELETE', pathOf(name));
    if (policy === 'Delete') {
      const status = await untilStatus(stage, name, ({ blockedBy = [] }) =>
        blockedBy.some((each) => each.kind === 'PersistentVolume'),
      );
      t.is(status.phase, 'Terminating');
      await stage.cluster.request('PATCH', `/api/v1/persistentvolumes/${name}`, {
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: null } },
      });
      await stage.cluster.request('DELETE', `/api/v1/persistentvolumes/${name}`);
    }
    await waitFor(
      'the environment is gone',
      async () => (await stage.cluster.request('GET', pathOf(name))).status === 404,
      { timeout: 90_000 },
    );
    t.is(
      (await stage.cluster.request('GET', `/api/v1/persistentvolumes/${name}`)).status,
      policy === 'Delete' ? 404 : 200,
    );
  });
}

test('a suspended environment keeps what runs and gets nothing new', async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'asleep', smallest);
  await stage.cluster.apply([environment('asleep', { workloads: smallest.workloads, suspend: true })]);
  await untilStatus(stage, 'asleep', (status) => status.observedGeneration === 2);
  t.true(names(await list(stage, deployments(namespace))).includes('stripe'));
});

test('the page answers people with HTML and programs with JSON', async (t) => {
  const { stage, running } = t.context;
  await bringUp(stage, 'shown', smallest);
  const base = `http://${running.http?.host}:${running.http?.port}/environments/shop-dev`;
  const html = await fetch(`${base}/shown/services`, { headers: { accept: 'text/html' } });
  t.regex(html.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  t.regex(await html.text(), /<code>http:\/\/stripe:12111<\/code>/);
  const json = (await (await fetch(`${base}/shown/services?format=json`)).json()) as Json;
  t.like(json, { wired: 'True', services: [{ name: 'stripe', mode: 'Twin', verified: true }] });
  t.is((await fetch(`${base}/nobody/services`)).status, 404);
});

function withoutHash(labels: Readonly<Record<string, string>> | undefined): Json {
  const { 'pod-template-hash': _, ...kept } = labels ?? {};
  return kept;
}

async function annotate(stage: Stage, name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  await stage.cluster.request('PATCH', pathOf(name), {
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations } },
  });
}
