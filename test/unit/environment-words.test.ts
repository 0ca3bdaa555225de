import test from 'ava';
import { slimPod, slimWorkload } from '../../operator/environments/gather/cache/index.ts';
import { KubeletWords } from '../../operator/environments/gather/words.ts';
import { ApiError, type Client } from '../../operator/kube/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const start = Date.parse('2026-11-21T09:00:00Z');
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
const key = 'shop-dev/pr-42';
const { signal } = new AbortController();

const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }] };
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

function pod(uid: string, created: number, status: object = running): ReturnType<typeof slimPod> {
  const metadata = { name: `web-${uid}`, uid, creationTimestamp: at(created) };
  const spec = { containers: [{ name: 'web', image: 'web' }] };
  return slimPod({ apiVersion: 'v1', kind: 'Pod', metadata, spec, status } as Parameters<typeof slimPod>[0]);
}

/** As kubelets write them: events of core/v1 with a count and times. */
function event(uid: string, reason: string, note: string, last: number, first = last): object {
  const times = { deprecatedFirstTimestamp: at(first), deprecatedLastTimestamp: at(last) };
  return { regarding: { kind: 'Pod', uid }, type: 'Warning', reason, note, ...times };
}

function words(events: () => readonly object[]) {
  const clock = new ManualClock(start);
  const asked: unknown[] = [];
  const client = {
    list: async (_type: unknown, { namespace, fieldSelector }: Record<string, unknown>) => {
      asked.push([namespace, fieldSelector]);
      return { items: events() };
    },
  } as unknown as Client;
  const kubelet = new KubeletWords(client, clock);
  const of = async (...pods: ReturnType<typeof slimPod>[]) => {
    const { pods: told, dueIn } = await kubelet.of(key, 'home', { pods, workloads: [] }, signal);
    return { words: told.map(({ trouble }) => trouble?.words), dueIn };
  };
  return { clock, asked, of, kubelet };
}

const probe = 'Readiness probe failed: HTTP probe failed with statuscode: 503';
const mount = 'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found';

test('pods that are ready, or have only just been made, cost no request', async (t) => {
  const { asked, of } = words(() => []);
  t.deepEqual(await of(pod('1', -3600, ready)), { words: [undefined], dueIn: undefined });
  t.deepEqual(await of(pod('1', -9)), { words: [undefined], dueIn: 10_000 });
  t.deepEqual(asked, []);
});

test("the kubelet's words of a probe or a mount that fails stand with the pod, and are asked for more seldom each time", async (t) => {
  const { clock, asked, of } = words(() => [
    event('1', 'Unhealthy', probe, 5),
    event('2', 'FailedMount', mount, 5),
    event('3', 'Unhealthy', 'of another pod', 5),
  ]);
  clock.advance(11_000);
  const both = [pod('1', 0), pod('2', 0, { phase: 'Pending' })] as const;
  const said = [`Unhealthy: ${probe}`, `FailedMount: ${mount}`];
  t.deepEqual(await of(...both), { words: said, dueIn: 10_000 });
  t.deepEqual(asked, [['home', 'type=Warning,regarding.kind=Pod']]);
  clock.advance(9000);
  t.deepEqual(await of(...both), { words: said, dueIn: 1000 });
  const pauses = [20_000, 40_000, 80_000, 120_000, 120_000];
  clock.advance(1000);
  for (const pause of pauses) {
    t.is((await of(...both)).dueIn, pause);
    clock.advance(pause);
  }
  t.is(asked.length, 1 + pauses.length);
  t.deepEqual((await of(pod('1', 0, ready), pod('2', 0, ready))).words, [undefined, undefined], 'it holds no longer');
});

test('a process that started anew has the same words at once, so that its status does not change', async (t) => {
  const { of } = words(() => [event('1', 'Unhealthy', probe, -60)]);
  t.deepEqual((await of(pod('1', -3600))).words, [`Unhealthy: ${probe}`]);
});

test('of several things said in turns the one told first stays while it is said; what is over is not told', async (t) => {
  let events = [event('1', 'FailedMount', mount, 5), event('1', 'FailedMount', 'timed out', 4)];
  const { clock, of } = words(() => events);
  clock.advance(11_000);
  t.deepEqual((await of(pod('1', 0))).words, [`FailedMount: ${mount}`]);
  events = [event('1', 'FailedMount', 'timed out', 20, 4), event('1', 'FailedMount', mount, 5)];
  clock.advance(10_000);
  t.deepEqual((await of(pod('1', 0))).words, [`FailedMount: ${mount}`]);
  clock.advance(290_000);
  t.deepEqual((await of(pod('1', 0))).words, ['FailedMount: timed out'], 'the other one is over');
  clock.advance(290_000);
  t.deepEqual((await of(pod('1', 0))).words, [undefined]);
});

test('what was said last before something else began is over: a start that was slow, then a probe that fails', async (t) => {
  const refused = 'Readiness probe failed: dial tcp 10.0.0.7:8080: connect: connection refused';
  let events = [event('1', 'Unhealthy', refused, 8, 5)];
  const { clock, of } = words(() => events);
  clock.advance(11_000);
  t.deepEqual((await of(pod('1', 0))).words, [`Unhealthy: ${refused}`]);
  events = [event('1', 'Unhealthy', probe, 19, 9), ...events];
  clock.advance(10_000);
  t.deepEqual((await of(pod('1', 0))).words, [`Unhealthy: ${probe}`]);
  events = [event('1', 'Unhealthy', refused, 29, 5), event('1', 'Unhealthy', probe, 27, 9)];
  clock.advance(20_000);
  t.deepEqual((await of(pod('1', 0))).words, [`Unhealthy: ${probe}`], 'both are said in turns from here on');
});

test('what the scheduler said before the pod had a node is over', async (t) => {
  const { clock, of } = words(() => [event('1', 'FailedScheduling', '0/3 nodes are available', 5)]);
  clock.advance(11_000);
  t.deepEqual((await of(pod('1', 0))).words, [undefined]);
});

test('an API server that does not tell holds nothing up; what is no answer of it is thrown', async (t) => {
  let failure: Error = new ApiError({ method: 'GET', path: '/events', status: 403, body: undefined });
  const { of } = words(() => {
    throw failure;
  });
  t.deepEqual(await of(pod('1', -60)), { words: [undefined], dueIn: 10_000 });
  failure = new TypeError('a fault');
  await t.throwsAsync(() => of(pod('2', -60)), { message: 'a fault' });
});

const made = (kind: string, status: object, replicas = 1) =>
  slimWorkload({
    kind,
    metadata: { name: 'db', uid: 's', creationTimestamp: at(0) },
    spec: { replicas },
    status,
  } as unknown as Parameters<typeof slimWorkload>[0]);

test('of what makes pods and may not, where its status does not say why, Events do; longer, since it tries more seldom', async (t) => {
  const refused = 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: violates PodSecurity';
  const said = { ...event('s', 'FailedCreate', refused, 5), regarding: { kind: 'StatefulSet', uid: 's' } };
  const other = { ...event('s', 'RecreatingFailedPod', 'x', 6), regarding: { kind: 'StatefulSet', uid: 's' } };
  const { clock, asked, kubelet } = words(() => [other, said]);
  const of = async (workload: ReturnType<typeof made>) =>
    (await kubelet.of(key, 'home', { pods: [], workloads: [workload] }, signal)).workloads[0]?.failure;
  clock.advance(11_000);
  t.is(await of(made('StatefulSet', { replicas: 1 })), undefined);
  t.is(await of(made('Deployment', { replicas: 0 })), undefined);
  t.is(await of(made('Job', { active: 1 })), undefined);
  t.is(await of(made('Job', { conditions: [{ type: 'Complete', status: 'True' }] })), undefined);
  t.deepEqual(asked, []);
  t.is(await of(made('StatefulSet', { replicas: 0 })), `FailedCreate: ${refused}`);
  t.deepEqual(asked, [['home', 'type=Warning']]);
  clock.advance(15 * 60_000);
  t.is(await of(made('Job', {})), `FailedCreate: ${refused}`);
  clock.advance(6 * 60_000);
  t.is(await of(made('Job', {})), undefined);
});
