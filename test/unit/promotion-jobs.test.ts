/** Jobs before and after a rollout, step by step: what is decided from what the chain, the lock and the Job say. */
import test from 'ava';
import { jobFault, NOT_SIGNED } from '../../operator/lock/index.ts';
import { jobsOf } from '../../operator/promotions/decide/plan/index.ts';
import { jobRecordOf, type RecordSpec } from '../../operator/records/index.ts';
import { jobContent, jobDigest, jobProgress } from '../../operator/workloads/index.ts';
import type { Job, Pod } from '../../operator/kube/index.ts';
import {
  decide,
  images,
  jobOf,
  keys,
  now,
  promotion,
  run,
  until,
  voted,
  world,
  type Scene,
} from './promotion-world.ts';

const spec = (image = images.second): object => ({
  backoffLimit: 0,
  template: { metadata: { labels: { app: 'job' } }, spec: { containers: [{ name: 'job', image }] } },
});
const manifest = (name: string): object => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: spec() });

/** A promotion with these Jobs, planned as they are. */
function scene(jobs: { readonly before?: readonly string[]; readonly after?: readonly string[] }): Scene {
  const own = promotion('web-42', {
    spec: {
      jobs: Object.fromEntries(Object.entries(jobs).map(([when, names]) => [when, names.map(manifest)])),
    } as never,
  });
  return world({
    promotion: own,
    jobs: jobsOf(own).map((job) => ({ ...job, planned: { spec: job.spec } })),
  });
}
const approved = (given: Scene): ReturnType<typeof run> => run(voted(run(given).world, keys.alice));
const condition = (type: string, message = ''): object => ({
  conditions: [{ type, status: 'True', reason: 'BackoffLimitExceeded', message }],
});
/** What the Job controller says of one. */
function says(given: Scene, name: string, status: object, pods: readonly Pod[] = []): Scene {
  return {
    ...given,
    jobs: given.jobs.map((job) =>
      job.name === name ? { ...job, live: jobOf(job.job, job.spec, now, status), pods } : job,
    ),
  };
}
const ready = (given: Scene): string => run(given).decision.verdict.message;

test('one after the other, before anything is changed: the lock opens for one, it ends, a record says so, the lock closes', (t) => {
  const first = approved(scene({ before: ['migrate', 'seed'] }));
  t.deepEqual(first.done.slice(-3), ['Approved', 'SetJobs', 'RunJob']);
  t.like(first.decision.verdict, { phase: 'RollingOut', reason: 'JobRunning' });
  t.deepEqual(
    first.world.lock?.spec.jobs?.map(({ name, record }) => [name.replace(/-[0-9a-f]{8}$/, ''), record]),
    [['web-42-migrate', 'web-000003']],
  );
  const second = run(says(first.world, 'migrate', condition('Complete')));
  t.deepEqual(second.done, ['Job', 'SetJobs', 'SetJobs', 'RunJob']);
  const third = run(says(second.world, 'seed', condition('Complete')));
  t.deepEqual(third.done.slice(0, 3), ['Job', 'SetJobs', 'OpenLock']);
  t.is(third.world.lock?.spec.jobs, undefined);
});

test('a rollout has its time since the Jobs before it are over', (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const late = run({ ...says(open, 'migrate', condition('Complete')), now: now + 7_200_000 });
  t.true(late.done.includes('OpenLock'));
  t.false(late.done.includes('RollBack'), late.done.join(', '));
});

test('what is on record never runs again, whatever became of the Job', (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const { world: over, done } = run(says(open, 'migrate', condition('Complete')));
  t.true(done.includes('OpenLock'));
  const gone = { ...over, jobs: over.jobs.map(({ live: _live, ...job }) => job) };
  t.false(run(gone).done.includes('RunJob'));
});

test('one that fails before ends it, in the words of its pod; one that was suspended too', (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const uid = `${open.jobs[0]?.job}-uid`;
  const terminated = { exitCode: 1, reason: 'Error', message: 'no such table' };
  const pod = {
    metadata: { name: 'migrate-x', ownerReferences: [{ uid }] },
    status: { phase: 'Failed', containerStatuses: [{ name: 'job', restartCount: 0, state: { terminated } }] },
  } as unknown as Pod;
  const failed = run(says(open, 'migrate', condition('Failed', 'too often'), [pod]));
  t.deepEqual(failed.done, ['Job', 'SetJobs', 'Failed']);
  t.regex(failed.decision.verdict.message, /too often.*no such table.*nothing else was changed/);
  const suspended = says(open, 'migrate', {});
  const stopped = {
    ...suspended,
    jobs: suspended.jobs.map((job) => ({
      ...job,
      live: { ...job.live, spec: { ...job.live?.spec, suspend: true } } as Job,
    })),
  };
  t.regex(ready(stopped), /somebody suspended it/);
});

test('one that does not end in its time is deleted after the lock is closed; its own deadline counts, and a moment', (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const late = run({ ...open, now: now + 600_000 });
  t.deepEqual(late.done, ['Job', 'SetJobs', 'StopJob', 'Failed']);
  t.regex(late.decision.verdict.message, /did not end until 2026-11-21T10:10:00Z/);
  t.deepEqual(run({ ...open, now: now + 599_999 }).done, []);
});

const told = (given: Scene): string => JSON.stringify(run(given).world.records.findLast(({ type }) => type === 'Job'));

test('a Job that could not be made in its time says what the API server answered last', (t) => {
  const { world: open } = approved(scene({ after: ['smoke'] }));
  const never = { ...open, jobs: open.jobs.map(({ live: _live, ...job }) => job), now: now + 1_200_000 };
  t.regex(told(never), /it could not be made in time"/);
  t.regex(
    told({ ...never, refusedBy: 'quota exceeded' }),
    /it could not be made in time; the API server answered last: quota exceeded/,
  );
});

test("the lock is looked at for what Jobs were signed too: another content is somebody's change", (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const jobs = open.lock!.spec.jobs!.map((job) => ({ ...job, spec: { ...spec(images.evil) } }));
  const changed = { ...open, lock: { ...open.lock!, spec: { ...open.lock!.spec, jobs } } };
  t.is(decide(changed).verdict.reason, 'LockChanged');
});

test('one after runs when all is verified, and takes the workloads back where it fails', (t) => {
  const opened = approved(scene({ after: ['smoke'] }));
  t.true(opened.done.indexOf('OpenLock') < opened.done.indexOf('RunJob'));
  const back = run(says(opened.world, 'smoke', condition('Failed', '3 of 9 checks')));
  t.deepEqual(back.done.slice(0, 3), ['Job', 'SetJobs', 'RollBack']);
  t.is(back.done.at(-1), 'RolledBack');
  t.regex(back.decision.verdict.message, /3 of 9 checks/);
  t.true(run(says(opened.world, 'smoke', condition('Complete'))).done.includes('Completed'));
});

test('an entry of the lock is what was signed, of a promotion that is not over, and has not run', (t) => {
  const { world: open } = approved(scene({ before: ['migrate'] }));
  const [entry] = open.lock?.spec.jobs ?? [];
  if (entry === undefined) throw new Error('the lock holds no Job');
  const fault = (changes: object, records = open.records): string | undefined =>
    jobFault({ ...entry, ...changes }, records);
  t.is(fault({}), undefined);
  t.is(fault({ spec: spec(images.evil) }), NOT_SIGNED);
  t.is(fault({ spec: spec(images.evil), digest: jobDigest({ ...spec(images.evil) }) }), NOT_SIGNED);
  t.is(fault({ spec: { ...spec(), backoffLimit: 2 ** 63 } }), NOT_SIGNED, 'it has no digest');
  t.is(fault({ name: 'other' }), NOT_SIGNED);
  t.regex(String(fault({ record: 'web-000001' })), /approves nothing/);
  t.regex(String(fault({ record: 'web-999999' })), /approves nothing/);
  const { world: over } = run(says(open, 'migrate', condition('Failed')));
  t.regex(String(fault({}, over.records)), /approves nothing any more/);
  const isJob = over.records.findIndex(({ type }) => type === 'Job');
  t.is(fault({}, over.records.slice(0, isJob + 1)), 'it is over');
});

test('a statement names each Job with its digest, and that it is not undone; a suspended one is told before', (t) => {
  const { world: asked } = run(scene({ before: ['migrate'], after: ['smoke'] }));
  const round = asked.records.find(({ type }) => type === 'Round');
  const { predicate } = JSON.parse(round?.statements?.approve ?? '{}') as {
    readonly predicate: { readonly jobs: unknown };
  };
  const digest = jobDigest({ ...spec() });
  t.deepEqual(predicate.jobs, [
    { digest, name: 'migrate', undone: false, when: 'before' },
    { digest, name: 'smoke', undone: false, when: 'after' },
  ]);
  const given = scene({ before: ['migrate'] });
  const planned = { spec: { ...spec(), suspend: true } };
  t.regex(ready({ ...given, jobs: given.jobs.map((job) => ({ ...job, planned })) }), /Job migrate is suspended/);
  const refused = { reason: 'PlanRefused', message: 'no' } as const;
  t.is(ready({ ...given, jobs: given.jobs.map((job) => ({ ...job, planned: refused })) }), 'no');
});

test('what the API server adds to a Job is no content of it', (t) => {
  const stored = {
    ...spec(),
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
    template: {
      metadata: { labels: { app: 'job', 'controller-uid': 'u', 'job-name': 'j', 'batch.kubernetes.io/job-name': 'j' } },
      spec: { containers: [{ name: 'job', image: images.second }] },
    },
  };
  t.deepEqual(jobContent(stored), { ...spec() });
  t.is(jobDigest(stored), jobDigest({ ...spec() }));
  t.not(jobDigest({ ...stored, parallelism: 2 }), jobDigest(stored));
  const older = {
    ...stored,
    template: { ...stored.template, metadata: { ...stored.template.metadata, creationTimestamp: null } },
  };
  t.is(jobDigest(older), jobDigest(stored), 'Kubernetes up to 1.33');
  t.deepEqual(jobContent({ template: { spec: {} } }), { template: { metadata: {}, spec: {} } });
});

const named = (name: string, uid: string): string | undefined => {
  const { metadata, spec: own } = scene({ before: ['migrate'] }).promotion;
  return jobsOf({ metadata: { ...metadata, name, uid }, spec: own })[0]?.job;
};

const reads = (name: string, configMap: string): object => ({
  ...manifest(name),
  spec: {
    template: {
      spec: { containers: [{ name: 'job', image: images.second, envFrom: [{ configMapRef: { name: configMap } }] }] },
    },
  },
});
const frozenIn = ({ lock }: Scene): readonly string[] => (lock?.spec.frozen ?? []).map(({ name }) => name);

test('what a Job afterwards reads stays as it was digested, while the workloads are rolled out', (t) => {
  const own = promotion('web-42', {
    spec: { jobs: { before: [reads('migrate', 'schema')], after: [reads('smoke', 'checks')] } } as never,
  });
  const jobs = jobsOf(own).map((job) => ({ ...job, planned: { spec: job.spec } }));
  const state = { digest: `sha256:${'1'.repeat(64)}` };
  const configuration = ['checks', 'schema'].map((name) => ({ kind: 'ConfigMap' as const, name, state }));
  const { world: open } = approved(world({ promotion: own, jobs, configuration }));
  t.deepEqual(frozenIn(open), ['checks', 'schema'], 'while the first runs');
  const rolling = until(says(open, 'migrate', condition('Complete')), 'OpenLock');
  t.deepEqual(frozenIn(rolling), ['checks'], 'what is over reads nothing');
});

const ended = (uid: string, name: string) =>
  ({ promotion: { name: 'p', uid }, job: { name, outcome: uid } }) as unknown as RecordSpec;

test('what is on record of a Job is of its own promotion and name', (t) => {
  const records = [ended('one', 'migrate'), ended('two', 'seed'), ended('two', 'migrate')];
  t.is(jobRecordOf(records, 'two', 'migrate'), records[2]?.job);
  t.is(jobRecordOf(records, 'two', 'other'), undefined);
  t.is(jobRecordOf(records, 'three', 'migrate'), undefined);
});

test('names of Jobs are labels, always the same, and others for another promotion of that name', (t) => {
  const long = `${'a'.repeat(23)}.${'b'.repeat(200)}`;
  t.regex(named(long, 'u') ?? '', /^a{23}-migrate-[0-9a-f]{8}$/);
  t.is(named('web', 'u'), named('web', 'u'));
  t.not(named('web', 'u'), named('web', 'v'));
});

const progress = (status: object): string => JSON.stringify(jobProgress(jobOf('j', spec(), now, status), []));

test('how far a Job is, as its controller says', (t) => {
  t.regex(progress({ active: 1, failed: 2 }), /Running.*1 of its pods run, 0 succeeded, 2 failed/);
  t.regex(progress(condition('Complete')), /Succeeded/);
  t.regex(progress({ conditions: [{ type: 'Failed', status: 'False' }] }), /Running/);
});
