import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { WorkloadState } from '../../operator/promotions/decide/index.ts';
import type { WorkloadObject } from '../../operator/workloads/index.ts';
import { podOf } from './promotion-pods.ts';
import {
  after,
  decide,
  deployment,
  images,
  keys,
  liveOf,
  now,
  run,
  target,
  until,
  voted,
  withLive,
  withRunning,
  world,
  worldOfOne,
  type Scene,
} from './promotion-world.ts';

const MINUTE = 60_000;
const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const applied = (changes: Partial<Scene> = {}): Scene =>
  until(voted(run(world(changes)).world, keys.alice), 'Apply', 2);
const appliedOne = (changes: Partial<Scene> = {}): Scene =>
  until(voted(run(worldOfOne(changes)).world, keys.alice), 'Apply');
const manual = target({ rollback: { automatic: false, progressDeadline: '10m', settle: '30s' } });
const counts = (given: Scene, status: object, name = 'web'): WorkloadObject => ({
  ...liveOf(given, name),
  status: { observedGeneration: 1, ...status },
});
const hanging = { replicas: 3, updatedReplicas: 1, availableReplicas: 2 };
const dead = {
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '' }],
};
const fallback = (name = 'web', revision = '3') => deployment(images.first, {}, revision, name);
const states = (given: Scene): readonly WorkloadState[] => decide(given).verdict.rollout?.workloads ?? [];
const settling = (given: Scene, since: number, name = 'web'): Scene =>
  withRunning(given, liveOf(given, name), {
    pods: [1, 2].map((index) =>
      podOf(liveOf(given, name), { name: `${name}-${index}`, since: time(now + since * 1000) }),
    ),
  });

test('each state of a workload has its words', (t) => {
  const stateOf = (live: WorkloadObject | undefined): string => {
    const { state, message } = states(withLive(applied(), live))[0]!;
    return `${state}: ${message}`;
  };
  t.is(stateOf(fallback('web', '1')), 'Pending: it is changed next');
  t.is(stateOf(fallback()), 'RolledBack: it has its fallback again');
  t.is(stateOf(undefined), 'Failed: it does not exist');
  t.is(stateOf({ ...fallback(), spec: undefined }), 'Failed: it does not exist');
  t.is(stateOf(deployment(images.evil)), 'Failed: it has content that nobody approved');
  t.is(states(applied())[0]?.message, 'it runs what was signed, and nothing else is ready');
  t.regex(stateOf(counts(applied(), hanging)), /^Applied: /);
  t.regex(stateOf(counts(applied(), { ...hanging, ...dead })), /^Failed: /);
});

test('a workload that is deleted ends it, and those that keep the new content are named', (t) => {
  const { message } = decide(withLive(applied(), undefined)).verdict;
  t.is(message, 'Deployment/web was deleted while it was rolled out; Deployment/api keeps the new content');
  const alone = decide(withLive(appliedOne(), undefined)).verdict;
  t.is(alone.message, 'Deployment/web was deleted while it was rolled out');
  t.is(alone.action?.do === 'Append' ? alone.action.entry.outcome?.result : undefined, 'Failed');
});

test('without automatic rollback what fails keeps the new content, every workload of it', (t) => {
  const given = applied({ target: manual });
  const { message, reason } = decide(withLive(given, counts(given, { ...hanging, ...dead }))).verdict;
  t.is(reason, 'ProgressDeadlineExceeded');
  t.regex(message, /^Deployment\/web: .+; Deployment\/web, Deployment\/api keep the new content$/);
});

test('without automatic rollback an undo of one workload leaves the others as they are', (t) => {
  const { verdict } = decide(withLive(applied({ target: manual }), fallback()));
  t.is(verdict.phase, 'RolledBack');
  t.regex(
    verdict.message,
    /^the fallback of Deployment\/web is live again, put back by .+; Deployment\/api keeps the new content$/,
  );
});

test('without a fallback nothing is put back: it has failed, and says so', (t) => {
  const given = applied();
  const lock = given.lock!;
  const approved = lock.spec.approved.filter(({ role, name }) => role === 'Current' || name === 'web');
  const bare = { ...withLive(given, fallback()), lock: { ...lock, spec: { ...lock.spec, approved } } };
  const { verdict } = decide(bare);
  t.is(verdict.phase, 'Failed');
  t.regex(verdict.message, /; Deployment\/api has no fallback to return to$/);
});

test('content of nobody says who can do what', (t) => {
  const { verdict } = decide(withLive(applied(), deployment(images.evil, {}, '3')));
  t.is(
    verdict.message,
    'Deployment/web has content that nobody approved: find out how it got there, then put approved content back',
  );
  t.deepEqual(verdict.why, [
    'a platform engineer puts approved content back into Deployment/web: kubectl rollout undo, or apply what was signed',
  ]);
  t.true(verdict.stalled);
});

test('content that is to be applied has until the deadline, to the millisecond', (t) => {
  const given = withLive(applied(), fallback('web', '1'));
  const { verdict } = decide({ ...given, now: now + MINUTE });
  t.is(verdict.message, 'the lock is open, Deployment/web is changed next');
  t.is(verdict.requeueAfter, 9 * MINUTE);
  t.is(decide({ ...given, now: now + 10 * MINUTE - 1 }).verdict.action?.do, 'Apply');
  const late = decide({ ...given, now: now + 10 * MINUTE }).verdict;
  t.is(late.message, 'the deadline passed and Deployment/web has what it had before');
});

test('what settles may do so as of the deadline, and no later', (t) => {
  const given = appliedOne();
  const at = (since: number): string =>
    decide({ ...settling(given, since), now: now + since * 1000 + 1000 }).verdict.reason;
  t.is(at(599), 'Settling');
  t.is(at(600), 'ProgressDeadlineExceeded');
});

test('of several workloads the one that has not come up speaks, whichever is first', (t) => {
  for (const [slow, fast] of [
    ['web', 'api'],
    ['api', 'web'],
  ] as const) {
    const given = settling(applied(), 0, fast);
    const seen = { ...withRunning(given, counts(given, hanging, slow)), now: now + 1000 };
    const { verdict } = decide(seen);
    t.is(verdict.reason, 'Verifying');
    t.true(verdict.message.startsWith(`Deployment/${slow}: `));
    t.is(verdict.why?.length, 2);
  }
});

test('pods are looked at again soon, and time itself when it is due', (t) => {
  const given = appliedOne();
  const late = (ms: number): number | undefined =>
    decide({ ...withRunning(given, counts(given, hanging)), now: now + ms }).verdict.requeueAfter;
  t.is(late(0), 5000);
  t.is(late(10 * MINUTE - 5001), 5000);
  t.is(late(10 * MINUTE - 300), 300);
  const both = settling(settling(applied(), 0), 10, 'api');
  t.is(decide({ ...both, now: now + 12_000 }).verdict.requeueAfter, 18_000, 'the first that is due');
});

const phaseAt = (given: Scene, seconds: number): string =>
  decide({ ...settling(given, 0), now: now + seconds * 1000 }).verdict.phase;

test('the settle time of the target counts, and half a minute where it says none', (t) => {
  const rollback = { automatic: true, progressDeadline: '10m', settle: '2m' } as ProductionTarget['spec']['rollback'];
  t.is(phaseAt(appliedOne({ target: target({ rollback }) }), 119), 'Verifying');
  t.is(phaseAt(appliedOne({ target: target({ rollback }) }), 120), 'Completed');
  const { settle: _none, ...unsettled } = rollback;
  // As it was stored before the schema had the field.
  const older = appliedOne({ target: target({ rollback: unsettled as typeof rollback }) });
  t.is(phaseAt(older, 29), 'Verifying');
  t.is(phaseAt(older, 30), 'Completed');
});

test('without its target a rollout has ten minutes until it is over', (t) => {
  const given = { ...appliedOne(), target: undefined };
  const seen = withRunning(given, counts(given, hanging));
  t.is(decide({ ...seen, now: now + 10 * MINUTE - 1 }).verdict.phase, 'RollingOut');
  t.is(decide({ ...seen, now: now + 10 * MINUTE }).verdict.phase, 'Failed');
});

test('the last time at which old pods must be gone is kept, whether seen now or before', (t) => {
  const given = appliedOne();
  const leaving = (seconds: number, index: number) =>
    podOf(deployment(images.first), { name: `old-${index}`, deletionTimestamp: time(now + seconds * 1000) });
  const none = counts(given, { replicas: 0, updatedReplicas: 0, availableReplicas: 0 });
  const until30 = withRunning(given, none, { pods: [leaving(30 * 60, 1), leaving(20 * 60, 2)] });
  t.is(decide(until30).verdict.rollout?.drainsUntil, now + 30 * MINUTE);
  const kept = (drainsUntil: string): Scene => ({
    ...until30,
    promotion: { ...until30.promotion, status: { rollout: { drainsUntil } } },
  });
  t.is(decide(kept(time(now + 40 * MINUTE))).verdict.rollout?.drainsUntil, now + 40 * MINUTE);
  t.is(decide(kept(time(now + 10 * MINUTE))).verdict.rollout?.drainsUntil, now + 30 * MINUTE);
  t.false('drainsUntil' in (decide(appliedOne()).verdict.rollout ?? {}));
});

test('a rollout that is through says what was verified, and records what changed', (t) => {
  const { verdict } = decide(applied());
  t.is(
    verdict.message,
    'every workload runs what was signed, nothing else is ready, and no new pod was started again in the time to settle',
  );
  const entry = verdict.action?.do === 'Append' ? verdict.action.entry : undefined;
  t.deepEqual(
    entry?.outcome?.changes?.map(({ name }) => name),
    ['web', 'api'],
  );
  t.is(entry?.round?.record, 'web-000002');
});

test('each workload is told from others by its own revision', (t) => {
  const given = applied();
  const records = given.records.map((record) =>
    record.outcome?.changes === undefined
      ? record
      : {
          ...record,
          outcome: {
            ...record.outcome,
            changes: record.outcome.changes.map((change) =>
              change.name === 'api' ? { ...change, revision: '9' } : change,
            ),
          },
        },
  );
  const both = { ...withLive(withLive(given, fallback('web', '5')), fallback('api', '5')), records };
  t.deepEqual(
    states(both).map(({ name, state }) => `${name} ${state}`),
    ['web RolledBack', 'api Pending'],
  );
});

test('a lock that holds another content than was decided stops the rollout, for workloads of this target only', (t) => {
  const given = applied();
  const changed = (change: object, name = 'web'): string => {
    const lock = given.lock!;
    const approved = lock.spec.approved.map((entry) =>
      entry.name === name && entry.role === 'Fallback' ? { ...entry, spec: {}, ...change } : entry,
    );
    return decide({ ...given, lock: { ...lock, spec: { ...lock.spec, approved } } }).verdict.reason;
  };
  t.is(changed({}), 'LockChanged');
  t.is(changed({}, 'api'), 'LockChanged');
  t.is(changed({ target: 'another' }), 'Verified');
  t.is(changed({ name: 'gone' }), 'Verified');
  t.is(changed({ kind: 'StatefulSet' }), 'Verified', 'another workload of that name');
  t.is(changed({ name: 'gone', target: 'another' }), 'Verified');
});

test('a lock that was changed is told with what to read, and looked at again', (t) => {
  const given = applied();
  const lock = given.lock!;
  const approved = lock.spec.approved.map((entry) => ({ ...entry, spec: {} }));
  const { verdict } = decide({ ...given, lock: { ...lock, spec: { ...lock.spec, approved } } });
  t.is(
    verdict.message,
    'the lock does not hold what was decided about Deployment/api (its spec is not what its digest says), so nothing is applied: something changes locks on their way in, see the conditions of ProductionTarget web',
  );
  t.is(verdict.requeueAfter, 5000);
  t.true(verdict.stalled);
});

test('what is put back is the fallback, letter by letter', (t) => {
  const given = appliedOne();
  const { action } = decide(withLive(given, counts(given, { ...hanging, ...dead }))).verdict;
  if (action?.do !== 'RollBack') throw new Error('nothing is put back');
  t.deepEqual(action.spec, given.lock?.spec.approved.find(({ role }) => role === 'Fallback')?.spec);
  t.is(after(given, action).workloads[0]?.name, 'web');
});
