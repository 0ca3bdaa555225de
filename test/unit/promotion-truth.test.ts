import test from 'ava';
import { nameOf, sealRecord } from '../../operator/records/index.ts';
import { podTemplateOf, type WorkloadObject } from '../../operator/workloads/index.ts';
import { allRunning, podOf, replicaSet } from './promotion-pods.ts';
import {
  adopted,
  after,
  decide,
  deployment,
  environment,
  images,
  keys,
  liveOf,
  lockOf,
  now,
  promotion,
  run,
  statusOf,
  target,
  type Spec,
  until,
  voted,
  withLive,
  withRunning,
  world,
  type Scene,
} from './promotion-world.ts';

const HOUR = 3_600_000;
const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const live = (given: Scene): NonNullable<Scene['workloads'][number]['live']> => given.workloads[0]!.live!;

const approving = (changes: Partial<Scene> = {}): Scene => voted(run(world(changes)).world, keys.alice);
/** The lock is open and the content applied. */
const applied = (changes: Partial<Scene> = {}): Scene => until(approving(changes), 'Apply', 2);

const approvedOf = ({ records }: Scene): Scene['records'][number] =>
  records.find(({ outcome }) => outcome?.result === 'Approved')!;

const counts = (given: Scene, status: object): Scene['workloads'][number]['live'] =>
  ({ ...live(given), status: { observedGeneration: 1, ...status } }) as ReturnType<typeof deployment>;

const hanging = { replicas: 3, updatedReplicas: 1, availableReplicas: 2 };

test('a version that dies again and again is taken back with the last words of its container, and never completed', (t) => {
  const rolling = applied();
  const dying = podOf(live(rolling), {
    created: time(now),
    since: time(now + 30_000),
    restarts: 3,
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  });
  const seen = withRunning({ ...rolling, now: now + 31_000 }, live(rolling), { pods: [dying, dying] });
  const { verdict } = decide(seen);
  t.is(verdict.action?.do, 'RollBack');
  t.is(verdict.reason, 'CrashLooping');
  const back = { ...after(seen, verdict.action!), takenBackFor: { reason: verdict.reason, message: verdict.message } };
  const { done, world: end } = run({ ...back, ...withLive(back, deployment(images.first, {}, '3')) });
  t.deepEqual(done, ['RollBack', 'RolledBack'], 'the other workload goes back too');
  const outcome = end.records.at(-1)?.outcome;
  t.is(outcome?.reason, 'CrashLooping');
  t.regex(outcome?.message ?? '', /container web was started again 3 times; it ended with exit code 137 \(OOMKilled\)/);
});

test('while it settles nothing is written each second: the words name the time until which it has to hold', (t) => {
  const rolling = applied();
  const pods = [1, 2].map((number) => podOf(live(rolling), { name: `web-${number}`, since: time(now) }));
  const at = (seconds: number): Scene =>
    withRunning({ ...rolling, now: now + seconds * 1000 }, live(rolling), { pods });
  const { verdict } = decide(at(10));
  t.is(verdict.phase, 'Verifying');
  t.is(verdict.reason, 'Settling');
  t.is(verdict.requeueAfter, 20_000);
  const status = statusOf(at(10));
  const later = { ...at(20), promotion: { ...at(20).promotion, status } };
  t.deepEqual(statusOf(later), status);
  t.is(decide(at(30)).verdict.phase, 'Completed');
});

test('what became available before the deadline may settle after it; what starts again after it fails', (t) => {
  const rolling = applied();
  const at = (seconds: number, since: number): Scene =>
    withRunning({ ...rolling, now: now + seconds * 1000 }, live(rolling), {
      pods: [1, 2].map((number) => podOf(live(rolling), { name: `web-${number}`, since: time(now + since * 1000) })),
    });
  t.is(decide(at(610, 590)).verdict.reason, 'Settling');
  t.is(decide(at(620, 590)).verdict.phase, 'Completed');
  t.is(decide(at(610, 605)).verdict.action?.do, 'RollBack');
});

test('the deadline runs from when the last old pod had to be gone, also once it is gone and after a restart', (t) => {
  const rolling = applied({ target: target({ rollback: { automatic: true, progressDeadline: '1m', settle: '30s' } }) });
  const none = counts(rolling, { replicas: 0, updatedReplicas: 0, availableReplicas: 0 });
  const leaving = podOf(deployment(images.first), { name: 'old', deletionTimestamp: time(now + 1_800_000) });
  const draining = withRunning({ ...rolling, now: now + 900_000 }, none!, { pods: [leaving] });
  const decision = decide(draining);
  t.is(decision.verdict.phase, 'Verifying', 'fifteen minutes after a deadline of one');
  const status = statusOf(draining);
  t.is(status.rollout?.drainsUntil, '2026-11-21T10:30:00Z');
  const gone = (seconds: number): Scene => ({
    ...withRunning({ ...rolling, now: now + seconds * 1000 }, none!, { pods: [] }),
    promotion: { ...rolling.promotion, status },
  });
  t.is(decide(gone(1859)).verdict.phase, 'Verifying');
  t.is(decide(gone(1860)).verdict.action?.do, 'RollBack');
});

test('a cause stands in the message, in why and in the record', (t) => {
  const rolling = applied();
  const message = 'pods "web-x" is forbidden: exceeded quota: small';
  const refused = counts(rolling, {
    ...hanging,
    updatedReplicas: 0,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
  });
  const { verdict } = decide(withRunning(rolling, refused!, { pods: [] }));
  t.true(verdict.message.includes(message));
  t.true(verdict.why?.some((line) => line.includes(message)));
  const late = decide(withRunning({ ...rolling, now: now + 600_000 }, refused!, { pods: [] }));
  t.true(late.verdict.message.includes(message));
  t.is(late.verdict.reason, 'ProgressDeadlineExceeded');
});

test('content that would be paused is not planned', (t) => {
  const paused = deployment(images.first, { paused: true } as Partial<Spec>);
  const given = world({ lock: lockOf(paused), workloads: [{ kind: 'Deployment', name: 'web', live: paused }] });
  const { verdict } = decide(given);
  t.is(verdict.reason, 'WorkloadPaused');
  t.true(verdict.stalled);
});

test('the record does not call unchanged what may have been changed and changed back', (t) => {
  const rolling = applied();
  const late = { ...withLive(rolling, deployment(images.first, {}, '1')), now: now + 600_000 };
  t.regex(
    decide({ ...late, refusedBy: 'quota says no' }).verdict.message,
    /has what it had before; .* answered last: quota says no/,
  );
  const own = { ...late, takenBackFor: { reason: 'CrashLooping' as const, message: 'it died' } };
  t.is(decide(own).verdict.reason, 'CrashLooping');
});

test('an undo says who it was, by the words of admission and of the client', (t) => {
  const undone = deployment(images.first, {}, '3');
  const managed = [
    { manager: 'kubectl-create', time: '2026-11-20T10:00:00Z', fieldsV1: { 'f:spec': { 'f:template': {} } } },
    { manager: 'kubectl-rollout', time: '2026-11-21T10:00:00Z', fieldsV1: { 'f:spec': { 'f:template': {} } } },
    {
      manager: 'scaler',
      subresource: 'scale',
      time: '2026-11-21T11:00:00Z',
      fieldsV1: { 'f:spec': { 'f:template': {} } },
    },
    { manager: 'status', time: '2026-11-21T12:00:00Z', fieldsV1: { 'f:status': {} } },
  ];
  const annotations = { ...undone.metadata.annotations, 'twinlock.dev/changed-by': 'oncall@example.com' };
  const by = (metadata: object): Scene =>
    withLive(applied(), { ...undone, metadata: { ...undone.metadata, ...metadata } });
  t.regex(
    decide(by({ annotations, managedFields: managed })).verdict.message,
    /put back by oncall@example\.com \(field manager kubectl-rollout\)/,
  );
  t.regex(decide(by({ managedFields: managed })).verdict.message, /audit log .* \(field manager kubectl-rollout\)/);
  const ours = [{ ...managed[1]!, manager: 'twinlock-promotions' }];
  t.is(
    decide(by({ annotations, managedFields: ours })).verdict.reason,
    'TakenBack',
    "a predecessor's own rollback is no undo",
  );
});

/** The world after its target was deleted and made again; `content` is live and was taken over as found. */
function replaced(start: Scene, content: WorkloadObject, adopt = true): Scene {
  const again = { ...target(), metadata: { ...target().metadata, uid: 'another-uid' } };
  const ref = { namespace: 'shop', name: 'web', uid: 'another-uid' };
  const { type, time: at, currentSpecs } = adopted(content);
  const records = adopt
    ? [...start.records, sealRecord(ref, start.records, { type, time: at, currentSpecs })]
    : start.records;
  const lock = lockOf(content);
  const approved = lock.spec.approved.map((entry) => ({ ...entry, record: `web-00000${start.records.length + 1}` }));
  return withLive({ ...start, target: again, records, lock: { ...lock, spec: { ...lock.spec, approved } } }, content);
}

test('a target that was deleted after the approval and made again: applied content is called applied', (t) => {
  const rolling = applied();
  const { done, decision } = run(replaced(rolling, live(rolling)));
  t.deepEqual(done, ['Completed']);
  t.is(decision.verdict.reason, 'TargetReplaced');
  t.regex(
    decision.verdict.message,
    /approved \(record web-000003\).* production runs what was approved: .* unverified/,
  );
});

test('a target that was deleted and made again: content that never arrived is called so', (t) => {
  const { done, decision } = run(replaced(applied(), deployment(images.first)));
  t.deepEqual(done, ['Failed']);
  t.is(decision.verdict.reason, 'TargetReplaced');
  t.regex(decision.verdict.message, /Deployment\/web does not run what was approved/);
});

test('a target that is gone, or not ready again, is waited for and says that it was approved', (t) => {
  const rolling = applied();
  const gone = { ...rolling, target: undefined, lock: undefined };
  t.is(decide(gone).verdict.reason, 'TargetMissing');
  t.regex(decide(gone).verdict.message, /it was approved/);
  const late = decide({ ...gone, now: now + 73 * HOUR }).verdict;
  t.is(late.phase, 'Failed', 'not Expired: it was approved');
  t.is(decide(replaced(rolling, live(rolling), false)).verdict.reason, 'TargetNotReady');
});

test('a rollout whose target is gone while others hold the lock open: nothing is changed, and in time it fails', (t) => {
  for (const rolling of [until(approving(), 'OpenLock'), until(approving(), 'Apply'), applied()]) {
    const gone = { ...rolling, target: undefined, workloads: [] };
    const { verdict } = decide(gone);
    t.deepEqual([verdict.phase, verdict.reason, verdict.action], ['RollingOut', 'TargetMissing', undefined]);
    t.is(verdict.requeueAfter, 10 * 60_000, 'then its time is over');
    const late = run({ ...gone, now: now + 10 * 60_000 });
    t.deepEqual(late.done, ['Failed']);
    const { outcome } = late.world.records.at(-1) ?? {};
    t.is(outcome?.reason, 'TargetMissing');
    t.deepEqual(outcome?.changes, approvedOf(rolling).outcome?.changes);
    const going = { ...target(), metadata: { ...target().metadata, deletionTimestamp: time(now) } };
    t.deepEqual(
      decide({ ...rolling, target: going }).verdict,
      decide(rolling).verdict,
      'on its way out it still says how',
    );
  }
});

test('what was asked of people for a target that is gone ends with a record, too', (t) => {
  const asked = { ...run(world()).world, target: undefined, lock: undefined, now: now + 73 * HOUR };
  t.deepEqual(run(asked).done, ['Expired']);
  const approvedOnce = { ...applied(), target: undefined, lock: undefined, now: now + 73 * HOUR };
  t.deepEqual(run(approvedOnce).done, ['Failed']);
  t.is(decide({ ...approvedOnce, now }).verdict.requeueAfter, 71 * HOUR + 1);
  const never = world({ target: undefined, now: now + 73 * HOUR });
  t.deepEqual([run(never).done, decide(never).verdict.phase], [[], 'Expired'], 'nobody was asked');
});

test('an approval whose lock never opened does not expire as if nobody had approved it', (t) => {
  const approved = until(approving(), 'Approved');
  const { verdict } = decide({ ...approved, now: now + 73 * HOUR });
  t.is(verdict.phase, 'Expired');
  t.regex(verdict.message, /it was approved, and the lock could not be opened/);
});

test('a lock that was lost and made again by another record of the same content does not make it superseded', (t) => {
  const rolling = applied();
  const { type, time: at, currentSpecs } = adopted(live(rolling), liveOf(rolling, 'api'));
  const ref = { namespace: 'shop', name: 'web', uid: target().metadata.uid ?? '' };
  const again = sealRecord(ref, rolling.records, { type, time: at, currentSpecs });
  const records = [...rolling.records, again];
  const lock = lockOf([live(rolling), liveOf(rolling, 'api')]);
  const approved = lock.spec.approved.map((entry) => ({ ...entry, record: nameOf(again) }));
  const { done, decision } = run({ ...rolling, records, lock: { ...lock, spec: { ...lock.spec, approved } } });
  t.deepEqual(done, ['Completed']);
  t.regex(decision.verdict.message, /exactly what was approved; the lock was lost/);
});

test('a workload that is deleted while others have the new content: the record names them', (t) => {
  const rolling = applied();
  const { verdict } = decide(withLive(rolling, undefined));
  t.is(verdict.reason, 'WorkloadMissing');
  t.regex(verdict.message, /^Deployment\/web was deleted .*; Deployment\/api keeps the new content$/);
});

test('each workload shows its own state, not the first trouble of another', (t) => {
  const rolling = applied();
  const seen = withRunning(rolling, counts(rolling, hanging)!);
  t.deepEqual(
    decide(seen).verdict.rollout?.workloads.map(({ state }) => state),
    ['Applied', 'Available'],
  );
  t.deepEqual(
    decide(rolling).verdict.rollout?.workloads.map(({ state }) => state),
    ['Available', 'Available'],
  );
});

test('pods of a ReplicaSet that is not the present template are old ones, whatever images they run', (t) => {
  const rolling = applied();
  const other = deployment(images.second, {
    template: { ...podTemplateOf('Deployment', live(rolling)), metadata: { labels: { app: 'web', x: 'y' } } },
  } as Partial<Spec>);
  const running = allRunning(live(rolling));
  const stray = {
    ...podOf(other),
    metadata: {
      ...podOf(other).metadata,
      name: 'stray',
      labels: { 'pod-template-hash': 'z' },
      ownerReferences: [{ ...podOf(other).metadata.ownerReferences![0]!, name: 'web-z', uid: 'rs-z' }],
    },
  };
  const sets = [...running.owned, { ...replicaSet(other), metadata: { ...replicaSet(other).metadata, uid: 'rs-z' } }];
  const { verdict } = decide(withRunning(rolling, live(rolling), { owned: sets, pods: [...running.pods, stray] }));
  t.regex(verdict.message, /pod stray is ready and runs another template/);
});

/** As a parser of JSON reads 9223372036854775807. */
const unsafe = 2 ** 63;

/** Inputs that have no digest; each was once a thrown reconcile. */
const uncanonical: readonly (readonly [string, Scene, RegExp])[] = [
  [
    'live content',
    world({
      workloads: [
        {
          kind: 'Deployment',
          name: 'web',
          live: deployment(images.first, {
            template: {
              metadata: { labels: { app: 'web' } },
              spec: { containers: [{ name: 'web', image: images.first }], terminationGracePeriodSeconds: unsafe },
            },
          } as Partial<Spec>),
        },
      ],
    }),
    /the content of Deployment\/web has no digest.*\/template\/spec\/terminationGracePeriodSeconds is no integer within 2\^53/,
  ],
  [
    'what the API server would make of it',
    world({
      workloads: [
        { kind: 'Deployment', name: 'web', live: deployment(images.first), planned: { spec: { x: { y: unsafe } } } },
      ],
    }),
    /what Deployment\/web would become has no digest.*\/x\/y/,
  ],
  [
    "the environment's status",
    world({
      environment: {
        ...environment(images.second),
        status: { ...environment(images.second).status, observedGeneration: 0.5 },
      },
    }),
    /status of the environment has no digest.*\/observedGeneration/,
  ],
];
for (const [what, given, words] of uncanonical)
  test(`content without a digest is a condition that says where, never a thrown error: ${what}`, (t) => {
    const { verdict } = decide(given);
    t.is(verdict.reason, 'UnsafeNumber');
    t.true(verdict.stalled);
    t.regex(verdict.message, words);
    t.notThrows(() => statusOf(given));
  });

test('content without a digest in mid-rollout is shown as a rollout that stalled', (t) => {
  const rolling = applied();
  const { verdict } = decide(
    withLive(rolling, { ...live(rolling), spec: { ...live(rolling).spec!, minReadySeconds: unsafe } }),
  );
  t.is(verdict.phase, 'RollingOut');
  t.is(verdict.reason, 'UnsafeNumber');
});

test('a promotion that is over stays what it was whatever has no digest by now', (t) => {
  const { world: done } = run(approving());
  t.is(
    decide(withLive(done, { ...live(done), spec: { ...live(done).spec!, minReadySeconds: unsafe } })).verdict.phase,
    'Completed',
  );
});

const two: Scene['policy'] = (() => {
  const given = world().policy;
  if (!('object' in given)) throw new Error('no policy');
  return { object: { ...given.object, spec: { ...given.object.spec, quorum: [{ count: 2 }] } } };
})();

const newer = (requestedBy: string): Scene['promotion'] =>
  promotion('web-43', { createdAt: '2026-11-21T09:30:00Z', annotations: { 'twinlock.dev/requested-by': requestedBy } });

/** What is done with the older one once the sibling's round is open too. */
function beside(older: Scene, sibling: Scene['promotion']): readonly string[] {
  const { world: both } = run({ ...older, promotion: sibling, siblings: [] });
  return run({ ...both, promotion: older.promotion, siblings: [sibling] }).done;
}

test('a newer promotion of somebody else does not end one that people have begun to approve', (t) => {
  const opened = run(world({ policy: two })).world;
  t.deepEqual(beside(opened, newer('mallory')), ['Superseded'], 'nobody has voted yet');
  const begun = voted(opened, keys.alice);
  t.deepEqual(beside(begun, newer('mallory')), [], 'both stand');
  t.deepEqual(beside(begun, newer('dev')), ['Superseded'], 'who asked for it may ask for another');
  const noise = voted(opened, keys.stranger);
  t.deepEqual(beside(noise, newer('mallory')), ['Superseded'], 'a vote of nobody keeps nothing');
});
