import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import type { TargetVerdict, TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images } from './promotion-world.ts';
import { adopted, decideTarget, neighbour, pod, present, READY, withLive } from './target-world.ts';

const NOT_READY = [{ type: 'Ready', status: 'False' }];
const serving = (...pods: readonly Pod[]): TargetWorld => {
  const world = withLive(adopted(), deployment(images.first));
  return { ...world, running: { ...world.running, pods } };
};
const judged = (...pods: readonly Pod[]): Pick<TargetVerdict, 'reason' | 'message' | 'stalled'> => {
  const { reason, message, stalled } = decideTarget(serving(...pods));
  return { reason, message, stalled };
};
const waiting = (reason: string | undefined, changes: object = {}): Pod =>
  pod({
    status: {
      conditions: NOT_READY,
      containerStatuses: [{ name: 'web', state: reason === undefined ? {} : { waiting: { reason } } }],
      ...changes,
    },
  });
const named = (name: string, of: Pod): Pod => ({ ...of, metadata: { ...of.metadata, name, uid: name } });

/** What a kubelet says of a container, and whether somebody has to repair something. */
const reasons: readonly (readonly [string, boolean])[] = [
  ['CrashLoopBackOff', true],
  ['CreateContainerConfigError', true],
  ['CreateContainerError', true],
  ['ErrImageNeverPull', true],
  ['ImageInspectError', true],
  ['ImagePullBackOff', true],
  ['InvalidImageName', true],
  ['RunContainerError', true],
  ['ErrImagePull', false],
];
for (const [reason, stuck] of reasons)
  test(`a container that waits with ${reason} ${stuck ? 'needs somebody' : 'may come up by itself'}`, (t) => {
    t.deepEqual(judged(waiting(reason)), {
      reason: 'PodsNotReady',
      message: `Deployment/web has 1 pod, and none is ready: pod web-1-a, container web: ${reason}: `,
      stalled: stuck ? true : undefined,
    });
  });

const { status: _status, ...bare } = pod();
/** Statuses of which nothing more is known than that they are starting. */
const starting: readonly (readonly [string, Pod])[] = [
  ['an init container runs', waiting('PodInitializing')],
  ['a container is being made', waiting('ContainerCreating')],
  ['a container runs', waiting(undefined)],
  ['a container of which nothing is said', waiting(undefined, { containerStatuses: [{ name: 'web' }] })],
  ['no container is reported', waiting(undefined, { containerStatuses: undefined })],
  ['it has a node', pod({ status: { conditions: [{ type: 'PodScheduled', status: 'True', reason: 'x' }] } })],
  ['no condition is reported', pod({ status: { conditions: undefined } })],
  ['no status is reported', bare],
];
for (const [what, given] of starting)
  test(`a pod is starting: ${what}`, (t) => {
    t.deepEqual(judged(given), {
      reason: 'PodsNotReady',
      message: 'Deployment/web has 1 pod, and none is ready: they are starting',
      stalled: undefined,
    });
  });

test('what an init container waits for is said before what the others do', (t) => {
  const init = [{ name: 'migrate', state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } } }];
  const { message } = judged(waiting('ImagePullBackOff', { initContainerStatuses: init }));
  t.regex(message, /pod web-1-a, container migrate: CrashLoopBackOff: back-off$/);
});

test('the first pod that has a reason gives it, and pods are counted', (t) => {
  const { message, stalled } = judged(
    named('a', waiting('ContainerCreating')),
    named('b', waiting('CrashLoopBackOff')),
    named('c', waiting('ErrImagePull')),
  );
  t.is(message, 'Deployment/web has 3 pods, and none is ready: pod b, container web: CrashLoopBackOff: ');
  t.true(stalled);
});

test('a pod without a node is said in the words of the scheduler, which are words of its own', (t) => {
  const condition = { type: 'PodScheduled', status: 'False' };
  const said = { ...condition, reason: 'Unschedulable', message: '0/3 nodes' };
  t.regex(
    judged(pod({ status: { conditions: [...NOT_READY, said] } })).message,
    /none is ready: pod web-1-a: Unschedulable: 0\/3 nodes$/,
  );
  t.regex(judged(pod({ status: { conditions: [condition] } })).message, /none is ready: pod web-1-a: : $/);
});

test('a pod is ready when its condition Ready says so, whatever the others say', (t) => {
  t.is(
    judged(pod({ status: { conditions: [...NOT_READY, { type: 'Initialized', status: 'True' }] } })).reason,
    'PodsNotReady',
  );
  t.is(
    judged(pod({ status: { conditions: [{ type: 'PodScheduled', status: 'False' }, ...(READY?.conditions ?? [])] } }))
      .reason,
    'Protected',
  );
});

test('without a pod and a word of its controller it is said who makes one', (t) => {
  t.deepEqual(judged(), {
    reason: 'NoPods',
    message: 'Deployment/web has no pod: its controller makes one, or is not running',
    stalled: undefined,
  });
});

test('pods of another workload make none of this one ready', (t) => {
  const before = serving(pod({}, neighbour.owner, neighbour.live));
  const verdict = decideTarget({
    ...before,
    others: [neighbour.target],
    running: {
      ...before.running,
      workloads: [...before.running.workloads, present(neighbour.live)],
      owned: [...before.running.owned, neighbour.set],
    },
  });
  t.is(verdict.reason, 'NoPods');
  t.false(verdict.ready);
});
