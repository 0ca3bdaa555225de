import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { Deployment } from '../../operator/kube/index.ts';
import { entryFault, type LockSpec } from '../../operator/lock/index.ts';
import { answeredOtherwise, warningsOf, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, keys, now, run, target, voted, worldOfOne, decide } from './promotion-world.ts';
import { adopted, decideTarget, fresh, present, promoted, running, settle, web, withLive } from './target-world.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';

type Entry = LockSpec['approved'][number];

function withEntries(before: TargetWorld, change: (entries: readonly Entry[]) => readonly Entry[]): TargetWorld {
  const lock = before.lock!;
  return { ...before, lock: { ...lock, spec: { ...lock.spec, approved: [...change(lock.spec.approved)] } } };
}
const evilSpec = { ...approvedSpec('Deployment', { ...deployment(images.evil).spec }) };
const sidecar = (entry: Entry): Entry => ({
  ...entry,
  spec: { ...entry.spec, template: { spec: { containers: [{ name: 'web' }, { name: 'evil', image: images.evil }] } } },
});
const current = (change: (entry: Entry) => Entry) => (entries: readonly Entry[]) =>
  entries.map((entry) => (entry.role === 'Current' ? change(entry) : entry));

const changes: readonly (readonly [string, (entries: readonly Entry[]) => readonly Entry[]])[] = [
  ['a container is added to a spec', current(sidecar)],
  [
    'spec and digest are another content',
    current((entry) => ({ ...entry, spec: evilSpec, digest: specDigest('Deployment', evilSpec) })),
  ],
  ['an entry is added', (entries) => [...entries, { ...entries[0]!, name: 'evil' }]],
  [
    'an entry of a target that never was is added',
    (entries) => [...entries, { ...entries[0]!, name: 'evil', target: 'ghost' }],
  ],
  ['the record is another', current((entry) => ({ ...entry, record: 'web-000002' }))],
  ['the record is none', current((entry) => ({ ...entry, record: 'web-000099' }))],
  ['a spec that cannot be digested', current((entry) => ({ ...entry, spec: { minReadySeconds: 2 ** 60 } }))],
  [
    'the fallback is another',
    (entries) =>
      entries.map((entry) =>
        entry.role === 'Fallback' ? { ...entry, spec: evilSpec, digest: specDigest('Deployment', evilSpec) } : entry,
      ),
  ],
];
for (const [what, change] of changes)
  test(`a lock that says something else than the records is recorded once and put right: ${what}`, (t) => {
    const right = promoted();
    const wrong = withEntries(right, change);
    const verdict = decideTarget(wrong);
    t.is(verdict.reason, 'LockChanged', verdict.message);
    t.is(verdict.tampered, 'WorkloadLock/lock');
    const { world: end, done } = settle(wrong);
    t.deepEqual(done, ['Tampered', 'WriteLock']);
    t.deepEqual(end.lock?.spec.approved, right.lock?.spec.approved);
    t.is(end.records.at(-1)?.tampered?.[0]?.kind, 'WorkloadLock');
    t.true(decideTarget(end).ready, decideTarget(end).message);
    t.deepEqual(settle({ ...end, lock: wrong.lock }).done, ['WriteLock'], 'the same change is the same event');
  });

test('an old approval does not come back by the lock: only what was decided last counts', (t) => {
  const first = adopted();
  const second = promoted();
  const records = second.records;
  const old = first.lock!.spec.approved[0]!;
  t.is(entryFault(old, records.slice(0, 1)), undefined);
  t.is(entryFault({ ...old, role: 'Fallback' }, records), undefined, 'it is the fallback of the last');
  const twice = [...records, { ...records[0]!, sequence: records.length + 1, currentSpecs: records[1]!.desiredSpecs }];
  t.regex(entryFault(old, twice) ?? '', /not what was decided last/);
});

test('the API server stored something else than what was sent: said in words, recorded once', (t) => {
  const end = promoted();
  const sent = end.lock!.spec;
  const stored = withEntries(end, current(sidecar)).lock!.spec;
  const { verdict, entry } = answeredOtherwise(end, sent, stored);
  t.is(verdict.reason, 'LockChanged');
  t.true(verdict.stalled);
  t.regex(
    verdict.message,
    /Deployment\/web Current was changed.*MutatingAdmissionPolicy or webhook that matches workloadlocks/,
  );
  t.is(verdict.requeueAfter, 30_000);
  t.is(entry?.tampered?.[0]?.kind, 'WorkloadLock');
  t.regex(answeredOtherwise(end, sent, { ...sent, liveAccess: 'Allow' }).verdict.message, /settings were changed/);
  t.regex(answeredOtherwise(end, sent, { ...sent, approved: [] }).verdict.message, /was taken out/);
});

test('nothing of what was approved is applied while the lock holds something else', (t) => {
  const approved = run(voted(run(worldOfOne()).world, keys.alice)).world;
  const records = approved.records.slice(0, 3);
  const lock = approved.lock!;
  const wrong = { ...lock, spec: { ...lock.spec, approved: current(sidecar)(lock.spec.approved) as Entry[] } };
  const open = { ...approved, records, workloads: worldOfOne().workloads };
  t.is(decide({ ...open, lock }).verdict.action?.do, 'Apply', decide({ ...open, lock }).verdict.message);
  const { verdict } = decide({ ...open, lock: wrong });
  t.is(verdict.reason, 'LockChanged');
  t.is(verdict.action, undefined);
});

const named = (
  name: string,
  workloads: readonly string[],
  changes: Partial<ProductionTarget['spec']> = {},
): ProductionTarget => ({
  ...target({ workloads: workloads.map((each) => ({ kind: 'Deployment' as const, name: each })), ...changes }),
  metadata: { ...target().metadata, name, uid: `${name}-target`, creationTimestamp: '2026-11-22T09:00:00Z' },
});
const api: Deployment = { ...web(), metadata: { ...web().metadata, name: 'api', uid: 'api-uid' } };
const of = (name: string, live: Deployment | undefined) => ({ kind: 'Deployment', name, live }) as const;
const pair = (): TargetWorld => {
  const both = named('web', ['web', 'api']);
  const pods = running(web(), { workloads: [web(), api].map(present) });
  const start = fresh({ target: both, workloads: [of('web', web()), of('api', api)], ...pods });
  const { world: end } = settle(start);
  const apiPod = {
    ...end.running.pods![0]!,
    metadata: { ...end.running.pods![0]!.metadata, name: 'api-1-a', uid: 'api-pod' },
  };
  const set = {
    ...end.running.owned[0]!,
    metadata: {
      ...end.running.owned[0]!.metadata,
      uid: 'api-set',
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: 'api-uid', controller: true }],
    },
  };
  const owned = {
    ...apiPod,
    metadata: {
      ...apiPod.metadata,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'api-1', uid: 'api-set', controller: true }],
    },
  };
  return {
    ...end,
    running: { ...end.running, owned: [...end.running.owned, set], pods: [...end.running.pods!, owned] },
  };
};
/** The target does not name `api` any more. */
const givenUp = (live: Deployment | undefined = api): TargetWorld => ({
  ...pair(),
  target: named('web', ['web']),
  workloads: [of('web', web())],
  givenUp: [of('api', live)],
});
const entriesIn = ({ lock }: TargetWorld): readonly string[] =>
  (lock?.spec.approved ?? []).map((entry) => `${entry.name} of ${entry.target}, ${entry.record}`);

test('a workload that is not named any more runs on as approved, with a warning that says what to do', (t) => {
  const { world: end, done } = settle(givenUp());
  t.deepEqual(done, []);
  t.true(decideTarget(end).ready, decideTarget(end).message);
  t.deepEqual(entriesIn(end), ['api of web, web-000001', 'web of web, web-000001']);
  t.true(
    warningsOf(end).some((line) => /Deployment\/api is not named any more.*delete it.*or name it again/.test(line)),
  );
});

test('its content stays frozen: another one is tampered', (t) => {
  const changed = { ...api, spec: deployment(images.evil).spec } as Deployment;
  t.is(settle(givenUp(changed)).done[0], 'Tampered');
});

test('when it is deleted its content goes from the lock, after its last pod', (t) => {
  const before = givenUp(undefined);
  const without = { ...before.running, workloads: [present(web())] };
  const going = { ...before, givenUp: [of('api', undefined)], running: without };
  t.deepEqual(settle(going).done, [], 'the garbage collector is about to take its pods');
  t.is(decideTarget(going).reason, 'PodsEnding');
  const noSet = { ...without, owned: before.running.owned.slice(0, 1) };
  t.is(decideTarget({ ...going, running: noSet }).reason, 'PodsEnding', 'its ReplicaSet goes first');
  const pods = before.running.pods?.slice(0, 1);
  const { world: end, done } = settle({ ...going, running: { ...without, pods } });
  t.deepEqual(done, ['WriteLock']);
  t.deepEqual(entriesIn(end), ['web of web, web-000001']);
});

test('named again it is as it was', (t) => {
  const end = settle(givenUp()).world;
  const back: TargetWorld = { ...pair(), lock: end.lock, records: end.records };
  t.deepEqual(settle(back).done, []);
  t.true(decideTarget(back).ready);
});

test('named by another target it is taken over by that one', (t) => {
  const end = settle(givenUp()).world;
  const other: TargetWorld = {
    ...end,
    target: named('api', ['api']),
    others: [end.target],
    records: [],
    workloads: [of('api', api)],
    givenUp: [],
  };
  const { world: over, done } = settle(other);
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.deepEqual(entriesIn(over), ['api of api, api-000001', 'web of web, web-000001']);
  t.true(decideTarget(over).ready, decideTarget(over).message);
});

test('what a deleted target leaves beside others stays as long as it is there, and another target may have it', (t) => {
  const first = settle(givenUp()).world;
  const alone: TargetWorld = {
    ...first,
    target: named('api', ['api']),
    records: [],
    orphanedChains: new Map([['web', first.records]]),
    workloads: [of('api', api)],
    givenUp: [of('web', web())],
  };
  const { world: end, done } = settle(alone);
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.deepEqual(entriesIn(end), ['api of api, api-000001', 'web of web, web-000001']);
  t.true(warningsOf(end).some((line) => line.includes('Deployment/web is not named any more')));
  const { world: gone } = settle({ ...end, givenUp: [of('web', undefined)] });
  t.deepEqual(entriesIn(gone), ['api of api, api-000001']);
});

test('mutations, pod writers and accounts that may roll back go to the lock, and go from it', (t) => {
  const settings: Partial<ProductionTarget['spec']> = {
    mutations: [{ field: 'Env', names: ['AWS_*'] }],
    podWriters: [
      { user: 'multus', annotations: ['k8s.v1.cni.cncf.io/*'] },
      { user: 'vpa', resizes: false },
    ],
    rollback: { ...target().spec.rollback, serviceAccounts: [{ namespace: 'ops', name: 'rollouts' }] },
  };
  const { world: end } = settle({
    ...promoted(),
    target: target(settings),
    podWriters: [
      { user: 'calico', annotations: ['cni.projectcalico.org/*'] },
      { user: 'multus', conditions: ['x/ready'] },
      { user: 'vpa', resizes: true },
    ],
  });
  t.true(end.lock?.spec.approved.every(({ mutations }) => mutations?.[0]?.field === 'Env'));
  t.deepEqual(end.lock?.spec.approved[0]?.rollbackUsers, ['system:serviceaccount:ops:rollouts']);
  t.deepEqual(end.lock?.spec.podWriters, [
    { user: 'calico', annotations: ['cni.projectcalico.org/*'] },
    { user: 'multus', annotations: ['k8s.v1.cni.cncf.io/*'], conditions: ['x/ready'] },
    { user: 'vpa', resizes: true },
  ]);
  const { world: without } = settle({ ...end, target: target(), podWriters: [] });
  t.is(without.lock?.spec.podWriters, undefined);
  t.true(without.lock?.spec.approved.every(({ mutations, rollbackUsers }) => !mutations && !rollbackUsers));
});

test('a promotion opens the lock with all settings of its target', (t) => {
  const settings: Partial<ProductionTarget['spec']> = {
    mutations: [{ field: 'Probes' }],
    rollback: { ...target().spec.rollback, serviceAccounts: [{ namespace: 'ops', name: 'rollouts' }] },
  };
  const { world: end } = run(voted(run(worldOfOne({ target: target(settings) })).world, keys.alice));
  const opened = end.lock?.spec.approved.find(({ role }) => role === 'Current');
  t.deepEqual(opened?.mutations, [{ field: 'Probes' }]);
  t.deepEqual(opened?.rollbackUsers, ['system:serviceaccount:ops:rollouts']);
});

test('settings that do not fit into the lock are a condition, and the lock stays', (t) => {
  const mutations = Array.from({ length: 32 }, () => ({
    by: 'x'.repeat(253),
    field: 'Env' as const,
    names: Array.from({ length: 32 }, (_, index) => `${'N'.repeat(300)}${index}`),
  }));
  const many = Array.from({ length: 5 }, (_, index) => `w${index}`);
  const start = fresh({
    target: named('web', many),
    workloads: many.map((name) => of(name, { ...web(), metadata: { ...web().metadata, name, uid: name } })),
    ...running(web(), {
      workloads: many.map((name) => present({ ...web(), metadata: { ...web().metadata, name, uid: name } })),
      owned: [],
      pods: [],
    }),
  });
  const end = settle(start).world;
  const verdict = decideTarget({ ...end, target: named('web', many, { mutations }) });
  t.is(verdict.reason, 'LockTooLarge', verdict.message);
  t.is(verdict.action, undefined);
  t.is(now, end.now);
});

test('a rollback by undo leaves a lock that its records say', (t) => {
  const undone = settle(withLive(promoted(), deployment(images.first, {}, '3'))).world;
  t.true(decideTarget(undone).ready, decideTarget(undone).message);
});
