import anyTest, { type TestFn } from 'ava';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { systemClock, type Clock } from '../../operator/kube/index.ts';
import { waitFor } from '../harness/index.ts';
import {
  bringUp,
  condition,
  isReady,
  list,
  openEnvironments,
  setReady,
  smallest,
  untilStatus,
  type Pod,
  type Stage,
} from '../stage/environments.ts';

const test = anyTest as TestFn<{ readonly stage: Stage; readonly running: RunningProcess }>;

/** A minute ahead: pods that have only just been made are old to the process. */
const ahead: Clock = {
  now: () => systemClock.now() + 60_000,
  monotonic: () => systemClock.monotonic(),
  setTimer: (ms, callback) => systemClock.setTimer(ms, callback),
};

test.before(async (t) => {
  const stage = await openEnvironments({ testFile: import.meta.filename });
  t.context = { stage, running: await stage.startProcess({}, { clock: ahead }) };
});
test.after.always((t) => t.context.stage?.stop());

test("what is told of a pod in Events only stands in its environment's condition until the pod is Ready", async (t) => {
  const { stage } = t.context;
  const { namespace = '' } = await bringUp(stage, 'silent', smallest);
  const [pod] = await list<Pod>(
    stage,
    `/api/v1/namespaces/${namespace}/pods?labelSelector=twinlock.dev/component%3Dweb`,
  );
  if (pod === undefined) throw new Error('the workload has no pod');
  const { name, uid } = pod.metadata;
  const now = new Date(ahead.now()).toISOString();
  const message = 'Readiness probe failed: HTTP probe failed with statuscode: 503';
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', name, namespace, uid };
  const times = { firstTimestamp: now, lastTimestamp: now, count: 3 };
  await stage.cluster.request('POST', `/api/v1/namespaces/${namespace}/events`, {
    body: { metadata: { name: 'probe' }, involvedObject, type: 'Warning', reason: 'Unhealthy', message, ...times },
  });
  await setReady(stage, namespace, name, 'False');
  const said = await untilStatus(stage, 'silent', (status) => condition(status, 'Ready').message.includes(message));
  t.like(condition(said, 'Ready'), { status: 'False', reason: 'WorkloadNotReady' });
  await waitFor('the pod to be Ready', async () => (await setReady(stage, namespace, name, 'True')).status === 200);
  const well = await untilStatus(stage, 'silent', isReady);
  t.false(JSON.stringify(well.conditions).includes(message));
});
