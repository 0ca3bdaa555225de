import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { slimPod } from '../../operator/environments/gather/cache/index.ts';
import { observedParts, type Situation } from '../../operator/environments/decide/index.ts';
import type { Report } from '../../operator/environments/decide/wiring/index.ts';
import { transitions } from '../../operator/environments/status/index.ts';
import { accepted, environment, image, type PlanOptions } from './environment-fixtures.ts';
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

const containers = (status: object): object => ({ containerStatuses: [{ name: 'web', ...status }] });
const crashed = { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2026-11-21T09:00:00Z' } };
const user = 'container has runAsNonRoot and image will run as root (pod: "web-1", container: web)';
const troubles: readonly [title: string, status: object, ready: 'Reconciling' | 'Stalled', message: RegExp][] = [
  [
    'an image that cannot be pulled',
    containers({
      state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x": not found' } },
    }),
    'Reconciling',
    /container web waits, ImagePullBackOff: Back-off pulling image "x": not found/,
  ],
  [
    'an image whose name is none',
    containers({ state: { waiting: { reason: 'InvalidImageName', message: 'invalid reference format' } } }),
    'Stalled',
    /InvalidImageName: invalid reference format/,
  ],
  [
    'an image that runs as root',
    containers({ state: { waiting: { reason: 'CreateContainerConfigError', message: user } } }),
    'Stalled',
    /container has runAsNonRoot and image will run as root/,
  ],
  [
    'a Secret that is missing',
    containers({ state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "db" not found' } } }),
    'Reconciling',
    /CreateContainerConfigError: secret "db" not found/,
  ],
  [
    'an init container that fails',
    {
      initContainerStatuses: [
        { name: 'migrate', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed },
      ],
      ...containers({ state: { waiting: { reason: 'PodInitializing' } } }),
    },
    'Stalled',
    /container migrate was started again 3 times; it ended with exit code 1 \(Error\)/,
  ],
  [
    'an app that died and is started once more',
    containers({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed }),
    'Reconciling',
    /it ended with exit code 1/,
  ],
  [
    'an app that keeps dying after it was Ready',
    containers({ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: crashed }),
    'Stalled',
    /started again 3 times; it ended with exit code 1/,
  ],
  [
    'the same, started again after a pause',
    containers({ restartCount: 4, state: { running: { startedAt: '2026-11-21T09:00:40Z' } }, lastState: crashed }),
    'Stalled',
    /started again 4 times/,
  ],
  [
    'an old app that died once more and was started at once',
    containers({ restartCount: 9, state: { running: { startedAt: '2026-11-21T09:00:01Z' } }, lastState: crashed }),
    'Reconciling',
    /has 0 of 1 pods available$/,
  ],
  [
    'a pod that no node has room for',
    {
      conditions: [
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
      ],
    },
    'Reconciling',
    /Unschedulable: 0\/3 nodes are available/,
  ],
];
for (const [title, status, expected, message] of troubles) {
  test(`the reason stands in the condition as long as it is true: ${title}`, (t) => {
    const others = [deployment('stripe'), deployment('twinlock-boundary')];
    const parts = observedParts([deployment('web', { available: 0 }), ...others], [pod({ status })]);
    const { conditions = [] } = statusOf(environment(spec), active({}, { parts }), now);
    t.regex(conditions.find(({ type }) => type === 'Ready')?.message ?? '', message);
    t.is(conditions.find(({ type }) => type === expected)?.status, 'True');
    t.is(
      conditions.some(({ type }) => type === (expected === 'Stalled' ? 'Reconciling' : 'Stalled')),
      false,
    );
    const healthy = statusOf(environment(spec), active(), now);
    t.notRegex(JSON.stringify(healthy.conditions), message);
  });
}

test('pods of the former spec that keep dying do not fail the new one', (t) => {
  const old = pod({ status: troubles.find(([title]) => title.startsWith('an app that keeps dying'))?.[1] });
  const others = [deployment('stripe'), deployment('twinlock-boundary')];
  for (const part of [
    { updated: 0, available: 0 },
    { updated: 1, replicas: 2, available: 0 },
  ]) {
    const starting = pod({ metadata: { name: 'web-2', labels: { 'twinlock.dev/component': 'web' } }, status: {} });
    const parts = observedParts([deployment('web', part), ...others], part.updated === 0 ? [old] : [old, starting]);
    const { conditions = [] } = statusOf(environment(spec), active({}, { parts }), now);
    t.is(conditions.find(({ type }) => type === 'Stalled')?.status, undefined);
  }
});

test('what a controller says of a quota stands beside what the kubelet says', (t) => {
  const message =
    'pods "web-1" is forbidden: exceeded quota: twinlock, requested: pods=1, used: pods=3, limited: pods=3';
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
  const said = statusOf(environment(spec), active({ web: { updated: 0, available: 0, conditions } }), now);
  t.true(said.conditions?.find(({ type }) => type === 'Ready')?.message.includes(`FailedCreate: ${message}`));
});

test('events tell of changes, once', (t) => {
  const queued = statusOf(environment(spec), { kind: 'Queued', position: 1, className: 'default', lifetime }, now);
  const waiting = statusOf(environment(spec, { status: queued }), active({ web: { updated: 0 } }), now);
  const ready = statusOf(environment(spec, { status: waiting }), active(), now);
  t.deepEqual(
    transitions(environment(spec), queued).map(({ reason }) => reason),
    ['Queued'],
  );
  t.true(
    transitions(environment(spec, { status: waiting }), ready).some(
      ({ reason, type }) => reason === 'Ready' && type === 'Normal',
    ),
  );
  t.deepEqual(transitions(environment(spec, { status: ready }), ready), []);
});

/** What is told of one that ends so, after a status. */
function endingSoon(before: ReturnType<typeof statusOf>, by: 'Inactivity' | 'Max', soon: boolean) {
  const situation = active({}, { lifetime: { ...lifetime, ending: { by, warnAt: now, soon } } });
  const subject = environment(spec, { status: before });
  const status = statusOf(subject, situation, now);
  return { status, events: transitions(subject, status).map(({ type, reason, note }) => [type, reason, note]) };
}

test('that it expires soon is news once, and again when nothing puts it off any more', async (t) => {
  const early = endingSoon(statusOf(environment(spec), active(), now), 'Inactivity', false);
  t.deepEqual(early.events, []);
  const soon = endingSoon(early.status, 'Inactivity', true);
  t.deepEqual(soon.events, [
    [
      'Normal',
      'Expiring',
      'It expires at 2026-11-21T09:00:01Z; a change of its spec or a new value of the annotation twinlock.dev/extendAt puts that off',
    ],
  ]);
  const page = await readFile(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
  t.true(page.includes(`\n${soon.events[0]?.[2]}\n`.replace('09:00:01', '09:00:00')));
  t.deepEqual(endingSoon(soon.status, 'Inactivity', true).events, []);
  t.deepEqual(endingSoon(soon.status, 'Max', true).events, [
    ['Normal', 'Expiring', 'It expires at 2026-11-21T09:00:01Z, whatever happens: its ttl.max is over then'],
  ]);
});

test('a wiring that differs is a warning', (t) => {
  const ready = statusOf(environment(spec), active(), now);
  const wrong = pod({ spec: { containers: [{ name: 'web', image, env: [] }] } });
  const parts = observedParts(
    ['web', 'stripe', 'twinlock-boundary'].map((name) => deployment(name)),
    [wrong],
  );
  const differing = statusOf(environment(spec, { status: ready }), active({}, { parts }), now);
  t.true(
    transitions(environment(spec, { status: ready }), differing).some(
      ({ reason, type }) => reason === 'WiringDiffers' && type === 'Warning',
    ),
  );
});

const note = (which: string, why: string) => [
  ['TwinVersionChanged', `service stripe: version ${which} in place of v1 of stripe, ${why}`],
];

test('another version of a twin is news, with why', (t) => {
  const before = statusOf(environment(spec), active(), now);
  const chosen = before.services?.map(({ vendorTwin, version }) => `${vendorTwin} ${version}`);
  t.deepEqual(chosen, ['stripe v1']);
  const moved = (version: string, vendorTwin = 'stripe') => ({
    ...before,
    services: before.services?.map((service) => ({ ...service, vendorTwin, version })),
  });
  const told = (of: object, after: ReturnType<typeof statusOf>) =>
    transitions(environment({ ...spec, ...of }, { status: before }), after).map(({ reason, note }) => [reason, note]);
  const named = { services: [{ name: 'stripe', vendorTwinRef: { version: 'v2' } }] };
  t.deepEqual(told(named, moved('v2')), note('v2 of VendorTwin stripe', 'as the spec says'));
  t.deepEqual(told({}, moved('v2')), note('v2 of VendorTwin stripe', 'since the catalogue has v1 no more'));
  const another = { services: [{ name: 'stripe', vendorTwinRef: { name: 'pay' } }] };
  t.deepEqual(told(another, moved('v1', 'pay')), note('v1 of VendorTwin pay', 'as the spec says'));
});

test('a twin says where it is reached from outside, also under a name that is too long for that', (t) => {
  const long = 'p'.repeat(63);
  const services = [{ name: 'stripe' }, { name: long, vendorTwinRef: { name: 'stripe' }, expose: 'Host' }];
  const urls = (of: object, options: PlanOptions = {}) =>
    statusOf(
      environment({ services }),
      active({}, { plan: accepted({ services, ...of }, options) }),
      now,
    ).services?.map(({ exposedURL }) => exposedURL);
  const host = plan.hosts.host;
  t.deepEqual(urls({}), [undefined, plan.hosts.url(plan.hosts.componentHost(long))]);
  t.deepEqual(urls({ services: [{ name: 'stripe', expose: 'Path' }] }), [`http://${host}/twins/stripe`]);
  t.deepEqual(urls({}, { boundaryImage: undefined }), [undefined, undefined]);
});

test('versions that were chosen hold while there is no namespace', (t) => {
  const before = statusOf(environment(spec), active(), now);
  const situations: readonly Situation[] = [
    { kind: 'Queued', position: 1, className: 'default', lifetime },
    { kind: 'Suspended', lifetime },
    { kind: 'Blocked', final: false, problem: { reason: 'NamespaceTerminating', message: 'x' }, lifetime },
  ];
  for (const situation of situations) {
    const { services } = statusOf(environment(spec, { status: before }), situation, now);
    t.like(services, [{ name: 'stripe', vendorTwin: 'stripe', version: 'v1', ready: false, verified: false }]);
  }
});

function withPods(pods: readonly ReturnType<typeof slimPod>[], part: Part = {}): Situation {
  const all = [deployment('web', part), deployment('stripe'), deployment('twinlock-boundary')];
  return active({}, { parts: observedParts(all, pods) });
}

function workloadsOf(pods: readonly ReturnType<typeof slimPod>[]): ReturnType<typeof statusOf>['workloads'] {
  return statusOf(environment(spec), active({}, { parts: observedParts([deployment('web')], pods) }), now).workloads;
}

const agreeing: Report = {
  services: new Map([['stripe', { mode: 'twin', url: 'http://stripe:12111' }]]),
};
const reportingPlan = accepted({
  ...spec,
  workloads: [{ ...spec.workloads[0], servicesEndpoint: { path: '/services' } }],
});
const told = (report: Report, before?: ReturnType<typeof statusOf>, parts = {}) =>
  statusOf(
    environment(spec, before === undefined ? {} : { status: before }),
    active(parts, { plan: reportingPlan, reports: new Map([['web', report]]) }),
    now,
  );

const answers: readonly (readonly [title: string, report: Report, wired: 'True' | 'False' | 'Unknown'])[] = [
  ['agreed', agreeing, 'True'],
  ['did not answer', { failure: 'the report cannot be reached' }, 'Unknown'],
  ['named another URL', { services: new Map([['stripe', { mode: 'twin', url: 'https://api.stripe.com' }]]) }, 'False'],
];
for (const [title, report, wired] of answers)
  test(`a restart is no news: of an app that ${title} the same is told until it is asked again`, (t) => {
    const before = told(report);
    const after = told({ asBefore: true }, before);
    t.is(after.conditions?.find(({ type }) => type === 'TwinsWired')?.status, wired);
    t.deepEqual(after, before);
    t.deepEqual(transitions(environment(spec, { status: before }), after), []);
    t.deepEqual(told(report, after), before);
  });

test('what is seen otherwise after a restart is told, whatever the app said before', (t) => {
  const before = told(agreeing);
  const edited = pod({ spec: { containers: [{ name: 'web', image, env: [] }] } });
  const parts = observedParts(
    ['web', 'stripe', 'twinlock-boundary'].map((name) => deployment(name)),
    [edited],
  );
  const after = statusOf(
    environment(spec, { status: before }),
    active({}, { plan: reportingPlan, parts, reports: new Map([['web', { asBefore: true }]]) }),
    now,
  );
  t.is(after.conditions?.find(({ type }) => type === 'TwinsWired')?.status, 'False');
  t.false(after.services?.[0]?.verified);
});

test('of what nobody has seen nothing holds', (t) => {
  const bare = told({ asBefore: true });
  t.is(bare.conditions?.find(({ type }) => type === 'TwinsWired')?.status, 'Unknown');
  t.false(bare.services?.[0]?.verified);
  const { conditions: _, ...without } = told(agreeing);
  t.is(told({ asBefore: true }, without).conditions?.find(({ type }) => type === 'TwinsWired')?.status, 'Unknown');
});
