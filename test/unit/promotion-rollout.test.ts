import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import { allRunning, podOf } from './promotion-pods.ts';
import { samples } from './workload-samples.ts';
import {
  after,
  decide,
  deployment,
  images,
  keys,
  now,
  run,
  target,
  voted,
  withLive,
  withRunning,
  world,
  type Scene,
} from './promotion-world.ts';

/** A world in which the lock is open and the content applied. */
function rolling(changes: Partial<Scene> = {}): Scene {
  const { world: open } = run(world(changes));
  let current = voted(open, keys.alice);
  for (const expected of ['Append', 'OpenLock', 'Apply', 'Apply']) {
    const { action } = decide(current).verdict;
    if (action?.do !== expected) throw new Error(`${action?.do ?? 'nothing'} instead of ${expected}`);
    current = after(current, action);
  }
  return current;
}

const live = (given: Scene): NonNullable<Scene['workloads'][number]['live']> => given.workloads[0]!.live!;

test('a rollout is complete when every pod is new and available, and no earlier', (t) => {
  const applied = rolling();
  for (const status of [
    { observedGeneration: 0, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    { observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    { observedGeneration: 1, replicas: 3, updatedReplicas: 2, availableReplicas: 3 },
    { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
  ])
    t.is(decide(withLive(applied, { ...live(applied), status })).verdict.phase, 'Verifying');
  t.is(decide(applied).verdict.phase, 'Completed');
});

test('a ready pod of another template keeps a rollout from being complete', (t) => {
  const applied = rolling();
  const withPod = (pod: Pod): Scene => {
    const { owned, pods } = allRunning(live(applied));
    return withRunning(applied, live(applied), { owned, pods: [...pods, pod] });
  };
  const old = deployment(images.first);
  t.is(decide(withPod(podOf(old))).verdict.phase, 'Verifying');
  t.is(decide(withPod(podOf(live(applied), { name: 'another' }))).verdict.phase, 'Completed');
  t.is(decide(withPod(podOf(old, { of: 'api' }))).verdict.phase, 'Completed', 'it is of another workload');
  const leaving = podOf(old, { deletionTimestamp: '2026-11-21T10:30:00Z' });
  t.is(decide(withPod(leaving)).verdict.phase, 'Completed', 'it is on its way out and takes no traffic');
});

const failed = (given: Scene): Scene =>
  withLive(given, {
    ...live(given),
    status: {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 1,
      availableReplicas: 2,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '' }],
    },
  });

test('a rollout that fails is taken back to the fallback, then recorded', (t) => {
  const { verdict } = decide(failed(rolling()));
  t.is(verdict.action?.do, 'RollBack');
  t.is(verdict.reason, 'ProgressDeadlineExceeded');
  const back = after(failed(rolling()), verdict.action!);
  const { done, decision } = run(withLive(back, { ...live(back), metadata: deployment('', {}, '3').metadata }));
  t.deepEqual(done, ['RollBack', 'RolledBack'], 'the other workload goes back too');
  t.is(decision.verdict.phase, 'RolledBack');
});

test('without automatic rollback a rollout that fails stays, and is called Failed', (t) => {
  const { done } = run(
    failed(rolling({ target: target({ rollback: { automatic: false, progressDeadline: '10m', settle: '30s' } }) })),
  );
  t.deepEqual(done, ['Failed']);
});

test("the target's own deadline counts where the Deployment's is longer", (t) => {
  const slow = rolling();
  const hanging = withLive(slow, {
    ...live(slow),
    status: { observedGeneration: 1, replicas: 3, updatedReplicas: 1, availableReplicas: 2 },
  });
  t.is(decide(hanging).verdict.phase, 'Verifying');
  t.is(decide({ ...hanging, now: now + 600_000 }).verdict.action?.do, 'RollBack');
});

test('an undo during the rollout is not fought: it ends the promotion', (t) => {
  const applied = rolling();
  const undone = withLive(applied, deployment(images.first, {}, '3'));
  const { done, decision } = run(undone);
  t.deepEqual(done, ['RollBack', 'RolledBack'], 'the other workload goes back too');
  t.is(decision.verdict.reason, 'Undone');
});

test('content that was never applied is applied, also by a successor', (t) => {
  const applied = rolling();
  t.is(decide(withLive(applied, deployment(images.first, {}, '1'))).verdict.action?.do, 'Apply');
});

test('content that could not be applied before the deadline is given up, with production as it was', (t) => {
  const applied = rolling();
  const late = { ...withLive(applied, deployment(images.first, {}, '1')), now: now + 600_000 };
  t.is(decide(late).verdict.reason, 'NotApplied');
  const alone = withLive(late, deployment(images.first, {}, '1', 'api'));
  const { done, decision } = run(alone);
  t.deepEqual(done, ['RolledBack']);
  t.is(decision.verdict.reason, 'NotApplied');
  t.deepEqual(run(late).done, ['RollBack', 'RolledBack'], 'what was applied of another workload goes back');
});

test('content that nobody approved stops a rollout, and nothing is written over it', (t) => {
  const applied = rolling();
  const { verdict } = decide(withLive(applied, deployment(images.evil, {}, '3')));
  t.is(verdict.reason, 'Tampered');
  t.is(verdict.action, undefined);
});

test('a Deployment that is deleted during its rollout fails it', (t) => {
  t.deepEqual(run(withLive(rolling(), undefined)).done, ['Failed']);
});

const asSet = <Named extends { readonly kind: string; readonly name: string }>(each: Named): Named =>
  each.name === 'web' ? { ...each, kind: 'StatefulSet' } : each;

/** A StatefulSet whose fallback is live again, and whose last pod hangs with the content that was taken back. */
function hanging(changes: Partial<Scene> = {}, generation = 1): Scene {
  const applied = rolling(changes);
  const { live: made, owned, pod } = samples.StatefulSet;
  const [first, second, third] = [made('first', 1), made('second', 2), made('first', 3)];
  const set = { ...third, metadata: { ...third.metadata, generation } };
  const hangs = pod(second, { name: 'web-1', ready: false });
  const pods = [pod(first, { name: 'web-0' }), { ...hangs, metadata: { ...hangs.metadata, uid: 'hangs' } }];
  const undone = withLive(applied, deployment(images.first, {}, '3', 'api'));
  return {
    ...undone,
    lock: { ...undone.lock!, spec: { ...undone.lock!.spec, approved: undone.lock!.spec.approved.map(asSet) } },
    records: undone.records.map((record) => ({
      ...record,
      ...(record.currentSpecs && { currentSpecs: record.currentSpecs.map(asSet) }),
      ...(record.desiredSpecs && { desiredSpecs: record.desiredSpecs.map(asSet) }),
      ...(record.outcome?.changes && {
        outcome: { ...record.outcome, changes: record.outcome.changes.map(asSet) },
      }),
    })),
    workloads: undone.workloads.map((workload) =>
      workload.name === 'web'
        ? {
            ...asSet(workload),
            live: { ...set, spec: deployment(images.first).spec },
            owned: owned([second, third]),
            pods,
          }
        : workload,
    ),
  };
}

test('a pod for which the controller waits is deleted, once that has seen the fallback, and then it is over', (t) => {
  const { verdict } = decide(hanging());
  t.like(verdict.action, { do: 'DeletePods', pods: [{ name: 'web-1', uid: 'hangs' }] });
  t.deepEqual(run(hanging()).done, ['DeletePods', 'RolledBack']);
  const unseen = decide(hanging({}, 2)).verdict;
  t.is(unseen.action, undefined);
  t.regex(unseen.message, /statefulset controller has not seen yet that StatefulSet\/web has its fallback/);
  t.true((unseen.requeueAfter ?? 0) > 0);
});

test('without automatic rollback no pod is deleted', (t) => {
  const byHand = target({ rollback: { automatic: false, progressDeadline: '10m', settle: '30s' } });
  t.deepEqual(run(hanging({ target: byHand })).done, ['RolledBack']);
});
