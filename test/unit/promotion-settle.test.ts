import test from 'ava';
import { workloadOf, type ProgressInput } from '../../operator/workloads/index.ts';
import { allRunning, podOf, replicaSet, type PodOptions } from './promotion-pods.ts';
import { deployment, images, type Spec } from './promotion-world.ts';

const progressOf = workloadOf('Deployment').progress;
const began = Date.parse('2026-11-21T10:00:00Z');
const at = (seconds: number): number => began + seconds * 1000;
const time = (seconds: number): string => new Date(at(seconds)).toISOString().replace('.000Z', 'Z');

const fresh = (changes: Partial<Spec> = {}): ReturnType<typeof deployment> =>
  deployment(images.second, { replicas: 1, ...changes } as Partial<Spec>);
const old = deployment(images.first, { replicas: 1 });

function counts(live: ReturnType<typeof deployment>, status: object): ReturnType<typeof deployment> {
  return { ...live, status: { observedGeneration: 1, ...status } } as ReturnType<typeof deployment>;
}

/** One new pod, made by the Deployment; the deployment controller calls it available unless said otherwise. */
function look(pod: PodOptions, changes: Partial<ProgressInput> = {}): ReturnType<typeof progressOf> {
  const live = counts(fresh(), { replicas: 1, updatedReplicas: 1, availableReplicas: pod.ready === false ? 0 : 1 });
  return progressOf({
    live,
    owned: [replicaSet(live)],
    pods: [podOf(live, pod)],
    now: at(20),
    began,
    settle: 30_000,
    ...changes,
  });
}

const messageOf = (progress: ReturnType<typeof progressOf>): string => ('message' in progress ? progress.message : '');

test('a rollout is verified when its pods were available without a restart for the time to settle, and no earlier', (t) => {
  const pod = { since: time(5) };
  const early = look(pod, { now: at(34.9) });
  t.is(early.state, 'Settling');
  t.regex(messageOf(early), /since 2026-11-21T10:00:05Z: it is verified if that lasts until 2026-11-21T10:00:35Z/);
  t.deepEqual(look(pod, { now: at(10) }), early, 'the words do not change as time passes');
  t.is(look(pod, { now: at(35) }).state, 'Complete');
});

test('minReadySeconds counts where it is longer', (t) => {
  const live = counts(fresh({ minReadySeconds: 60 }), { replicas: 1, updatedReplicas: 1, availableReplicas: 1 });
  const input = { live, owned: [replicaSet(live)], pods: [podOf(live, { since: time(0) })] };
  t.is(look({}, { ...input, now: at(59) }).state, 'Settling');
  t.is(look({}, { ...input, now: at(60) }).state, 'Complete');
});

test('a restart starts the time anew: what runs now counts, not what was ready once', (t) => {
  const state = { running: { startedAt: time(19) } };
  const restarted = look({ since: time(1), restarts: 1, state }, { now: at(33) });
  t.is(restarted.state, 'Settling');
  t.regex(messageOf(restarted), /until 2026-11-21T10:00:49Z/);
});

test('the youngest pod decides', (t) => {
  const live = counts(fresh({ replicas: 2 }), { replicas: 2, updatedReplicas: 2, availableReplicas: 2 });
  const pods = [podOf(live, { name: 'a', since: time(1) }), podOf(live, { name: 'b', since: time(9) })];
  const input = { live, owned: [replicaSet(live)], pods };
  t.is(look({}, { ...input, now: at(38) }).state, 'Settling');
  t.is(look({}, { ...input, now: at(39) }).state, 'Complete');
});

/** What is not known is no proof. */
const unknown: readonly (readonly [string, Partial<ProgressInput>])[] = [
  ['pods that nobody lists', { pods: [] }],
  ['a ReplicaSet that nobody lists', { owned: [] }],
  [
    'a container that nobody speaks of',
    { pods: [podOf(fresh(), { since: time(1), status: { containerStatuses: [] } })] },
  ],
  [
    'a container that ended since',
    { pods: [podOf(fresh(), { since: time(1), state: { terminated: { exitCode: 0 } } })] },
  ],
  ['a time that is none', { pods: [podOf(fresh(), { since: 'yesterday' })] }],
  ['a time that lies ahead', { pods: [podOf(fresh(), { since: '2099-01-01T00:00:00Z' })] }],
  ['readiness that is gone', { pods: [podOf(fresh(), { since: time(1), ready: false })] }],
];
for (const [what, changes] of unknown)
  test(`not verified: ${what}`, (t) => t.not(look({}, { now: at(500), ...changes }).state, 'Complete'));

test('a sidecar has to stay up as well', (t) => {
  const live = fresh();
  const pod = podOf(live, { since: time(1) });
  const initContainers = [{ name: 'proxy', image: 'p', restartPolicy: 'Always' }];
  const status = (startedAt: string) => ({
    ...pod.status,
    initContainerStatuses: [
      { name: 'proxy', image: '', imageID: '', ready: true, restartCount: 1, state: { running: { startedAt } } },
    ],
  });
  const withSidecar = (startedAt: string) => [
    { ...pod, spec: { ...pod.spec!, initContainers }, status: status(startedAt) },
  ];
  t.is(look({}, { now: at(40), pods: withSidecar(time(20)) }).state, 'Settling');
  t.is(look({}, { now: at(50), pods: withSidecar(time(20)) }).state, 'Complete');
});

test('a Deployment that is scaled to nothing has nothing to wait for', (t) => {
  const live = counts(fresh({ replicas: 0 }), { replicas: 0, updatedReplicas: 0, availableReplicas: 0 });
  t.is(look({}, { live, pods: [], owned: [] }).state, 'Complete');
});

const died = {
  terminated: {
    exitCode: 1,
    reason: 'Error',
    message: 'cannot reach\ndb:5432',
    startedAt: time(1),
    finishedAt: time(2),
  },
};

test('a new pod that was started again three times fails the rollout at once, with the last words of its container', (t) => {
  const pod: PodOptions = { since: time(15), created: time(1), restarts: 3, lastState: died };
  t.deepEqual(look(pod), {
    state: 'Failed',
    reason: 'CrashLooping',
    message:
      'pod web-hbbbb-1: container web was started again 3 times; it ended with exit code 1 (Error): cannot reach\\u000adb:5432',
  });
  t.is(look({ ...pod, restarts: 2 }).state, 'Settling');
});

test('restarts from before the rollout are not its own, a crash loop that goes on is', (t) => {
  const before: PodOptions = {
    created: '2026-11-20T10:00:00Z',
    since: '2026-11-20T10:00:00Z',
    restarts: 9,
    lastState: died,
  };
  t.is(look(before).state, 'Complete');
  const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s' } };
  t.is(look({ ...before, ready: false, state }).state, 'Failed');
});

test('an init container that keeps failing is a crash loop too', (t) => {
  const initContainerStatuses = [
    {
      name: 'migrate',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 3,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
      lastState: { terminated: { exitCode: 2, reason: 'Error' } },
    },
  ];
  const pod: PodOptions = { ready: false, phase: 'Pending', created: time(1), initContainerStatuses };
  const progress = look(pod);
  t.is('reason' in progress ? progress.reason : '', 'CrashLooping');
  t.regex(messageOf(progress), /container migrate .* exit code 2 \(Error\)/);
});

const waits = (reason: string, message: string): PodOptions => ({
  ready: false,
  phase: 'Pending',
  state: { waiting: { reason, message } },
});

/** What is in the way, and the words that say so. */
const causes: readonly (readonly [string, PodOptions, RegExp])[] = [
  [
    'an image that is not there',
    waits('ImagePullBackOff', 'manifest unknown'),
    /container web waits, ImagePullBackOff: manifest unknown/,
  ],
  [
    'a Secret that is not there',
    waits('CreateContainerConfigError', 'secret "db" not found'),
    /CreateContainerConfigError: secret "db" not found/,
  ],
  [
    'no node that fits',
    {
      ready: false,
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes are available: 3 Insufficient cpu.',
        },
      ],
      status: { containerStatuses: [] },
    },
    /Unschedulable: 0\/3 nodes are available: 3 Insufficient cpu\./,
  ],
  [
    'a probe that fails',
    {
      ready: false,
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'ContainersNotReady',
          message: 'containers with unready status: [web]',
        },
      ],
    },
    /ContainersNotReady: containers with unready status: \[web\]/,
  ],
  [
    'a pod that was evicted',
    { ready: false, phase: 'Failed', status: { reason: 'Evicted', message: 'The node was low on resource: memory.' } },
    /Evicted: The node was low on resource/,
  ],
  [
    'a first crash',
    {
      ready: false,
      restarts: 1,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: died,
    },
    /CrashLoopBackOff: back-off 10s; it ended with exit code 1 \(Error\)/,
  ],
  [
    'an init container that fails',
    {
      ready: false,
      phase: 'Pending',
      initContainerStatuses: [
        {
          name: 'migrate',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 3 } },
        },
      ],
    },
    /init container migrate ended with exit code 3/,
  ],
  ['words that are not for a terminal', waits('ErrImagePull', `\u001b[2J${'x'.repeat(5000)}`), /\\u001b\[2Jx+\.\.\.$/],
];
for (const [what, pod, words] of causes)
  test(`the cause is said in the words of who knows: ${what}`, (t) => {
    const progress = look(pod);
    t.is(progress.state, 'Progressing');
    t.regex(messageOf(progress), words);
    t.true(messageOf(progress).length < 1000);
  });

test('what the controllers say of quota, Pod Security and policies is passed on', (t) => {
  const message = 'pods "web-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1';
  const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
  const live = counts(fresh(), { replicas: 0, updatedReplicas: 0, availableReplicas: 0, conditions });
  const progress = look({}, { live, pods: [] });
  t.is(messageOf(progress), `0 of 1 new pods exist; FailedCreate: ${message}`);
  const given = [...conditions, { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
  const over = look({}, { live: counts(live, { ...live.status, conditions: given }), pods: [], now: at(900) });
  t.is('reason' in over ? over.reason : '', 'ProgressDeadlineExceeded');
  t.regex(messageOf(over), /exceeded quota: small/);
});

test('pods that suffer alike are counted, not listed', (t) => {
  const live = counts(fresh({ replicas: 3 }), { replicas: 3, updatedReplicas: 3, availableReplicas: 0 });
  const pods = ['c', 'a', 'b'].map((name) => podOf(live, { ...waits('ImagePullBackOff', 'no'), name }));
  const progress = look({}, { live, owned: [replicaSet(live)], pods });
  t.is(
    messageOf(progress),
    '0 of 3 new pods are available; pod a and 2 more: container web waits, ImagePullBackOff: no',
  );
});

const leaving = (until: number) => podOf(old, { name: 'web-old', deletionTimestamp: time(until) });
const exceeded = {
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
};

test('while an old pod ends within its grace and takes the room of a new one, no deadline runs', (t) => {
  const live = counts(fresh({ progressDeadlineSeconds: 60 }), { replicas: 0, updatedReplicas: 0, ...exceeded });
  const draining = look({}, { live, pods: [leaving(1800)], now: at(900) });
  t.is(draining.state, 'Progressing');
  t.is('drainsUntil' in draining ? draining.drainsUntil : 0, at(1800));
  t.regex(
    messageOf(draining),
    /old pod web-old may still be ending until 2026-11-21T10:30:00Z, the deadline runs from then/,
  );
  const gone = { live, pods: [], drainedUntil: at(1800) };
  t.is(
    look({}, { ...gone, now: at(1859) }).state,
    'Progressing',
    'what the Deployment said of that time does not count',
  );
  t.is(look({}, { ...gone, now: at(1860) }).state, 'Failed');
});

test('a new pod that waits for the node, the volume or the quota of an old one is held back by it', (t) => {
  const live = counts(fresh(), { replicas: 1, updatedReplicas: 1, availableReplicas: 0, ...exceeded });
  const sets = [replicaSet(live)];
  const held = (pod: PodOptions) =>
    look({}, { live, owned: sets, pods: [leaving(1800), podOf(live, pod)], now: at(900) });
  const unscheduled: PodOptions = {
    ready: false,
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'anti-affinity' }],
    status: { containerStatuses: [] },
  };
  t.is(held(unscheduled).state, 'Progressing');
  t.is(held(waits('ContainerCreating', '')).state, 'Progressing');
  t.is(held(waits('ImagePullBackOff', 'no')).state, 'Failed', 'an image does not come later for it');
  t.is(held({ ready: false }).state, 'Failed', 'it runs already');
});

test('terminating pods of old content are neither old pods that are still there nor ready ones', (t) => {
  const running = allRunning(fresh());
  const progress = look({}, { ...running, pods: [...running.pods, leaving(1800)], now: at(900) });
  t.is(progress.state, 'Complete');
});

test('a paused Deployment is called paused', (t) => {
  const live = counts(fresh({ paused: true }), { replicas: 1, updatedReplicas: 0 });
  const progress = look({}, { live });
  t.is('reason' in progress ? progress.reason : '', 'WorkloadPaused');
});
