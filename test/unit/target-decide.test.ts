import test from 'ava';
import type { TargetReason } from '../../operator/api/index.ts';
import type { RecordSpec } from '../../operator/records/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { MAX_LOCK_BYTES } from '../../operator/lock/index.ts';
import { deployment, images, keys, run, target, voted, worldOfOne, type Spec } from './promotion-world.ts';
import {
  after,
  decideTarget,
  fresh,
  namespaceWith,
  present,
  promoted,
  protectedNamespace,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

const live = web();

test('adoption: the lock first, then the label, then the record', (t) => {
  const { world: end, done } = settle(fresh());
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.true(decideTarget(end).ready);
  t.deepEqual(
    end.lock?.spec.approved.map(({ role, record }) => `${role} ${record}`),
    ['Current web-000001'],
  );
});

test('content that changes while it is taken over is what is taken over', (t) => {
  const labelled = after(after(fresh()));
  const { world: end, done } = settle(withLive(labelled, deployment(images.third)));
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.is(end.records[0]?.currentSpecs?.[0]?.digest, end.lock?.spec.approved[0]?.digest);
});

test('nothing is recorded as adopted while the API server does not enforce', (t) => {
  const { done } = settle(fresh({ enforcement: { active: false, message: 'gone' } }));
  t.deepEqual(done, ['WriteLock', 'Protect']);
});

const big = deployment(images.first, {
  template: {
    metadata: {},
    spec: {
      containers: [{ name: 'web', image: images.first, env: [{ name: 'BIG', value: 'x'.repeat(MAX_LOCK_BYTES) }] }],
    },
  },
} as unknown as Partial<Spec>);
const older = {
  ...target(),
  metadata: { ...target().metadata, name: 'older', uid: 'a', creationTimestamp: '2026-11-19T09:00:00Z' },
};
/** What keeps a namespace from being taken over: nothing is written at all. */
const refusals: readonly (readonly [string, TargetWorld, TargetReason])[] = [
  ['a workload that an older target names', fresh({ others: [older] }), 'WorkloadTaken'],
  [
    'a Deployment that no target names',
    fresh(
      running(live, {
        workloads: [live, { ...live, metadata: { ...live.metadata, name: 'db', uid: 'db-uid' } }].map(present),
      }),
    ),
    'UnnamedWorkloads',
  ],
  [
    'a StatefulSet of the same name',
    fresh(running(live, { others: [{ kind: 'StatefulSet', name: 'web' }] })),
    'UnnamedWorkloads',
  ],
  ['specs that do not fit into a lock', withLive(fresh(), big), 'LockTooLarge'],
];
for (const [what, given, reason] of refusals)
  test(`not taken over: ${what}`, (t) => {
    const verdict = decideTarget(given);
    t.is(verdict.reason, reason, verdict.message);
    t.true(verdict.stalled);
    t.is(verdict.action, undefined);
  });

test('who has a workload keeps it, also against an older target that names it later', (t) => {
  const { world: end } = settle(fresh());
  t.true(decideTarget({ ...end, others: [older] }).ready);
});

test('an undo makes the fallback the only approved content; nothing is applied', (t) => {
  const { world: end, done } = settle(withLive(promoted(), deployment(images.first, {}, '3')));
  t.deepEqual(done, ['RolledBack', 'WriteLock']);
  t.deepEqual(
    end.lock?.spec.approved.map(({ role, record }) => `${role} ${record}`),
    ['Current web-000001'],
  );
  t.is(end.records.at(-1)?.outcome?.reason, 'Undone');
  t.true(decideTarget(end).ready);
});

test("an undo that kept the newer spec's other fields is an undo too, and what is live is what is approved", (t) => {
  const { world: end } = run(voted(run(withDesired({ minReadySeconds: 7 } as Partial<Spec>)).world, keys.alice));
  const mixed = deployment(images.first, { minReadySeconds: 7 } as Partial<Spec>, '3');
  const { world: settled, done } = settle(
    withLive(fresh({ namespace: protectedNamespace, lock: end.lock, records: end.records }), mixed),
  );
  t.deepEqual(done, ['RolledBack', 'WriteLock']);
  t.is(settled.lock?.spec.approved[0]?.spec['minReadySeconds'], 7);
  t.true(decideTarget(settled).ready);
});

/** A world in which the dry run answers with further changes, as a mutating policy would make them. */
function withDesired(changes: Partial<Spec>): ReturnType<typeof worldOfOne> {
  return worldOfOne({
    workloads: [
      { kind: 'Deployment', name: 'web', live, planned: { spec: { ...deployment(images.second, changes).spec } } },
    ],
  });
}

test('content that nobody approved is recorded once per digest', (t) => {
  const { world: end, done } = settle(withLive(promoted(), deployment(images.evil, {}, '3')));
  t.deepEqual(done, ['Tampered']);
  const verdict = decideTarget(end);
  t.is(verdict.reason, 'Tampered');
  t.is(verdict.tampered, 'Deployment/web');
  t.deepEqual(
    settle(withLive(end, deployment(images.third, {}, '4'))).done,
    ['Tampered'],
    'another digest is another record',
  );
});

test('scaling and a restart are no tampering', (t) => {
  const spec = {
    ...live.spec,
    replicas: 9,
    template: {
      ...live.spec?.template,
      metadata: {
        labels: { app: 'web' },
        annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T09:00:00Z' },
      },
    },
  };
  const { world: end } = settle(fresh());
  t.true(decideTarget(withLive(end, { ...live, spec: spec as unknown as Spec })).ready);
});

test('a promotion that is deleted during its rollout does not hold its target for ever', (t) => {
  const { world: end } = run(voted(run(worldOfOne()).world, keys.alice));
  const records: readonly RecordSpec[] = end.records.slice(0, 3);
  const open = fresh({ namespace: protectedNamespace, lock: end.lock, records });
  const uid = records.at(-1)?.promotion?.uid ?? '';
  t.deepEqual(settle({ ...open, promotions: new Set([uid]) }).done, [], 'it exists: the promotion itself goes on');
  t.deepEqual(settle(open).done, ['RolledBack', 'WriteLock'], 'it was never applied: the lock closes');
  t.deepEqual(settle(withLive(open, deployment(images.second, {}, '2'))).done, ['Failed'], 'what was approved stays');
});

test('a promotion that is deleted while people are asked has an end on record, once', (t) => {
  const { world: asked } = run(worldOfOne());
  const { world: end } = run(voted(asked, keys.alice));
  const records: readonly RecordSpec[] = asked.records;
  const open = fresh({ namespace: protectedNamespace, lock: end.lock, records });
  const uid = records.at(-1)?.promotion?.uid ?? '';
  t.is(records.at(-1)?.type, 'Round');
  t.deepEqual(settle({ ...open, promotions: new Set([uid]) }).done.includes('Failed'), false, 'it exists');
  const { done, world } = settle(open);
  t.is(done.filter((each) => each === 'Failed').length, 1);
  const last = world.records.find(({ outcome }) => outcome?.result === 'Failed');
  t.is(last?.outcome?.reason, 'PromotionDeleted');
  t.is(last?.round?.record, 'web-000002');
  t.regex(last?.outcome?.message ?? '', /web-42 was deleted while it asked for votes: nothing was changed/);
});

test('a lock that is gone is made again from what the records approve, and from nothing else', (t) => {
  const { world: end, done } = settle({ ...promoted(), lock: undefined });
  t.deepEqual(done, ['WriteLock']);
  t.is(end.lock?.spec.approved[0]?.record, 'web-000003');
  const lost = decideTarget(withLive({ ...promoted(), lock: undefined }, deployment(images.evil)));
  t.is(lost.reason, 'LockLost');
  t.is(lost.action, undefined);
});

test('a label that is gone comes back', (t) => {
  t.deepEqual(settle({ ...promoted(), namespace: namespaceWith() }).done, ['Protect']);
});

test('settings of a target go to its entries; exec is open only where every target of the namespace allows it', (t) => {
  const open = { liveAccess: 'Allow', minReplicas: 3 } as const;
  const { world: end } = settle({ ...promoted(), target: target(open) });
  t.is(end.lock?.spec.liveAccess, 'Allow');
  t.true(end.lock?.spec.approved.every(({ minReplicas }) => minReplicas === 3));
  const neighbour = { ...older, spec: { ...older.spec, workloads: [{ kind: 'Deployment' as const, name: 'api' }] } };
  t.is(settle({ ...promoted(), target: target(open), others: [neighbour] }).world.lock?.spec.liveAccess, 'Deny');
});

test('a chain with a gap is said so', (t) => {
  const { records, ...rest } = promoted();
  t.is(decideTarget({ ...rest, records: records.filter(({ sequence }) => sequence !== 2) }).reason, 'RecordsBroken');
});
