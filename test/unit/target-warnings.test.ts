import test from 'ava';
import { warningsOf, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target, type Spec } from './promotion-world.ts';
import { adopted, fresh, running, settle, web, withLive } from './target-world.ts';

const warn = target({ mode: 'Warn' });
const warned = (changes: Partial<TargetWorld> = {}): TargetWorld =>
  settle(fresh({ target: warn, enforcement: { active: false, message: 'mode is Warn' }, ...changes })).world;
const others = (count: number): readonly { readonly kind: string; readonly name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'Job', name: `job-${index}` }));
const withTemplate = (spec: object, rest: object = {}): TargetWorld => {
  const template = { metadata: { labels: { app: 'web' } }, spec };
  return withLive(adopted(), deployment(images.first, { template, ...rest } as unknown as Partial<Spec>));
};
const READY = { httpGet: { path: '/', port: 80 } };
const quiet = { enableServiceLinks: false, containers: [{ name: 'web', image: images.first, readinessProbe: READY }] };

const lines = (live: ReturnType<typeof web> | undefined): readonly string[] =>
  warningsOf({ ...withTemplate(quiet), givenUp: [{ kind: 'Deployment', name: 'old', live }] });

test('a warning is told in one line with what to do, and only what is so is told', (t) => {
  t.deepEqual(warningsOf(withTemplate(quiet)), []);
  t.deepEqual(warningsOf(withTemplate(quiet, { revisionHistoryLimit: 0 })), [
    'Deployment/web keeps no old revision (revisionHistoryLimit: 0), so kubectl rollout undo has no way back: promote it with 1 or more',
  ]);
  t.deepEqual(warningsOf(withTemplate({ ...quiet, enableServiceLinks: true })), [
    'Deployment/web has service links: whoever makes a Service in this namespace sets variables such as REDIS_PORT in new pods; set enableServiceLinks: false in the pod template',
  ]);
  const [container] = quiet.containers;
  t.deepEqual(warningsOf(withTemplate({ ...quiet, containers: [{ name: 'web', image: images.first }] })), [
    'Deployment/web has no readiness probe, so a rollout is verified by running containers alone: add a readinessProbe',
  ]);
  t.deepEqual(warningsOf(withTemplate({ ...quiet, containers: [{ ...container, image: 'web:1' }] })), [
    'Deployment/web was taken over with images without a digest, which can change without a promotion: container web (web:1); promote digests',
  ]);
});

test('one container with a readiness probe is enough, a sidecar among the init containers too', (t) => {
  const plain = { name: 'side', image: images.first };
  t.deepEqual(warningsOf(withTemplate({ ...quiet, containers: [plain, ...quiet.containers] })), []);
  t.deepEqual(
    warningsOf(
      withTemplate({
        ...quiet,
        containers: [plain],
        initContainers: [{ ...plain, name: 'proxy', readinessProbe: READY }],
      }),
    ),
    [],
  );
});

test('a workload without a template, or that is not there, is warned about as far as it is known', (t) => {
  const bare = { ...web(), spec: { replicas: 1 } } as unknown as ReturnType<typeof web>;
  t.deepEqual(
    warningsOf(withLive(adopted(), bare)).map((line) => line.split(':')[0]),
    [
      'Deployment/web has service links',
      'Deployment/web has no readiness probe, so a rollout is verified by running containers alone',
    ],
  );
  t.deepEqual(warningsOf(withLive(adopted(), undefined)), []);
});

test('images by tag are no warning while they keep a workload from being taken over', (t) => {
  const tagged = { ...quiet, containers: [{ name: 'web', image: 'web:1', readinessProbe: READY }] };
  const { spec } = withTemplate(tagged).workloads[0]?.live ?? {};
  const given = withLive(fresh(), deployment(images.first, spec as Partial<Spec>));
  t.deepEqual(warningsOf(given), []);
});

test('what stands in the way of enforcing is a warning in mode Warn only, and waits for what is live', (t) => {
  const jobs = running(web(), { others: others(1) });
  const before = warned(jobs);
  t.is(warningsOf(before).filter((line) => line.startsWith('before mode: Enforce: ')).length, 1);
  t.deepEqual(
    warningsOf({ ...adopted(), ...jobs }).filter((line) => line.startsWith('before')),
    [],
  );
  const gone = {
    ...before,
    workloads: [...before.workloads, { kind: 'Deployment' as const, name: 'api', live: undefined }],
  };
  t.deepEqual(
    warningsOf(gone).filter((line) => line.startsWith('before')),
    [],
  );
});

test('writers beyond what a lock holds are named, and only they', (t) => {
  const podWriters = Array.from({ length: 18 }, (_, index) => ({ user: `w-${String(index).padStart(2, '0')}` }));
  const lines = warningsOf({ ...withTemplate(quiet), podWriters });
  t.deepEqual(lines, ['a lock holds 16 podWriters, so these have no say: w-16, w-17; name fewer']);
  t.is(settle({ ...adopted(), podWriters }).world.lock?.spec.podWriters?.length, 16);
});

test('warnings are as many as a status takes', (t) => {
  const many = Array.from({ length: 40 }, (_, index) => ({
    kind: 'Deployment' as const,
    name: `old-${index}`,
    live: web(),
  }));
  t.is(warningsOf({ ...withTemplate(quiet), givenUp: many }).length, 32);
});

test('a workload that was given up is a warning as long as it is there', (t) => {
  t.deepEqual(lines(web()), [
    'Deployment/old is not named any more and runs on as approved: delete it (needs the verb unprotect) or name it again, in ProductionTarget web or another',
  ]);
  t.deepEqual(lines(undefined), []);
});
