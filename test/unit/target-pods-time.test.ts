import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import { sealRecord } from '../../operator/records/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { images, now, target, targetRef } from './promotion-world.ts';
import { adopted, bySet, decideTarget, fresh, neighbour, pod, present, settle } from './target-world.ts';

const time = (seconds: number): string => new Date(now + seconds * 1000).toISOString();
const evil = (name: string, metadata: object = {}): Pod =>
  pod({ spec: { containers: [{ name: 'web', image: images.evil }] }, metadata: { name, uid: name, ...metadata } });
const beside = (before: TargetWorld, ...pods: readonly Pod[]): TargetWorld => ({
  ...before,
  running: { ...before.running, pods: [...(before.running.pods ?? []), ...pods] },
});
const reasonOf = (given: TargetWorld): string => decideTarget(given).reason;

test('a pod that goes has its grace and ten seconds, to the millisecond', (t) => {
  const going = beside(adopted(), evil('old', { deletionTimestamp: time(0) }));
  t.is(reasonOf({ ...going, now: now + 10_000 }), 'PodsEnding');
  t.is(decideTarget({ ...going, now: now + 10_000 }).requeueAfter, 1);
  t.is(reasonOf({ ...going, now: now + 10_001 }), 'Tampered');
});

test('pods that go are counted, with the time at which the last of them is gone', (t) => {
  const two = beside(adopted(), evil('a', { deletionTimestamp: time(20) }), evil('b', { deletionTimestamp: time(50) }));
  const verdict = decideTarget(two);
  t.is(verdict.message, '2 pods of content whose approval ended go until 2026-11-21T10:01:00Z: a, b');
  t.deepEqual([verdict.ready, verdict.requeueAfter], [false, 60_001]);
});

test('a pod that runs on is told, not one that has its time', (t) => {
  const given = beside(adopted(), evil('a'), evil('b', { deletionTimestamp: time(50) }));
  const verdict = decideTarget(given);
  t.regex(
    verdict.message,
    /^pods run what is not approved: Pod\/a \(.+\); find out how they got there, then delete them$/,
  );
  t.notRegex(verdict.message, /Pod\/b/);
  t.is(verdict.tampered?.startsWith('Pod/a ('), true);
});

test('in mode Warn pods are told with the mode, and nothing of them is recorded', (t) => {
  const off = { active: false, message: 'mode is Warn' };
  const warned = settle(fresh({ target: target({ mode: 'Warn' }), enforcement: off })).world;
  for (const metadata of [{}, { deletionTimestamp: time(20) }]) {
    const verdict = decideTarget(beside(warned, evil('a', metadata)));
    t.deepEqual([verdict.reason, verdict.action], ['NotEnforced', undefined]);
  }
});

test('a record of a pod counts for that pod only, be the record of something else called alike', (t) => {
  const found = settle(beside(adopted(), evil('a'))).world;
  t.deepEqual(settle(found).done, []);
  const last = found.records.at(-1);
  const [item] = last?.tampered ?? [];
  for (const changes of [{ kind: 'Deployment' as const }, { message: undefined }]) {
    const { type, time: at } = { type: 'Tampered' as const, time: '2026-11-21T10:00:00Z' };
    const before = found.records.slice(0, -1);
    const other = sealRecord(targetRef, before, { type, time: at, tampered: [{ ...item!, ...changes }] });
    t.deepEqual(settle({ ...found, records: [...before, other] }).done, ['Tampered']);
  }
});

test("a neighbour's pods are judged by the neighbour, also beside a third target", (t) => {
  const before = adopted();
  const third = {
    ...neighbour.target,
    metadata: { ...neighbour.target.metadata, name: 'db', uid: 'db-target' },
    spec: { ...neighbour.target.spec, workloads: [{ kind: 'Deployment' as const, name: 'db' }] },
  };
  const theirs = pod(
    { metadata: { name: 'theirs', uid: 'theirs' }, spec: { hostNetwork: true } },
    neighbour.owner,
    neighbour.live,
  );
  const given: TargetWorld = {
    ...before,
    others: [neighbour.target, third],
    running: {
      ...before.running,
      workloads: [...before.running.workloads, present(neighbour.live)],
      owned: [...before.running.owned, neighbour.set],
      pods: [...(before.running.pods ?? []), theirs],
    },
  };
  t.is(reasonOf(given), 'Protected');
  const both = {
    ...given,
    target: {
      ...before.target,
      spec: { ...before.target.spec, workloads: [...before.target.spec.workloads, neighbour.key] },
    },
  };
  t.not(reasonOf(both), 'Protected', 'what this one names too it judges too');
});

test('a pod that its workload made is judged by what is approved for that workload', (t) => {
  t.is(reasonOf(beside(adopted(), pod({ metadata: { name: 'more', uid: 'more' } }, bySet))), 'Protected');
});
