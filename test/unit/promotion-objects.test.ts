import test from 'ava';
import type { Members } from '../../operator/canonical/index.ts';
import { lockFaultOf, objectWorld, stateOfObject, type ObjectScene } from './object-world.ts';
import {
  decide,
  keys,
  run,
  until,
  voted,
  withObject,
  withRunning,
  deployment,
  images,
  type Scene,
} from './promotion-world.ts';

const map = { kind: 'ConfigMap', name: 'web' } as const;
const budget = { kind: 'PodDisruptionBudget', name: 'web' } as const;
const service = { kind: 'Service', name: 'web' } as const;
const data = (mode: string): Members => ({ data: { MODE: mode } });

/** A ConfigMap that changes, a budget that is made, a Service that goes. */
const scene = (changes: ObjectScene = {}): Scene =>
  objectWorld({
    objects: [
      { ...service, before: { spec: { type: 'ClusterIP' } }, after: undefined },
      { ...budget, before: undefined, after: { spec: { minAvailable: 1 } } },
      { ...map, before: data('live'), after: data('new') },
    ],
    ...changes,
  });
const contentOf = ({ objects }: Scene, { kind }: { readonly kind: string }): unknown => {
  const live = objects.find((object) => object.kind === kind)?.live;
  return live && stateOfObject(live);
};

test('objects are applied before the workloads, and what goes is taken away at the end', (t) => {
  const asked = run(scene());
  t.deepEqual(asked.done, ['Round']);
  const { world, done } = run(voted(asked.world, keys.alice));
  t.deepEqual(done, ['Approved', 'OpenLock', 'ApplyObject', 'ApplyObject', 'Apply', 'ApplyObject', 'Completed']);
  t.like(contentOf(world, map), data('new'));
  t.like(contentOf(world, budget), { spec: { minAvailable: 1 } });
  t.is(contentOf(world, service), undefined);
});

test('the lock opens for all of it at once, and is carried out in that order', (t) => {
  const approved = until(voted(run(scene()).world, keys.alice), 'Approved');
  const { action } = decide(approved).verdict;
  if (action?.do !== 'OpenLock') return t.fail(action?.do);
  t.deepEqual(
    action.apply.map((each) => ('object' in each ? each.object.kind : each.workload.kind)),
    ['ConfigMap', 'PodDisruptionBudget', 'Deployment'],
  );
  t.deepEqual(
    action.lock.objects?.map(({ kind, role, digest }) => [kind, role, digest !== undefined]),
    [
      ['ConfigMap', 'Current', true],
      ['ConfigMap', 'Fallback', true],
      ['PodDisruptionBudget', 'Current', true],
      ['PodDisruptionBudget', 'Fallback', false],
      ['Service', 'Current', false],
      ['Service', 'Fallback', true],
    ],
  );
});

test('the statement has each by its digests, and all of it as not exercised', (t) => {
  const { world } = run(scene());
  const round = world.records.at(-1);
  const { predicate } = JSON.parse(round?.statements?.approve ?? '') as {
    readonly predicate: { readonly objects: readonly object[]; readonly notExercised: readonly string[] };
  };
  t.deepEqual(
    predicate.objects.map((each) =>
      Object.values(each).map((value) => (String(value).startsWith('sha256:') ? 'digest' : value)),
    ),
    [
      ['digest', 'digest', 'ConfigMap', 'web'],
      ['none', 'digest', 'PodDisruptionBudget', 'web'],
      ['digest', 'none', 'Service', 'web'],
    ],
  );
  t.deepEqual(predicate.notExercised, [
    'ConfigMap/web .data.MODE',
    'PodDisruptionBudget/web .spec.minAvailable',
    'Service/web .spec.type',
  ]);
  t.is(round?.currentObjects?.length, 3);
  t.is(round?.desiredObjects?.length, 3);
});

test('a rollout that fails goes back: workloads, then objects from the last to the first', (t) => {
  const applied = until(voted(run(scene()).world, keys.alice), 'Apply');
  const late = { ...applied, now: applied.now + 11 * 60_000 };
  const failing = withRunning(late, deployment(images.second, {}, '2'), { pods: [] });
  const back = until(failing, 'RollBack');
  t.like(contentOf(back, map), data('new'), 'the workload first');
  const undone = withRunning(back, deployment(images.first, {}, '3'));
  const { world, done } = run(undone);
  t.deepEqual(done, ['RollBackObject', 'RollBackObject', 'RolledBack']);
  t.like(contentOf(world, map), data('live'));
  t.is(contentOf(world, budget), undefined, 'what it made is gone');
  t.like(contentOf(world, service), { spec: { type: 'ClusterIP' } });
});

test('what is refused until the deadline takes all of it back', (t) => {
  const opened = until(voted(run(scene()).world, keys.alice), 'ApplyObject');
  const late = { ...opened, now: opened.now + 11 * 60_000 };
  const { world, done } = run(late);
  t.deepEqual(done, ['RollBackObject', 'RolledBack']);
  t.like(contentOf(world, map), data('live'));
  t.regex(world.records.at(-1)?.outcome?.message ?? '', /has what it had before/);
});

test('an object that it made and that cannot go is deleted once, waited for as long again, and named', (t) => {
  const applied = until(voted(run(scene()).world, keys.alice), 'Apply');
  const failing = withRunning({ ...applied, now: applied.now + 11 * 60_000 }, deployment(images.second, {}, '2'), {
    pods: [],
  });
  const back = withRunning(until(failing, 'RollBack'), deployment(images.first, {}, '3'));
  const deletionTimestamp = new Date(back.now).toISOString().replace('.000Z', 'Z');
  const going = {
    ...back,
    objects: back.objects.map((object) =>
      object.kind !== 'PodDisruptionBudget' || object.live === undefined
        ? object
        : {
            ...object,
            live: {
              ...object.live,
              metadata: { ...object.live.metadata, deletionTimestamp, finalizers: ['team.example/hold'] },
            },
          },
    ),
  };
  const { verdict } = decide(going);
  t.is(verdict.action, undefined);
  t.regex(
    verdict.message,
    /PodDisruptionBudget\/web is being deleted and waits for who set the finalizer team\.example\/hold/,
  );
  const { done, world } = run({ ...going, now: going.now + 11 * 60_000 });
  t.deepEqual(done, ['Failed']);
  t.regex(world.records.at(-1)?.outcome?.message ?? '', /that took too long/);
});

test('what the API server goes on refusing is not taken back for ever', (t) => {
  const applied = until(voted(run(scene()).world, keys.alice), 'Apply');
  const late = { ...applied, now: applied.now + 11 * 60_000 };
  const failing = withRunning(late, deployment(images.second, {}, '2'), { pods: [] });
  const refused = { ...failing, backRefused: { since: failing.now, answer: 'another rule says no' } };
  t.is(decide(refused).verdict.action?.do, 'RollBack', 'it is tried');
  const { done, decision } = run({ ...refused, now: refused.now + 10 * 60_000 });
  t.deepEqual(done, ['Failed']);
  t.regex(decision.verdict.message, /the API server goes on refusing that: another rule says no/);
});

test('an object that nobody approved stops the rollout, and says so', (t) => {
  const opened = until(voted(run(scene()).world, keys.alice), 'OpenLock');
  const { verdict } = decide(withObject(opened, map, data('evil')));
  t.is(verdict.reason, 'Tampered');
  t.is(verdict.action, undefined);
  const late = withObject({ ...opened, now: opened.now + 10 * 60_000 }, map, data('evil'));
  t.deepEqual(run(late).done, ['Failed'], 'not for ever');
});

test('before people are asked: an object that is not what is approved, that was rolled back, or that cannot be planned', (t) => {
  t.is(decide(withObject(scene(), map, data('evil'))).verdict.reason, 'Tampered');
  const [first, ...others] = scene().objects;
  const refusal = { reason: 'PlanRefused', message: 'the API server refuses it' } as const;
  const refused = { ...scene(), objects: [...others, { ...first!, planned: refusal }] };
  t.like(decide(refused).verdict, { reason: 'PlanRefused', stalled: true, requeueAfter: 30_000 });
});

test('a promotion of objects alone goes its way, and one that changes nothing ends', (t) => {
  const alone = scene({ running: images.first });
  const { world, done } = run(voted(run(alone).world, keys.alice));
  t.deepEqual(done, ['Approved', 'OpenLock', 'ApplyObject', 'ApplyObject', 'ApplyObject', 'Completed']);
  t.is(world.records.at(-1)?.outcome?.message, 'every object is what was signed');
  const same = objectWorld({
    running: images.first,
    objects: [{ ...map, before: data('live'), after: data('live') }],
  });
  t.deepEqual(run(same).done, ['Superseded']);
});

test('a deletion that somebody with a finalizer holds up is waited for by nobody', (t) => {
  const opened = until(voted(run(scene({ running: images.first })).world, keys.alice), 'ApplyObject', 2);
  const going = {
    ...opened,
    objects: opened.objects.map((object) =>
      object.kind !== 'Service' || object.live === undefined
        ? object
        : { ...object, live: { ...object.live, metadata: { ...object.live.metadata, deletionTimestamp: 'now' } } },
    ),
  };
  t.deepEqual(run(going).done, ['Completed']);
});

test('a lock that says of an object what nobody decided is not acted on', (t) => {
  const approved = until(voted(run(scene()).world, keys.alice), 'OpenLock');
  const lock = approved.lock!;
  const objects = (lock.spec.objects ?? []).map((entry) =>
    entry.kind === 'ConfigMap' && entry.role === 'Fallback' ? { ...entry, content: data('evil') } : entry,
  );
  const { verdict } = decide({ ...approved, lock: { ...lock, spec: { ...lock.spec, objects } } });
  t.is(verdict.reason, 'LockChanged');
  t.regex(verdict.message, /ConfigMap\/web \(its content is not what its digest says\)/);
  t.is(lockFaultOf(approved), undefined);
  const late = { ...approved, lock: { ...lock, spec: { ...lock.spec, objects } }, now: approved.now + 10 * 60_000 };
  t.deepEqual(run(late).done, ['Failed'], 'not for ever');
});
