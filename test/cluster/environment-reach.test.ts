import anyTest, { type TestFn } from 'ava';
import type { Reach } from '../../operator/environments/decide/reach.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { waitFor } from '../harness/index.ts';
import { own } from '../stage/objects.ts';
import {
  condition,
  environment,
  image,
  isReady,
  list,
  openEnvironments,
  runPods,
  smallest,
  untilStatus,
  type Object_,
  type Stage,
} from '../stage/environments.ts';

/** What is reached through the boundary, as a prober tells it that the test has in its place. */
const test = anyTest as TestFn<{ readonly stage: Stage }>;
test.before(async (t) => {
  t.context = { stage: await openEnvironments({ testFile: import.meta.filename }) };
});
test.after.always((t) => t.context.stage?.stop());

const refused =
  'is not reached through the boundary, which answers 502: dial tcp 10.96.0.7:8080: connect: connection refused';

/** A process, what its prober says of each component, and whom it asked. */
async function prober(
  stage: Stage,
  answers: Map<string, Reach>,
): Promise<{ readonly running: RunningProcess; readonly asked: string[] }> {
  const asked: string[] = [];
  const tryReach = async ({ workload }: { workload: string }): Promise<Reach> => {
    asked.push(workload);
    return answers.get(workload) ?? { reached: true };
  };
  return { running: await stage.startProcess({}, { tryReach }), asked };
}

test.serial(
  'Ready waits until what is exposed was reached; a restart asks nobody again, new pods are asked',
  async (t) => {
    const { stage } = t.context;
    const answers = new Map<string, Reach>([['web', { failure: refused }]]);
    const first = await prober(stage, answers);
    const inner = { name: 'inner', image, port: 8080, expose: 'None' };
    const services = [{ name: 'stripe', expose: 'Path' }];
    await stage.cluster.apply([
      environment('reached', { services, workloads: [...smallest.workloads, inner], lifecycle: 'LongLived' }),
    ]);
    const { namespace = '' } = await untilStatus(stage, 'reached', (status) => status.namespace !== undefined);
    const runs = async (holds: (status: Parameters<typeof isReady>[0]) => boolean) => {
      const pods = new AbortController();
      const kubelet = waitFor(
        'the kubelet is not needed any more',
        async () => {
          await runPods(stage, namespace);
          return pods.signal.aborted;
        },
        { timeout: 90_000 },
      );
      try {
        return await untilStatus(stage, 'reached', holds);
      } finally {
        pods.abort();
        await kubelet;
      }
    };
    const failing = await runs((status) => condition(status, 'Exposed').reason === 'NotReached');
    t.is(condition(failing, 'Exposed').message, `web:8080 ${refused}`);
    t.like(condition(failing, 'Ready'), { status: 'False', reason: 'NotReached' });
    t.is(condition(failing, 'Stalled').status, 'Absent');
    answers.clear();
    const ready = await runs(isReady);
    t.like(condition(ready, 'Exposed'), { status: 'True', reason: 'BoundaryReady' });
    t.deepEqual([...new Set(first.asked)].toSorted(), ['stripe', 'web']);
    await first.running.stop();

    const second = await prober(stage, answers);
    await stage.cluster.apply([own('TwinClass', 'default', { default: true, maxEnvironments: 49 })]);
    await stage.cluster.kubectl([
      'annotate',
      'twinenvironment',
      'reached',
      '-n',
      'shop-dev',
      'reconcile.fluxcd.io/requestedAt=now',
    ]);
    const after = await untilStatus(stage, 'reached', (status) => status.lastHandledReconcileAt === 'now');
    t.deepEqual([after.reached, second.asked], [ready.reached, []]);
    t.true(isReady(after));

    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const web = (await list<Object_>(stage, pods)).find(
      ({ metadata }) => metadata.labels?.['twinlock.dev/component'] === 'web',
    );
    await stage.cluster.request('DELETE', `${pods}/${web?.metadata.name}`, { body: { gracePeriodSeconds: 0 } });
    const moved = await runs((status) => isReady(status) && status.reached !== ready.reached);
    t.truthy(moved.reached);
    t.true(second.asked.includes('web'));
    await second.running.stop();
  },
);
