/** What StatefulSets and DaemonSets have beside what every kind has. */
import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import { workloadOf, type Progress, type WorkloadObject } from '../../operator/workloads/index.ts';
import { samples } from './workload-samples.ts';

const now = Date.parse('2026-11-21T10:00:00Z');

function scene(kind: 'StatefulSet' | 'DaemonSet', spec: object) {
  const { live, halfway, owned, pod } = samples[kind];
  const [before, applied] = [live('first', 1), live('second', 2)];
  const after: WorkloadObject = { ...halfway(applied), spec: { ...applied.spec, ...spec } };
  return {
    before,
    after,
    owned: owned([before, after]),
    old: (options = {}): Pod => pod(before, { name: 'web-0', ...options }),
    fresh: (options = {}): Pod => pod(after, { name: 'web-1', ...options }),
  };
}

function wordsOf(kind: 'StatefulSet' | 'DaemonSet', spec: object): string {
  const { after, owned, old, fresh } = scene(kind, spec);
  const pods = [old(), fresh()];
  const progress: Progress = workloadOf(kind).progress({ live: after, owned, pods, now, began: now, settle: 0 });
  return progress.state === 'Progressing' ? progress.message : progress.state;
}

test('a strategy that keeps old pods is no success, and is said in words', (t) => {
  for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
    t.is(wordsOf(kind, {}), '1 of 2 new pods exist');
    t.regex(wordsOf(kind, { updateStrategy: { type: 'OnDelete' } }), /OnDelete: somebody deletes pod web-0, then/);
  }
  const partition = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
  t.regex(wordsOf('StatefulSet', { updateStrategy: partition }), /keeps pods below ordinal 1 at the version before/);
  t.regex(wordsOf('StatefulSet', { updateStrategy: partition, ordinals: { start: 5 } }), /below ordinal 6 /);
  const none = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
  t.is(wordsOf('StatefulSet', { updateStrategy: none }), '1 of 2 new pods exist');
});

test('a StatefulSet is stuck on pods of other content that are not ready, and on no others', (t) => {
  const { after, owned, old, fresh } = scene('StatefulSet', {});
  const stuck = (pods: readonly Pod[], live = after): readonly string[] | undefined =>
    workloadOf('StatefulSet')
      .stuck({ live, owned, pods })
      ?.map(({ metadata }) => metadata.name);
  t.deepEqual(stuck([old({ ready: false }), fresh()]), ['web-0']);
  t.deepEqual(stuck([old(), fresh({ ready: false })]), [], 'a ready one, and one of its own content');
  t.deepEqual(stuck([old({ ready: false, deletionTimestamp: '2026-11-21T10:00:30Z' })]), [], 'it goes already');
  const foreign = old({ ready: false });
  const [owner] = foreign.metadata.ownerReferences ?? [];
  const another = { ...foreign, metadata: { ...foreign.metadata, ownerReferences: [{ ...owner!, uid: 'other' }] } };
  t.deepEqual(stuck([another]), [], "another's pod with the same labels");
  t.is(
    stuck([old({ ready: false })], samples.StatefulSet.unseen(after)),
    undefined,
    'its controller knows nothing yet',
  );
});

test('only a StatefulSet waits for pods: the others replace what is not ready', (t) => {
  const { after, owned, old } = scene('DaemonSet', {});
  t.deepEqual(workloadOf('DaemonSet').stuck({ live: after, owned, pods: [old({ ready: false })] }), []);
});

test('the pod of a StatefulSet has the identity and the claims of its name', (t) => {
  const template = {
    containers: [],
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ],
  };
  const content = { serviceName: 'db', volumeClaimTemplates: [{ metadata: { name: 'data' } }] };
  const { podSpec } = workloadOf('StatefulSet');
  t.deepEqual(podSpec(template, content, 'db-0'), {
    containers: [],
    hostname: 'db-0',
    subdomain: 'db',
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
      { name: 'tmp', emptyDir: {} },
    ],
  });
  t.is(workloadOf('DaemonSet').podSpec(template, content, 'x'), template);
});
