import test from 'ava';
import { livePodDifference, podDifference } from '../../operator/admission/index.ts';
import { inWords, jobWorkloads, podMakers, workloadOf } from '../../operator/workloads/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { samples } from './workload-samples.ts';

type Json = Readonly<Record<string, unknown>>;

const template = {
  metadata: { labels: { app: 'nightly' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'nightly', image: 'registry.example/web@sha256:aa' }] },
};
const entry = (job: Json = {}): Json => ({
  kind: 'CronJob',
  name: 'nightly',
  role: 'Current',
  spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template, ...job } } },
});
const pod = (metadata: Json = {}, spec: Json = {}): Json => ({
  metadata: {
    name: 'nightly-1-x',
    generateName: 'nightly-1-',
    labels: { app: 'nightly', 'job-name': 'nightly-1', 'batch.kubernetes.io/controller-uid': 'u' },
    ...metadata,
  },
  spec: { ...template.spec, ...spec },
});
const numbered = (fieldPath: string): Json => ({
  containers: [
    {
      ...template.spec.containers[0],
      env: [{ name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }],
    },
  ],
});
const NUMBER = "metadata.labels['batch.kubernetes.io/job-completion-index']";

test('a pod of a Job is compared with the template of its CronJob, new or running', (t) => {
  for (const differs of [podDifference, livePodDifference]) {
    t.is(differs(pod(), [entry()]), undefined);
    t.regex(String(differs(pod({}, { hostNetwork: true }), [entry()])), /pod fields differ: hostNetwork/);
    t.regex(String(differs(pod({ labels: { app: 'nightly', tier: 'web' } }), [entry()])), /labels differ: tier/);
    t.regex(String(differs(pod({ annotations: { evil: 'yes' } }), [entry()])), /annotations differ: evil/);
    const bare = { ...entry(), spec: { jobTemplate: { spec: { template: { spec: template.spec } } } } };
    t.is(differs(pod({ labels: { 'job-name': 'nightly-1' } }), [bare]), undefined, 'a template without metadata');
  }
});

test('labels of Jobs are for their pods alone', (t) => {
  const web = { kind: 'Deployment', name: 'nightly', role: 'Current', spec: { template } };
  t.regex(String(podDifference(pod(), [web])), /labels differ/);
});

test('pods of an indexed Job have a number and a name of it, and no others have', (t) => {
  const indexed = entry({ completionMode: 'Indexed' });
  const spec = { hostname: 'nightly-1-0', ...numbered(NUMBER) };
  const metadata = { generateName: 'nightly-1-0-' };
  t.is(podDifference(pod(metadata, spec), [indexed]), undefined);
  t.regex(String(podDifference(pod(metadata, spec), [entry()])), /hostname/);
  t.regex(String(podDifference(pod(metadata, { ...spec, hostname: 'web' }), [indexed])), /hostname/);
  t.regex(String(podDifference(pod(metadata, numbered('metadata.name')), [indexed])), /containers differ/);
});

test('a CronJob has no rollout: what stands is done, and no pod of it is waited for', (t) => {
  const row = workloadOf('CronJob');
  const live = samples.CronJob.live('first', 1);
  const input = { live, owned: [], pods: [], now: 0, began: 0, settle: 30_000 };
  t.deepEqual(row.progress(input), { state: 'Complete' });
  t.deepEqual(row.stuck(input), []);
  t.like(row.standing(live), { observed: true, wanted: 0 });
  t.false(row.isOfNewest({ metadata: { name: 'nightly-1-x' } } as Pod, live, []));
  t.deepEqual(row.podOrigin(live, []), { labels: {}, owner: undefined });
});

test('kinds are a list in a sentence, be it one', (t) => {
  t.is(inWords(jobWorkloads, 'or'), 'CronJob');
  t.is(inWords(podMakers.slice(0, 3), 'or'), 'Deployment, ReplicaSet or StatefulSet');
});
