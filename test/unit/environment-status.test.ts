import test from 'ava';
import type { slimPod } from '../../operator/environments/gather/cache/index.ts';
import { withStatusOf } from '../../operator/environments/report.ts';
import { observedParts, type Situation } from '../../operator/environments/decide/index.ts';
import { transitions } from '../../operator/environments/status/index.ts';
import { accepted, environment, image } from './environment-fixtures.ts';
import {
  active,
  deployment,
  lifetime,
  now,
  plan,
  pod,
  ready,
  situations,
  spec,
  statusOf,
  variables,
} from './environment-situations.ts';
import type { Part } from './environment-situations.ts';

function conditionsOf(situation: Situation): Readonly<Record<string, string>> {
  const { conditions = [] } = statusOf(environment(spec), situation, now);
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
}

for (const [title, situation, expected, phase] of situations) {
  test(`status: ${title}`, (t) => {
    t.like(conditionsOf(situation), expected);
    t.is(statusOf(environment(spec), situation, now).phase, phase);
  });
}

test('an unchanged world gives an unchanged status, whatever the time', (t) => {
  const first = statusOf(environment(spec), active(), now);
  const again = statusOf(environment(spec, { status: first }), active(), now + 60_000);
  t.deepEqual(again, first);
});

test('a refused spec keeps what is known of what runs', (t) => {
  const before = statusOf(environment(spec), active(), now);
  const after = statusOf(
    environment(spec, { status: before }),
    { kind: 'Refused', problems: [{ reason: 'NameClash', message: 'x' }], lifetime },
    now,
  );
  t.is(after.namespace, plan.home.namespace);
  t.deepEqual(after.workloads, before.workloads);
});

test('images are named when all Ready pods run them as planned', (t) => {
  const otherImage = image.replace('aaaa', 'bbbb');
  const differing = pod({
    metadata: { name: 'web-2', uid: 'p2', labels: { 'twinlock.dev/component': 'web' } },
    spec: { containers: [{ name: 'web', image: otherImage, env: variables }] },
  });
  t.deepEqual(workloadsOf([pod()])?.[0]?.images, [{ container: 'web', image }]);
  t.is(workloadsOf([pod(), differing])?.[0]?.images, undefined);
});

const evil = `registry.example/web@sha256:${'e'.repeat(64)}`;
const web = { name: 'web', image, env: variables };
const ran = { name: 'web', ready: true, imageID: image, image: `sha256:${'1'.repeat(64)}` };

const proofs: readonly [title: string, container: object, status: object | undefined, wired: string][] = [
  ['the node reports the reference', web, ran, 'True/Verified'],
  ['another repository, the same digest', web, { ...ran, imageID: image.replace('example', 'other') }, 'True/Verified'],
  ['a scheme in front (cri-dockerd)', web, { ...ran, imageID: `docker-pullable://${image}` }, 'True/Verified'],
  ['the reference is in image (CRI-O)', web, { ...ran, imageID: 'f'.repeat(64), image }, 'True/Verified'],
  ['an image edited in a Ready pod', { ...web, image: evil }, ran, 'False/ImageDiffers'],
  ['... and run by now', { ...web, image: evil }, { ...ran, imageID: evil }, 'False/ImageDiffers'],
  ['... and edited back', web, { ...ran, imageID: evil }, 'Unknown/NotVerified'],
  ['the kubelet has said nothing yet', web, undefined, 'Unknown/NotVerified'],
  ['the container is not ready', web, { ...ran, ready: false }, 'Unknown/NotVerified'],
  ['loaded, not pulled', web, { ...ran, imageID: `sha256:${'1'.repeat(64)}` }, 'Unknown/NotVerified'],
  [
    'the digest alone, which is that of no reference',
    web,
    { ...ran, imageID: image.slice(-71) },
    'Unknown/NotVerified',
  ],
  [
    'the digest is somewhere else in it',
    web,
    { ...ran, imageID: `${image}@sha256:${'2'.repeat(64)}` },
    'Unknown/NotVerified',
  ],
  ['another container ran it', web, { ...ran, name: 'guest' }, 'Unknown/NotVerified'],
];
for (const [title, container, status, wired] of proofs) {
  test(`what ran: ${title}`, (t) => {
    const containerStatuses = status === undefined ? [] : [status];
    const seen = pod({ spec: { containers: [container] }, status: { conditions: ready, containerStatuses } });
    const named = wired.startsWith('True');
    t.deepEqual(workloadsOf([seen])?.[0]?.images, named ? [{ container: 'web', image }] : undefined);
    t.is(conditionsOf(withPods([seen]))['TwinsWired'], wired);
    // One pod that agrees does not make up for one that does not.
    t.is(workloadsOf([pod(), seen])?.[0]?.images?.length, named ? 1 : undefined);
  });
}

test('a container that somebody put into a pod is never named', (t) => {
  const guest = { name: 'guest', image: evil };
  const containerStatuses = [ran, { name: 'guest', ready: true, imageID: evil }];
  const seen = pod({ spec: { containers: [web, guest] }, status: { conditions: ready, containerStatuses } });
  t.deepEqual(workloadsOf([seen])?.[0]?.images, [{ container: 'web', image }]);
});

test('a container of the plan that a pod does not have is not named', (t) => {
  const seen = pod({ spec: { containers: [{ ...web, name: 'other' }] } });
  t.is(workloadsOf([seen])?.[0]?.images, undefined);
  t.is(conditionsOf(withPods([seen]))['TwinsWired'], 'False/WiringDiffers');
});

test('an init container is named once it has succeeded', (t) => {
  const template = { spec: { containers: [web], initContainers: [{ name: 'seed', image: evil }] } };
  const withInit = accepted({ workloads: [{ name: 'web', template, expose: 'None' }] });
  const images = (done: boolean): unknown => {
    const initContainerStatuses = [{ name: 'seed', ready: done, imageID: evil }];
    const status = { conditions: ready, initContainerStatuses, containerStatuses: [ran] };
    const parts = observedParts([deployment('web')], [pod({ spec: template.spec, status })]);
    return statusOf(environment(spec), active({}, { plan: withInit, parts }), now).workloads?.[0]?.images;
  };
  t.deepEqual(images(false), [{ container: 'web', image }]);
  t.deepEqual(images(true), [
    { container: 'seed', image: evil },
    { container: 'web', image },
  ]);
});

test('pods of the former spec are no surprise while a rollout goes on', (t) => {
  const former = pod({ spec: { containers: [{ ...web, image: evil }] } });
  t.is(conditionsOf(withPods([former], { updated: 0 }))['TwinsWired'], 'Unknown/NotVerified');
});

test('a status speaks of the spec that it was planned from, though another one came meanwhile', (t) => {
  const before = statusOf(environment(spec), active(), now);
  const planned = environment({ ...spec, source: { revision: 'aaaaaaa' } });
  const latest = environment(
    { ...spec, source: { revision: 'bbbbbbb' } },
    { status: before, metadata: { generation: 2, annotations: { 'reconcile.fluxcd.io/requestedAt': 'later' } } },
  );
  const after = statusOf(withStatusOf(planned, latest), active(), now + 60_000);
  t.is(after.observedGeneration, 1);
  t.is(after.observedRevision, 'aaaaaaa');
  t.is(after.lastHandledReconcileAt, undefined);
  t.deepEqual(after.conditions, before.conditions);
});

test('why a pod waits is said', (t) => {
  const waiting = pod({ status: { containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] } });
  const parts = observedParts(
    [deployment('web', { available: 0 }), deployment('stripe'), deployment('twinlock-boundary')],
    [waiting],
  );
  const { conditions = [] } = statusOf(environment(spec), active({}, { parts }), now);
  t.regex(conditions.find(({ type }) => type === 'Ready')?.message ?? '', /workload web .*ImagePullBackOff/);
});

test('events tell of changes, once', (t) => {
  const queued = statusOf(environment(spec), { kind: 'Queued', position: 1, className: 'default', lifetime }, now);
  const waiting = statusOf(environment(spec, { status: queued }), active({ web: { updated: 0 } }), now);
  const ready = statusOf(environment(spec, { status: waiting }), active(), now);
  t.deepEqual(
    transitions(undefined, queued).map(({ reason }) => reason),
    ['Queued'],
  );
  t.true(transitions(waiting, ready).some(({ reason, type }) => reason === 'Ready' && type === 'Normal'));
  t.deepEqual(transitions(ready, ready), []);
});

test('a wiring that differs is a warning', (t) => {
  const ready = statusOf(environment(spec), active(), now);
  const wrong = pod({ spec: { containers: [{ name: 'web', image, env: [] }] } });
  const parts = observedParts(
    ['web', 'stripe', 'twinlock-boundary'].map((name) => deployment(name)),
    [wrong],
  );
  const differing = statusOf(environment(spec, { status: ready }), active({}, { parts }), now);
  t.true(transitions(ready, differing).some(({ reason, type }) => reason === 'WiringDiffers' && type === 'Warning'));
});

function withPods(pods: readonly ReturnType<typeof slimPod>[], part: Part = {}): Situation {
  const all = [deployment('web', part), deployment('stripe'), deployment('twinlock-boundary')];
  return active({}, { parts: observedParts(all, pods) });
}

function workloadsOf(pods: readonly ReturnType<typeof slimPod>[]): ReturnType<typeof statusOf>['workloads'] {
  return statusOf(environment(spec), active({}, { parts: observedParts([deployment('web')], pods) }), now).workloads;
}
