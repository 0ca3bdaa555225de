/** Entries of Jobs in a lock: one for each Job whose step runs, with what its target lets others add. */
import test from 'ava';
import { holdsJob, withJob, withJobs, type LockSpec } from '../../operator/lock/index.ts';
import type { RecordedJob } from '../../operator/records/index.ts';
import { jobDigest } from '../../operator/workloads/index.ts';
import { target } from './promotion-world.ts';

const empty: LockSpec = { liveAccess: 'Deny', approved: [] };
const spec = { template: { spec: { containers: [{ name: 'job', image: 'a' }] } } };
const signed = (job: string): RecordedJob => ({ name: job, job, when: 'before', digest: jobDigest(spec), spec });

test('the entry of a Job says what was signed, its record, and of its target what is written there', (t) => {
  const entry = {
    kind: 'Job' as const,
    name: 'migrate',
    digest: jobDigest(spec),
    target: 'web',
    record: 'web-000003',
    spec,
  };
  t.deepEqual(withJob(empty, target(), signed('migrate'), 'web-000003').jobs, [entry]);
  const injected = [{ container: 'istio-proxy', imagePrefix: 'docker.io/istio/' }];
  const mutations = [{ field: 'Annotations' as const, names: ['mesh/*'] }];
  t.deepEqual(withJob(empty, target({ injected, mutations }), signed('migrate'), 'web-000003').jobs, [
    { ...entry, injected, mutations },
  ]);
});

test('opening the lock for one Job leaves it open for the others, and opens it once for each', (t) => {
  const first = withJob(empty, target(), signed('migrate'), 'web-000003');
  const both = withJob(first, target(), signed('seed'), 'web-000003');
  t.deepEqual(
    both.jobs?.map(({ name }) => name),
    ['migrate', 'seed'],
  );
  t.deepEqual(
    withJob(both, target(), signed('seed'), 'web-000005').jobs?.map(({ record }) => record),
    ['web-000003', 'web-000005'],
  );
  t.true(holdsJob(both, 'migrate'));
  t.false(holdsJob(first, 'seed'));
  t.false('jobs' in withJobs(both, []), 'and without any it says nothing of Jobs');
});
