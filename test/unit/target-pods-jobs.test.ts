/** Pods of what runs to an end: Jobs that a promotion brought, and those of CronJobs. They are judged by what was signed. */
import test from 'ava';
import { jobsOf } from '../../operator/promotions/decide/plan/index.ts';
import { outcomeEntry, sealRecord, type RecordEntry, type RecordSpec } from '../../operator/records/index.ts';
import type { CronJob, Job, Pod } from '../../operator/kube/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { obstacles } from '../../operator/targets/decide/inventory.ts';
import { unapprovedPods } from '../../operator/targets/decide/pods.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';
import { images, jobOf, keys, now, promotion, run, target, targetRef, voted, worldOfOne } from './promotion-world.ts';
import { adopted, controlledBy, fresh, neighbour, pod, protectedNamespace } from './target-world.ts';

const namesOf = (given: TargetWorld): readonly string[] =>
  unapprovedPods(given).map(({ pod: { metadata } }) => metadata.name);
const at = (milliseconds: number): string => new Date(now + milliseconds).toISOString();
const containers = (image: string): readonly object[] => [{ name: 'job', image }];

/** A target while a promotion's Job runs, or while people are still asked about it, with pods of that Job. */
function migrating(
  stage: 'asked' | 'approved',
  running: readonly string[],
  owner: (job: Job) => Job | undefined = (job) => job,
): TargetWorld {
  const template = { metadata: { labels: { app: 'job' } }, spec: { containers: containers(images.second) } };
  const manifest = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate' },
    spec: { completionMode: 'NonIndexed', template },
  };
  const own = promotion('web-42', { spec: { jobs: { before: [manifest] } } as never });
  const asked = run(
    worldOfOne({ promotion: own, jobs: jobsOf(own).map((job) => ({ ...job, planned: { spec: job.spec } })) }),
  ).world;
  const { jobs, lock, records } = stage === 'asked' ? asked : run(voted(asked, keys.alice)).world;
  const { job = '', spec = {} } = jobs[0] ?? {};
  const live = owner(jobOf(job, spec, now));
  const before = fresh({ namespace: protectedNamespace, lock, records, promotions: new Set(['web-42-uid']) });
  const pods = running.map((image) =>
    pod(
      {
        metadata: { name: image, uid: image, labels: { app: 'job', 'job-name': job } },
        spec: { containers: containers(image) },
      },
      controlledBy('Job', `${job}-uid`),
    ),
  );
  return {
    ...before,
    running: { ...before.running, owned: [...before.running.owned, ...(live === undefined ? [] : [live])], pods },
  };
}

test("a pod of a promotion's Job is what was signed for that Job, and nothing else", (t) => {
  t.deepEqual(namesOf(migrating('approved', [images.second])), []);
  t.deepEqual(namesOf(migrating('approved', [images.second, images.evil, images.first])), [images.evil, images.first]);
});

const renamed = (job: Job): Job => ({ ...job, metadata: { ...job.metadata, name: 'migrate' } });

const owned = (job: Job): Job => ({ ...job, metadata: { ...job.metadata, ...controlledBy('CronJob', 'any') } });
const ofAnotherKind = (job: Job): Job => ({ ...job, kind: 'ReplicaSet' }) as unknown as Job;

test('a Job that nobody signed approves no pod: one that is only asked about, one that is gone, one that is another', (t) => {
  const pods = [images.second];
  t.deepEqual(namesOf(migrating('asked', pods)), pods);
  t.deepEqual(namesOf(migrating('approved', pods, () => undefined)), pods);
  for (const other of [renamed, owned, ofAnotherKind])
    t.deepEqual(namesOf(migrating('approved', pods, other)), pods, other.name);
});

test('a Job keeps its name from round to round: each content that was approved under it may run, no other one', (t) => {
  const first = migrating('approved', [images.second, images.first, images.evil]);
  const round = first.records.findLast(({ type }) => type === 'Round')!;
  const { sequence: _sequence, digest: _digest, previous: _previous, target: _target, ...entry } = round;
  const jobs = round.jobs?.map((job) => ({
    ...job,
    spec: {
      ...job.spec,
      template: { ...(job.spec['template'] as object), spec: { containers: containers(images.first) } },
    },
  }));
  const again = sealRecord(targetRef, first.records, { ...entry, jobs });
  const asked = [...first.records, again];
  t.deepEqual(namesOf({ ...first, records: asked }), [images.first, images.evil]);
  const { promotion: about } = round;
  const told = { now, round: again, result: 'Approved' as const, reason: 'QuorumReached' as const, message: '' };
  const approval = sealRecord(targetRef, asked, outcomeEntry({ ...told, promotion: about! }));
  t.deepEqual(namesOf({ ...first, records: [...asked, approval] }), [images.evil]);
  const refusal = sealRecord(targetRef, asked, outcomeEntry({ ...told, promotion: about!, result: 'Rejected' }));
  t.deepEqual(namesOf({ ...first, records: [...asked, refusal] }), [images.first, images.evil], 'it was rejected');
});

test("a neighbour's Job is judged by the neighbour's chain, and only by one that holds", (t) => {
  const web = migrating('approved', [images.second, images.evil]);
  const neighbourOf = (chain: TargetWorld['records']): TargetWorld => ({
    ...web,
    target: neighbour.target,
    others: [web.target],
    records: [],
    otherChains: new Map([['web', chain]]),
  });
  t.deepEqual(namesOf(neighbourOf(web.records)), [images.evil]);
  t.deepEqual(
    namesOf({ ...neighbourOf(web.records), others: [] }),
    [images.second, images.evil],
    'nobody answers for it',
  );
  t.deepEqual(namesOf(neighbourOf([])), [images.second, images.evil]);
  const forged = web.records.map((record) => (record.jobs === undefined ? record : { ...record, time: at(1000) }));
  t.deepEqual(namesOf(neighbourOf(forged)), [images.second, images.evil], 'somebody changed the record');
});

/** What stands in the way of the neighbour, or of what its own target names beside what it has. */
const told = (given: TargetWorld): string | undefined => obstacles(given)?.reason;
/** The neighbour before it is taken over, beside such a target. */
const beside = (web: TargetWorld): TargetWorld => {
  const others = web.running.owned.filter(({ kind }) => kind === 'Job');
  return {
    ...web,
    target: neighbour.target,
    others: [web.target],
    records: [],
    otherChains: new Map([['web', web.records]]),
    workloads: [{ ...neighbour.key, live: neighbour.live }],
    running: {
      ...web.running,
      workloads: [...web.running.workloads, { ...neighbour.key, live: neighbour.live }],
      others: others.map(({ kind, metadata: { name } }) => ({ kind, name })),
    },
  };
};

test('a finished Job that people signed stands in the way of nobody who is taken over beside it; its like does', (t) => {
  const web = migrating('approved', [images.second]);
  t.is(told(beside(web)), undefined);
  t.is(told({ ...beside(web), otherChains: new Map() }), 'UnnamedWorkloads', 'whose chain nobody knows');
  t.is(told(beside(migrating('approved', [images.second], owned))), 'UnnamedWorkloads', 'that a CronJob made');
  t.is(told(beside(migrating('approved', [images.second], renamed))), 'UnnamedWorkloads', 'under another name');
  t.is(told(beside(migrating('asked', [images.second]))), 'UnnamedWorkloads', 'that people were only asked about');
  t.is(told(beside(migrating('approved', [images.evil]))), 'ForeignPods', 'whose pod runs something else');

  const more = {
    ...web.target,
    spec: { ...web.target.spec, workloads: [...web.target.spec.workloads, neighbour.key] },
  };
  const { others: _others, otherChains: _chains, ...grown } = beside(web);
  const own = { ...grown, target: more, others: [], otherChains: new Map(), records: web.records };
  t.is(told(own), undefined, 'one more workload of the same target');
});

const nightly = (image: string): CronJob =>
  ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly', namespace: 'shop', uid: 'nightly-uid' },
    spec: {
      schedule: '0 3 * * *',
      jobTemplate: {
        spec: { template: { metadata: { labels: { app: 'nightly' } }, spec: { containers: containers(image) } } },
      },
    },
  }) as unknown as CronJob;
const key = { kind: 'CronJob', name: 'nightly' } as const;
const contentOf = (image: string): NonNullable<RecordSpec['currentSpecs']>[number] => {
  const { spec = {} } = nightly(image);
  return { ...key, digest: specDigest('CronJob', spec), spec: { ...approvedSpec('CronJob', spec) } };
};

/** A CronJob whose second image was approved just now, with a pod of such an image that a Job of it made then. */
function scheduled(image: string, made: string | undefined): TargetWorld {
  const records: RecordSpec[] = [];
  const append = (entry: RecordEntry): RecordSpec => records[records.push(sealRecord(targetRef, records, entry)) - 1]!;
  append({ type: 'Adopted', time: at(-86_400_000), currentSpecs: [contentOf(images.first)] });
  const about = { namespace: 'shop', name: 'web-42', uid: 'web-42-uid' };
  const round = append({
    type: 'Round',
    time: at(-3_600_000),
    promotion: about,
    round: { nonce: 'n', openedAt: at(-3_600_000), notAfter: at(3_600_000) },
    currentSpecs: [contentOf(images.first)],
    desiredSpecs: [contentOf(images.second)],
  });
  const told = { now, promotion: about, round, reason: 'QuorumReached' as const, message: '' };
  append(outcomeEntry({ ...told, result: 'Approved' }));
  const live = nightly(images.second);
  const owned = {
    ...jobOf('nightly-1', {}, now),
    metadata: { name: 'nightly-1', uid: 'job-uid', ...controlledBy('CronJob', 'nightly-uid') },
  };
  const labels = { app: 'nightly', 'job-name': 'nightly-1' };
  const running: Pod = pod(
    { metadata: { name: image, uid: image, labels }, spec: { containers: containers(image) } },
    controlledBy('Job', 'job-uid'),
  );
  const { metadata } = running;
  const before = fresh({
    target: target({ workloads: [key] }),
    namespace: protectedNamespace,
    records,
    workloads: [{ ...key, live }],
    running: {
      workloads: [{ ...key, live }],
      others: [],
      owned: [owned],
      pods: [{ ...running, metadata: { ...metadata, ...(made !== undefined && { creationTimestamp: made }) } }],
    },
  });
  const current = { ...contentOf(images.second), role: 'Current' as const, target: 'web', record: 'web-000003' };
  const lock = adopted().lock!;
  return { ...before, lock: { ...lock, spec: { ...lock.spec, approved: [{ ...current, minReplicas: 0 }] } } };
}

test('a pod of a CronJob that began before other content was approved runs to its end', (t) => {
  t.deepEqual(namesOf(scheduled(images.second, at(60_000))), [], 'what is approved now runs whenever it was made');
  t.deepEqual(namesOf(scheduled(images.first, at(-60_000))), []);
  t.deepEqual(namesOf(scheduled(images.first, at(0))), [], 'at that very moment');
  t.deepEqual(namesOf(scheduled(images.first, at(1000))), [images.first], 'it was made afterwards');
});

test('a pod of a CronJob that was never approved, or that nobody knows the age of, has no end to wait for', (t) => {
  t.deepEqual(namesOf(scheduled(images.evil, at(-60_000))), [images.evil]);
  for (const unknown of [undefined, '', 'yesterday'])
    t.deepEqual(namesOf(scheduled(images.first, unknown)), [images.first], String(unknown));
});

test('before anything is decided about a CronJob no pod of it is approved', (t) => {
  t.deepEqual(namesOf({ ...scheduled(images.first, at(-60_000)), records: [] }), [images.first]);
});
