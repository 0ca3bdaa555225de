/** Workloads that need one another: a database, a migration, an app; a test plays the kubelet. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { TwinEnvironmentStatus } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { shownObjects } from '../chart/docs.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import {
  condition,
  environment,
  image,
  isReady,
  list,
  openEnvironments,
  requestsOf,
  setReady,
  untilStatus,
  type Pod,
  type Stage,
} from '../stage/environments.ts';

const test = anyTest as TestFn<{ readonly stage: Stage }>;
test.before(async (t) => {
  t.context = { stage: await openEnvironments({ testFile: import.meta.filename }) };
});
test.after.always((t) => t.context.stage?.stop());

const other = image.replace(/a{64}/, 'b'.repeat(64));
const db = {
  name: 'db',
  kind: 'StatefulSet',
  image,
  port: 5432,
  protocol: 'TCP',
  expose: 'None',
  state: { path: '/var/lib/db', persistence: 'Durable' },
};
const migrate = { name: 'migrate', kind: 'Job', image, args: ['migrate'], needs: ['db'] };
const web = { name: 'web', image, port: 8080, needs: ['migrate'] };
const services = [{ name: 'stripe' }];
const spec = (...workloads: readonly object[]) => ({ services, workloads });

const paths = (namespace: string) => ({
  sets: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  deployments: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  claims: `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
});
const names = async (stage: Stage, path: string): Promise<readonly string[]> =>
  (await list(stage, path)).map(({ metadata }) => metadata.name).toSorted();

/** What a kubelet says of a pod that ran to its end. */
async function end(stage: Stage, namespace: string, pod: Pod, exitCode: number): Promise<void> {
  const [container] = pod.spec.containers;
  const [reason, message] = exitCode === 0 ? ['Completed', ''] : ['Error', 'no such table: orders\n'];
  const status = {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      {
        name: container?.name,
        ready: false,
        restartCount: 0,
        image: container?.image,
        imageID: container?.image,
        state: { terminated: { exitCode, reason, message } },
      },
    ],
  };
  await stage.cluster.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/status`, {
    contentType: 'application/strategic-merge-patch+json',
    body: { status },
  });
}

/** What becomes of the pods of a component: by default they run; a number is the exit code that they end with. */
type Course = Readonly<Record<string, 'Waits' | number>>;

/** Plays the kubelet until the status is as a test wants it. */
async function play(
  stage: Stage,
  name: string,
  course: Course,
  holds: (status: TwinEnvironmentStatus) => boolean,
): Promise<TwinEnvironmentStatus> {
  const { namespace = '' } = await untilStatus(stage, name, (status) => status.namespace !== undefined);
  const over = new AbortController();
  const kubelet = waitFor(
    'the kubelet is not needed any more',
    async () => {
      for (const pod of await list<Pod & { status?: { phase?: string } }>(
        stage,
        `/api/v1/namespaces/${namespace}/pods`,
      )) {
        const becomes = course[pod.metadata.labels?.['twinlock.dev/component'] ?? ''];
        const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
        if (becomes === 'Waits' || ready === true || pod.status?.phase !== 'Pending') continue;
        if (becomes === undefined) await setReady(stage, namespace, pod.metadata.name, 'True');
        else await end(stage, namespace, pod, becomes);
      }
      return over.signal.aborted;
    },
    { timeout: 150_000 },
  );
  try {
    return await untilStatus(stage, name, holds);
  } finally {
    over.abort();
    await kubelet;
  }
}

/** Waits until nothing has been sent for a while. */
async function quiet(running: RunningProcess): Promise<ReadonlyMap<string, number>> {
  let [last, since] = ['', Date.now()];
  return waitFor('the process is quiet', async (seen) => {
    const sent = await requestsOf(running);
    const now = JSON.stringify([...sent]);
    seen(now);
    if (now !== last) [last, since] = [now, Date.now()];
    return Date.now() - since > 1500 ? sent : undefined;
  });
}

const says = (words: RegExp) => (status: TwinEnvironmentStatus) => words.test(condition(status, 'Ready').message);

test.serial(
  'a database, then its migration, then the app; other content is run again, once; a failure is told; a restart writes nothing',
  async (t) => {
    const { stage } = t.context;
    const first = await stage.startProcess();
    await stage.cluster.apply([environment('ordered', spec(db, migrate, web))]);
    const waiting = await play(stage, 'ordered', { db: 'Waits' }, says(/workload migrate waits for db/));
    const { namespace = '' } = waiting;
    const { sets, jobs, deployments, claims } = paths(namespace);
    t.like(condition(waiting, 'Ready'), { status: 'False', reason: 'WorkloadNotReady' });
    t.regex(condition(waiting, 'Ready').message, /; workload web waits for migrate$/);
    t.deepEqual(await names(stage, sets), ['db']);
    t.deepEqual(await names(stage, claims), ['db']);
    t.deepEqual(await names(stage, jobs), []);
    t.deepEqual(await names(stage, deployments), ['stripe', 'twinlock-boundary']);

    await play(stage, 'ordered', { migrate: 'Waits' }, says(/^workload db is ready|^workload migrate has not run/));
    const [run] = await waitFor('the migration is made', async () => {
      const made = await list(stage, jobs);
      return made.length > 0 && made;
    });
    t.regex(run?.metadata.name ?? '', /^migrate-[a-z2-7]{8}$/);
    t.deepEqual(await names(stage, deployments), ['stripe', 'twinlock-boundary']);

    const up = await play(stage, 'ordered', { migrate: 0 }, isReady);
    t.like(
      up.workloads?.find(({ name }) => name === 'migrate'),
      { ready: true, images: [{ container: 'migrate', image }] },
    );
    t.is(condition(up, 'TwinsWired').status, 'True', condition(up, 'TwinsWired').message);
    t.deepEqual(await names(stage, deployments), ['stripe', 'twinlock-boundary', 'web']);

    // Other content: the former run goes, the app keeps what it has until the new one is through.
    const generation = async () =>
      (await list(stage, deployments)).find(({ metadata }) => metadata.name === 'web')?.metadata.generation;
    const before = await generation();
    const broken = { ...migrate, image: other };
    await stage.cluster.apply([environment('ordered', spec(db, broken, { ...web, image: other }))]);
    const stalled = await play(
      stage,
      'ordered',
      { migrate: 3 },
      (status) => condition(status, 'Stalled').status === 'True',
    );
    t.is(condition(stalled, 'Stalled').reason, 'WorkloadFailed');
    const { message } = condition(stalled, 'Ready');
    t.regex(message, /^workload migrate failed, BackoffLimitExceeded: Job has reached the specified backoff limit \(/);
    t.regex(message, /container migrate ended with exit code 3 \(Error\): no such table: orders\); once /);
    t.regex(message, /once spec\.workloads\[1\] says something else, that is run; workload web waits for migrate$/);
    const page = await readFile(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
    t.true(page.includes(`\n${message}\n`), message);
    const [failed, ...more] = await list(stage, jobs);
    t.deepEqual(more, []);
    t.not(failed?.metadata.name, run?.metadata.name);
    t.is(await generation(), before);

    await stage.cluster.apply([
      environment('ordered', spec(db, { ...broken, args: ['migrate', '--repair'] }, { ...web, image: other })),
    ]);
    await play(
      stage,
      'ordered',
      { migrate: 0 },
      (status) => isReady(status) && status.workloads?.some(({ images }) => images?.[0]?.image === other) === true,
    );
    t.is(await generation(), (before ?? 0) + 1);
    const [last] = await list(stage, jobs);
    const runs = new Set([run, failed, last].map((each) => each?.metadata.name));
    t.is(runs.size, 3);
    const sent = (await stage.audit.next()).filter(
      ({ verb, objectRef }) =>
        ['patch', 'create'].includes(verb) && objectRef?.resource === 'jobs' && objectRef.namespace === namespace,
    );
    const byOperator = sent.filter(({ objectRef }) => objectRef?.subresource === undefined);
    t.deepEqual(
      byOperator.flatMap(({ objectRef }) => (runs.has(objectRef?.name) ? [objectRef?.name] : [])).toSorted(),
      [...runs].toSorted(),
      'each content is sent once',
    );

    await quiet(first);
    await first.stop();
    const second = await stage.startProcess();
    const asked = await quiet(second);
    t.deepEqual(
      ['POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => asked.has(method)),
      [],
    );
    t.deepEqual(
      (await list(stage, jobs)).map(({ metadata }) => metadata.uid),
      [last?.metadata.uid],
    );

    // What the spec names no longer goes.
    await stage.cluster.apply([environment('ordered', spec({ name: 'web', image: other, port: 8080 }))]);
    await waitFor('run, database and its claim are gone', async (seen) => {
      const left = await Promise.all([sets, jobs, claims].map((path) => names(stage, path)));
      seen(left);
      // A claim has a finalizer as long as a pod that is not gone uses it.
      return left[0]?.length === 0 && left[1]?.length === 0 && left[2]?.length === 0;
    });
    await second.stop();
  },
);

test.serial('why there is no pod is told of each kind, in the words of who may not make it', async (t) => {
  const { stage } = t.context;
  const running = await stage.startProcess();
  const containers = [{ name: 'main', image }];
  const template = { spec: { containers } };
  await stage.cluster.apply([
    environment(
      'forbidden',
      spec(
        { name: 'set', kind: 'StatefulSet', template, expose: 'None' },
        { name: 'run', kind: 'Job', template },
        { name: 'later', image, port: 8080, needs: ['set', 'run'] },
      ),
    ),
  ]);
  const told = await play(stage, 'forbidden', {}, says(/workload set FailedCreate.*workload run FailedCreate/s));
  t.is(condition(told, 'Stalled').reason, 'WorkloadFailed');
  t.regex(condition(told, 'Ready').message, /violates PodSecurity "restricted:latest"/);
  t.regex(condition(told, 'Ready').message, /workload later waits for set, run$/);
  await running.stop();
});

test.serial(
  'needs that nobody can have are refused: by the API server where one look is enough, else in words',
  async (t) => {
    const { stage } = t.context;
    const running = await stage.startProcess();
    const refused = async (...workloads: readonly object[]): Promise<string> => {
      const { body } = await stage.cluster.request(
        'POST',
        '/apis/twinlock.dev/v1alpha1/namespaces/shop-dev/twinenvironments',
        {
          body: environment('refused', spec(...workloads)) as object,
        },
      );
      return (body as { message?: string }).message ?? '';
    };
    t.regex(await refused({ ...web, needs: ['nobody'] }), /spec\.workloads: .*neither in workloads nor in services/);
    t.regex(await refused({ ...migrate, needs: [], port: 80 }), /spec\.workloads\[0\]\.port: .*a Job runs to its end/);
    await stage.cluster.apply([
      environment('circle', spec({ ...web, needs: ['migrate'] }, { ...migrate, needs: ['web'] })),
    ]);
    const status = await untilStatus(stage, 'circle', (seen) => condition(seen, 'Ready').reason === 'NeedsInvalid');
    t.is(
      condition(status, 'Stalled').message,
      'spec.workloads[0].needs: web needs migrate needs web, so that none of them ever starts; take one of these out',
    );
    await running.stop();
  },
);

test.serial('the example of the page comes up in its order', async (t) => {
  const { stage } = t.context;
  const running = await stage.startProcess();
  const shown = (await shownObjects()).find(
    ({ page, object }) => page === 'docs/environments.md' && object.metadata.name === 'pr-47',
  );
  if (shown === undefined) return t.fail();
  await stage.cluster.apply([shown.object]);
  const { name } = shown.object.metadata;
  const page = await readFile(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
  const waiting = await play(stage, name, { db: 'Waits' }, says(/^workload db has 0 of 1/));
  t.true(page.includes(`\n${condition(waiting, 'Ready').message}\n`), condition(waiting, 'Ready').message);
  const up = await play(stage, name, { migrate: 0 }, isReady);
  t.deepEqual(
    up.workloads?.map((workload) => [workload.name, workload.ready]),
    [
      ['db', true],
      ['migrate', true],
      ['web', true],
    ],
  );
  return running.stop();
});

const HOUR = 3_600_000;

test.serial(
  'one that sleeps keeps its volume and its run, and wakes in its order: by hand, and by its schedule',
  async (t) => {
    t.timeout(240_000);
    const { stage } = t.context;
    const clock = new SteppedClock();
    const running = await stage.startProcess({}, clock.overrides);
    const clockIn = (hours: number): string => new Date(clock.now() + hours * HOUR).toISOString().slice(11, 16);
    const sleep = { inactivity: '1h', schedule: { wake: clockIn(5), sleep: clockIn(12) } };
    const parts = spec(db, migrate, { ...web, needs: ['db', 'migrate'] });
    await stage.cluster.apply([environment('sleepy', { ...parts, sleep })]);
    const { namespace = '' } = await play(stage, 'sleepy', { migrate: 0 }, isReady);
    const { sets, jobs, deployments, claims } = paths(namespace);
    const kept = async (): Promise<readonly string[]> =>
      (await Promise.all([jobs, claims].map((each) => list(stage, each)))).flat().map(({ metadata }) => metadata.uid);
    const before = await kept();
    t.is(before.length, 2);

    const sleeps = async (): Promise<TwinEnvironmentStatus> => {
      clock.pass(HOUR);
      const status = await untilStatus(stage, 'sleepy', ({ phase }) => phase === 'Sleeping');
      await waitFor('its pods are gone', async (seen) => {
        const left = await list(stage, `/api/v1/namespaces/${namespace}/pods`);
        const components = left.map(({ metadata }) => metadata.labels?.['twinlock.dev/component']);
        seen(components);
        // A run that ended has no pod that runs.
        return components.every((each) => each === 'twinlock-boundary' || each === 'migrate');
      });
      return status;
    };
    const asleep = await sleeps();
    t.like(condition(asleep, 'Stalled'), { status: 'True', reason: 'Sleeping' });
    t.regex(
      condition(asleep, 'Awake').message,
      /since nothing happened for sleep\.inactivity; it wakes at \S+Z, or when/,
    );
    t.deepEqual(await names(stage, sets), ['db']);
    t.deepEqual(await names(stage, deployments), ['stripe', 'twinlock-boundary', 'web']);
    t.deepEqual(await kept(), before);

    await stage.cluster.kubectl([
      'annotate',
      'twinenvironment',
      'sleepy',
      '-n',
      'shop-dev',
      'twinlock.dev/wakeAt=once',
    ]);
    const waking = await play(stage, 'sleepy', { db: 'Waits' }, says(/workload web waits for db$/));
    t.is(waking.lastHandledWakeAt, 'once');
    await play(stage, 'sleepy', {}, isReady);
    t.deepEqual(await kept(), before);

    await sleeps();
    clock.pass(3 * HOUR);
    const awake = await play(stage, 'sleepy', {}, isReady);
    t.is(condition(awake, 'Awake').status, 'True');
    t.deepEqual(await kept(), before);
    await running.stop();
  },
);

test.serial('what the page shows of sleep the API server takes', async (t) => {
  const { stage } = t.context;
  const shown = (await shownObjects()).filter(({ page }) => page === 'docs/environments.md');
  t.true(shown.some(({ object }) => object.metadata.name === 'pr-48'));
  for (const { object } of shown) {
    const args = ['apply', '--dry-run=server', '-f', '-'];
    const { code, stderr } = await stage.cluster.kubectl(args, { input: JSON.stringify(object), check: false });
    t.is(code, 0, `${object.kind} ${object.metadata.name}: ${stderr}`);
  }
});
