/** Rollouts that somebody else applies, as plain data: what opens, what is waited for, what closes. */
import test from 'ava';
import { contentsOf, entryFault, objectsOf } from '../../operator/lock/index.ts';
import { objectWorld } from './object-world.ts';
import {
  after,
  decide,
  deployment,
  factsOf,
  images,
  keys,
  promotion,
  run,
  shop,
  statusOf,
  target,
  until,
  voted,
  withLive,
  withObject,
  withRunning,
  world,
  type Scene,
} from './promotion-world.ts';
import { allRunning } from './promotion-pods.ts';
import { decideTarget, fresh, protectedNamespace, settle } from './target-world.ts';

const external = target({ apply: 'External' });
const hours = (count: number): number => count * 3_600_000;
const open = (scene: Scene): Scene => until(voted(run(scene).world, keys.alice), 'OpenLock');
const opened = (): Scene => open(world({ target: external }));

/** Somebody applies what was signed for a workload. */
function brought(scene: Scene, name: string): Scene {
  const spec = scene.records
    .findLast(({ type }) => type === 'Round')
    ?.desiredSpecs?.find((each) => each.name === name)?.spec;
  return after(scene, { do: 'Apply', workload: { kind: 'Deployment', name }, spec: { ...spec } });
}
const closed = ({ lock }: Scene): readonly (string | undefined)[] =>
  (lock?.spec.approved ?? []).flatMap(({ name, role, closed: why }) =>
    why === undefined ? [] : [`${name}/${role} ${why}`],
  );
const sound = ({ lock, records }: Scene): readonly (string | undefined)[] =>
  (lock?.spec.approved ?? []).flatMap((entry) => entryFault(entry, records) ?? []);
const crashed = (scene: Scene, name: string): Scene => {
  const live = scene.workloads.find((workload) => workload.name === name)?.live;
  return withLive(scene, {
    ...live!,
    status: {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 1,
      availableReplicas: 2,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '' }],
    },
  });
};

/** What the target's controller makes of how a promotion left things. */
function kept(end: Scene): ReturnType<typeof settle> {
  return settle(
    fresh({
      target: end.target!,
      namespace: protectedNamespace,
      lock: end.lock,
      records: end.records,
      workloads: end.workloads,
      objects: end.objects,
    }),
  );
}

test('the lock opens and nothing is applied: what was signed is waited for, then verified like any other', (t) => {
  const waiting = opened();
  const { verdict } = decide(waiting);
  t.like(verdict, { phase: 'RollingOut', reason: 'AwaitingApply', action: undefined, requeueAfter: hours(1) });
  t.regex(verdict.message, /the lock is open until 2026-11-21T11:00:00Z: Deployment\/web has what it had before/);
  t.is(verdict.why?.length, 2);
  t.is(statusOf(waiting).rollout?.workloads?.[0]?.message, 'whoever applies it has not brought it yet');
  const half = brought(waiting, 'web');
  t.is(decide(half).verdict.reason, 'AwaitingApply');
  const { decision, done } = run(brought(half, 'api'));
  t.deepEqual(done, ['Completed']);
  t.is(decision.verdict.phase, 'Completed');
});

const slow = (scene: Scene): Scene =>
  ['web', 'api'].reduce((all, name) => {
    const live = all.workloads.find((workload) => workload.name === name)?.live;
    const status = { observedGeneration: 1, replicas: 3, updatedReplicas: 1, availableReplicas: 2 };
    return withLive(all, { ...live!, status });
  }, scene);

/** What the process that opens the lock applies at once. */
function appliedAtOnce(scene: Scene): readonly string[] {
  let current = voted(run(scene).world, keys.alice);
  for (;;) {
    const { action } = decide(current).verdict;
    if (action === undefined) throw new Error('the lock does not open');
    if (action.do === 'OpenLock') return action.apply.map(({ do: what }) => what);
    current = after(current, action);
  }
}

test('who opens the lock for others applies nothing, and what was signed where nobody else applies it', (t) => {
  t.deepEqual(appliedAtOnce(world({ target: external })), []);
  t.deepEqual(appliedAtOnce(world({})), ['Apply', 'Apply']);
});

test('time for a rollout begins when all of it has arrived, and is kept over restarts', (t) => {
  const waiting = opened();
  const arrived = slow(brought(brought({ ...waiting, now: waiting.now + hours(0.9) }, 'web'), 'api'));
  const status = statusOf(arrived);
  t.is(status.rollout?.appliedAt, '2026-11-21T10:54:00Z');
  const later = { ...arrived, promotion: { ...arrived.promotion, status }, now: arrived.now + 9 * 60_000 };
  t.is(decide(later).verdict.phase, 'Verifying');
  t.is(statusOf(later).rollout?.appliedAt, '2026-11-21T10:54:00Z');
  t.is(decide({ ...later, now: arrived.now + 10 * 60_000 }).verdict.reason, 'ProgressDeadlineExceeded');
});

test('at the deadline the rest is closed first, then recorded as Failed; what arrived stays approved', (t) => {
  const half = { ...brought(opened(), 'web'), now: opened().now + hours(1) };
  const { world: end, decision, done } = run(half);
  t.deepEqual(done, ['CloseLock', 'Failed']);
  t.is(decision.verdict.reason, 'NotApplied');
  t.regex(
    decision.verdict.message,
    /^Deployment\/api did not arrive in the time to apply .* Deployment\/web arrived and stays approved$/,
  );
  t.deepEqual(closed(end), ['api/Current Late']);
  t.deepEqual(
    end.records.at(-1)?.outcome?.changes?.map(({ name }) => name),
    ['web'],
  );
  t.deepEqual(sound(end), []);

  // The process was killed between the two.
  const closing = until(half, 'CloseLock');
  t.deepEqual(run(closing).done, ['Failed']);
  // What came in the very last moment came.
  t.is(decide(brought(closing, 'api')).verdict.phase, 'Completed');

  const { world: target, done: did } = kept(end);
  t.true(did.includes('WriteLock'));
  t.false(did.includes('RolledBack'), 'nobody rolled anything back');
  const { lock, records } = target;
  t.deepEqual(
    lock?.spec.approved.map(({ name, role, closed: why }) => [name, role, why]),
    [
      ['api', 'Current', undefined],
      ['web', 'Current', undefined],
      ['web', 'Fallback', undefined],
    ],
  );
  const { current } = contentsOf(lock!.spec, { kind: 'Deployment', name: 'api' });
  t.true(JSON.stringify(current?.spec).includes(images.first));
  t.deepEqual(
    lock!.spec.approved.flatMap((entry) => entryFault(entry, records) ?? []),
    [],
  );
});

test('what arrived and fails is taken back at once, with the lock closed before, also by a successor', (t) => {
  const failing = crashed(brought(opened(), 'web'), 'web');
  const { decision, done } = run(failing);
  t.deepEqual(done.slice(0, 2), ['CloseLock', 'RollBack']);
  t.is(done.at(-1), 'RolledBack');
  t.is(decide(failing).verdict.reason, 'ProgressDeadlineExceeded');
  t.regex(decision.verdict.message, /bring Git back to what runs$/);
  const killed = until(failing, 'CloseLock');
  t.deepEqual(closed(killed), ['api/Current TakenBack', 'web/Current TakenBack']);
  const successor = { ...killed, takenBackFor: undefined };
  t.is(decide(successor).verdict.action?.do, 'RollBack');
  // Long after the deadline too: it is not taken for one that came too late.
  t.is(run({ ...successor, now: successor.now + hours(2) }).done.at(-1), 'RolledBack');
});

test('without automatic rollback what fails stays, and is called Failed', (t) => {
  const rollback = { automatic: false, progressDeadline: '10m', settle: '30s' };
  const scene = open(world({ target: target({ apply: 'External', rollback }) }));
  t.deepEqual(run(crashed(brought(scene, 'web'), 'web')).done, ['Failed']);
});

test('nothing arrived: all is closed, and production is what it was', (t) => {
  const { world: end, done } = run({ ...opened(), now: opened().now + hours(1) });
  t.deepEqual(done, ['CloseLock', 'Failed']);
  t.deepEqual(end.records.at(-1)?.outcome?.changes, []);
  const { world: target } = kept(end);
  t.true(target.lock!.spec.approved.every(({ role, closed: why }) => role === 'Current' && why === undefined));
});

const api = { kind: 'Deployment', name: 'api' } as const;
function removing(): Scene {
  const [web, worker] = shop();
  return world({
    target: external,
    promotion: promotion('web-42', { spec: { removes: [api] } }),
    workloads: factsOf([web!, { ...worker!, metadata: { ...worker!.metadata, uid: 'api-uid' } }]).map((workload) =>
      workload.name === 'api' ? { ...workload, planned: undefined } : workload,
    ),
  });
}
const gone = (scene: Scene): Scene => ({
  ...scene,
  workloads: scene.workloads.map((workload) => (workload.name === 'api' ? { ...api, live: undefined } : workload)),
});

test('what leaves is marked for whoever deletes it, and nobody deletes it once it came too late', (t) => {
  const { world: waiting, done } = run(open(removing()));
  t.deepEqual(done, ['Mark']);
  t.is(
    waiting.workloads.find(({ name }) => name === 'api')?.live?.metadata.labels?.['twinlock.dev/removed-by'],
    'web-42',
  );
  t.is(run(gone(brought(waiting, 'web'))).done.at(-1), 'Completed');

  const late = run({ ...brought(waiting, 'web'), now: waiting.now + hours(1) });
  t.deepEqual(late.done, ['CloseLock', 'Mark', 'Failed']);
  t.deepEqual(closed(late.world), ['api/Fallback Late']);
  t.is(
    late.world.workloads.find(({ name }) => name === 'api')?.live?.metadata.labels?.['twinlock.dev/removed-by'],
    undefined,
  );
  const { world: target, done: did } = kept(late.world);
  t.false(did.includes('RolledBack'));
  const { current, fallback } = contentsOf(target.lock!.spec, api);
  t.is(fallback, undefined);
  t.is(current?.closed, undefined);
});

test('where the rest fails what was deleted is made again', (t) => {
  const { world: waiting } = run(open(removing()));
  const failing = crashed(brought(gone(waiting), 'web'), 'web');
  t.is(run(failing).done.at(-1), 'RolledBack');
  t.true(run(failing).world.workloads.every(({ live }) => live !== undefined));
});

function creating(): Scene {
  const [web] = shop();
  const desired = deployment(images.second, {}, '1', 'api');
  const objects = [deployment(images.second), desired].map(({ apiVersion, kind, metadata: { name }, spec }) => ({
    apiVersion,
    kind,
    metadata: { name },
    spec,
  }));
  const base = world({ workloads: factsOf([web!]) });
  return world({
    ...base,
    target: external,
    promotion: promotion('web-42', { spec: { objects: objects as never } }),
    workloads: [...factsOf([web!]), { ...api, live: undefined, planned: { spec: { ...desired.spec } } }],
  });
}

test('what is created and never came is not approved any more, and its target waits for it as before', (t) => {
  const waiting = open(creating());
  const late = run({ ...brought(waiting, 'web'), now: waiting.now + hours(1) });
  t.deepEqual(late.done, ['CloseLock', 'Failed']);
  const { world: target } = kept(late.world);
  t.false(target.lock!.spec.approved.some(({ name }) => name === 'api'));
  t.not(decideTarget(target).reason, 'WorkloadMissing');
});

test('what was created by somebody and fails is taken away', (t) => {
  const waiting = brought(open(creating()), 'web');
  const live = deployment(images.second, {}, '1', 'api');
  const made = withRunning(waiting, { ...live, metadata: { ...live.metadata, uid: 'api-uid' } }, allRunning(live));
  const { done, world: end } = run(crashed(made, 'api'));
  t.is(done.at(-1), 'RolledBack');
  t.true(done.includes('Remove'));
  t.is(end.workloads.find(({ name }) => name === 'api')?.live, undefined);
});

const entry = (manager: string, operation: string, fields: object): object => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': fields },
  time: '2026-11-21T09:00:00Z',
});
const owned = (...managedFields: readonly object[]): Scene => {
  const scene = opened();
  const live = scene.workloads[0]!.live!;
  return withRunning(scene, { ...live, metadata: { ...live.metadata, managedFields: managedFields as never } });
};

test('what the process wrote once is handed to who applies by server-side apply, and to nobody else', (t) => {
  const ours = entry('twinlock-promotions', 'Update', { 'f:template': { 'f:a': {} } });
  const theirs = entry('kustomize-controller', 'Apply', { 'f:template': { 'f:b': {} } });
  const { world: given, done } = run(owned(ours, theirs));
  t.deepEqual(done, ['HandOver']);
  t.deepEqual(given.workloads[0]?.live?.metadata.managedFields as unknown, [
    entry('kustomize-controller', 'Apply', { 'f:template': { 'f:a': {}, 'f:b': {} } }),
  ]);
  t.deepEqual(run(owned(ours)).done, []);
  t.deepEqual(run(owned(theirs, entry('kubectl-edit', 'Update', {}))).done, []);
});

test('objects are waited for like workloads, looked at now and then, and closed like them', (t) => {
  const key = { kind: 'ConfigMap', name: 'web' } as const;
  const given = objectWorld({
    objects: [{ ...key, before: { data: { MODE: 'old' } }, after: { data: { MODE: 'new' } } }],
  });
  const scene = {
    ...given,
    target: given.target && { ...given.target, spec: { ...given.target.spec, apply: 'External' as const } },
  };
  const waiting = open(scene);
  t.like(decide(waiting).verdict, { reason: 'AwaitingApply', requeueAfter: 5000 });
  const late = run({ ...brought(waiting, 'web'), now: waiting.now + hours(1) });
  t.deepEqual(late.done, ['CloseLock', 'Failed']);
  t.is(objectsOf(late.world.lock!.spec, key).current?.closed, 'Late');
  const { world: target } = kept(late.world);
  t.like(objectsOf(target.lock!.spec, key), {
    fallback: undefined,
    current: { content: { data: { MODE: 'old' } }, closed: undefined },
  });
  const arrived = withObject(brought(waiting, 'web'), key, { data: { MODE: 'new' } });
  t.deepEqual(run(arrived).done, ['Completed']);
});
