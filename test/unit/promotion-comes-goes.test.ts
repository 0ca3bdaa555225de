import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import { contentsOf, entryFault, type WorkloadKey } from '../../operator/lock/index.ts';
import {
  adopted,
  decide,
  deployment,
  factsOf,
  images,
  keys,
  lockOf,
  promotion,
  run,
  statusOf,
  until,
  voted,
  withLive,
  withRunning,
  world,
  type Scene,
} from './promotion-world.ts';
import { allRunning } from './promotion-pods.ts';
import { decideTarget, fresh, protectedNamespace, settle } from './target-world.ts';

type Manifests = NonNullable<Promotion['spec']['objects']>;
const api = { kind: 'Deployment', name: 'api' } as const;
const web = deployment(images.first);
const worker = deployment(images.first, {}, '1', 'api');

function manifestOf({ apiVersion, kind, metadata: { name }, spec }: typeof web): Manifests[number] {
  return { apiVersion, kind, metadata: { name }, spec } as unknown as Manifests[number];
}

/** Production without the api, which this promotion brings. */
function creating(spec: Partial<Promotion['spec']> = {}): Scene {
  const desired = deployment(images.second, { replicas: 3 }, '1', 'api');
  const objects = [manifestOf(deployment(images.second)), manifestOf(desired)];
  return world({
    promotion: promotion('web-42', { spec: { objects, ...spec } }),
    workloads: [...factsOf([web]), { ...api, live: undefined, planned: { spec: { ...desired.spec } } }],
    lock: lockOf([web]),
    records: [adopted(web)],
  });
}

/** Production with the api, which this promotion takes away. */
function removing(): Scene {
  return world({
    promotion: promotion('web-42', { spec: { removes: [api] } }),
    workloads: factsOf([web, { ...worker, metadata: { ...worker.metadata, uid: 'api-uid' } }]).map((workload) =>
      workload.name === 'api' ? { ...workload, planned: undefined } : workload,
    ),
  });
}

const approved = (scene: Scene): Scene => voted(run(scene).world, keys.alice);
const roles = ({ lock }: Scene, key: WorkloadKey = api): readonly (string | undefined)[] => {
  const { current, fallback } = contentsOf(lock!.spec, key);
  return [current?.digest, fallback?.digest].map((digest) => digest && 'held');
};
const sound = ({ lock, records }: Scene): readonly (string | undefined)[] =>
  (lock?.spec.approved ?? []).flatMap((entry) => entryFault(entry, records) ?? []);

/** The pods of a workload never become ready. */
function broken(scene: Scene, name: string): Scene {
  return {
    ...scene,
    workloads: scene.workloads.map((workload) =>
      workload.name === name && workload.live !== undefined
        ? {
            ...workload,
            ...allRunning(workload.live),
            live: { ...workload.live, status: { ...(workload.live.status as object), availableReplicas: 0 } },
            pods: [],
          }
        : workload,
    ),
  };
}
const late = (scene: Scene): Scene => ({ ...scene, now: scene.now + 11 * 60_000 });

test('a creation is signed as what was not there, made with the replicas of its manifest, and verified', (t) => {
  const asked = run(creating()).world;
  const statement = JSON.parse(asked.records.at(-1)?.statements?.approve ?? '') as {
    readonly predicate: { readonly target: readonly object[] };
  };
  t.like(statement.predicate.target[0], { ...api, currentSpecDigest: 'none' });
  const opened = until(voted(asked, keys.alice), 'OpenLock');
  t.deepEqual(roles(opened), ['held', undefined]);
  t.deepEqual(sound(opened), []);
  const first = until(opened, 'Apply');
  t.like(decide(first).verdict.action, { do: 'Apply', workload: api, create: { replicas: 3 } });
  const { world: end, decision } = run(first);
  t.is(decision.verdict.phase, 'Completed', decision.verdict.message);
  t.deepEqual(end.records.at(-1)?.outcome?.changes?.find(({ name }) => name === 'api')?.from, undefined);
});

test('what is created is made beside a workload of its name and of another kind', (t) => {
  const opened = until(voted(run(creating()).world, keys.alice), 'OpenLock');
  const namesake = { kind: 'StatefulSet', name: 'api', live: { ...worker, kind: 'StatefulSet' } } as never;
  const first = until({ ...opened, workloads: [namesake, ...opened.workloads] }, 'Apply');
  t.like(decide(first).verdict.action, { do: 'Apply', workload: api, create: { replicas: 3 } });
});

test('a creation has at least the replicas that its target asks for', (t) => {
  const scene = creating();
  const target = scene.target && { ...scene.target, spec: { ...scene.target.spec, minReplicas: 5 } };
  const applied = until(approved({ ...scene, target }), 'Apply');
  t.like(decide(applied).verdict.action, { create: { replicas: 5 } });
});

test('what fails takes away what it made: the lock first, then the workload, and nothing of it stays approved', (t) => {
  const scene = broken(until(approved(creating()), 'Apply', 2), 'api');
  const { world: end, decision, done } = run(late(scene));
  t.deepEqual(done, ['RollBack', 'CloseLock', 'Remove', 'RolledBack']);
  t.is(decision.verdict.phase, 'RolledBack');
  t.deepEqual(roles(end), [undefined, 'held']);
  t.deepEqual(sound(end), []);
  t.is(statusOf(end).rollout?.workloads?.find(({ name }) => name === 'api')?.state, 'RolledBack');

  // A process that is killed in between sees what was begun, and goes on with it.
  for (const [index, last] of ['RollBack', 'CloseLock', 'Remove'].entries()) {
    const killed = until(late(scene), last);
    const after = run(broken({ ...killed, takenBackFor: undefined }, 'api'));
    t.is(after.decision.verdict.phase, 'RolledBack', last);
    t.is(after.world.workloads.find(({ name }) => name === 'api')?.live, undefined, last);
    t.is(after.done.length, 3 - index);
  }

  // The target drops it from the lock.
  const { world: kept, done: did } = settle(
    fresh({
      target: end.target!,
      namespace: protectedNamespace,
      lock: end.lock,
      records: end.records,
      workloads: end.workloads,
    }),
  );
  t.true(did.includes('WriteLock'));
  t.false(kept.lock?.spec.approved.some(({ name }) => name === 'api'));
});

test('a removal is signed as what shall not be there, comes last, and its fallback stays for who rolls back', (t) => {
  const asked = run(removing()).world;
  const statement = JSON.parse(asked.records.at(-1)?.statements?.approve ?? '') as {
    readonly predicate: {
      readonly target: readonly object[];
      readonly changes: readonly { readonly path: string }[];
      readonly notExercised?: readonly string[];
    };
  };
  t.like(statement.predicate.target[0], { ...api, desiredSpecDigest: 'none' });
  t.true(statement.predicate.changes.some(({ path }) => path === 'Deployment/api (removed)'));
  t.is(statement.predicate.notExercised, undefined, 'nothing of it has to run anywhere');
  const { world: end, decision, done } = run(voted(asked, keys.alice));
  t.deepEqual(done, ['Approved', 'OpenLock', 'Apply', 'Remove', 'Completed']);
  t.is(decision.verdict.phase, 'Completed');
  t.deepEqual(roles(end), [undefined, 'held']);
  t.deepEqual(sound(end), []);
  t.is(statusOf(end).rollout?.workloads?.find(({ name }) => name === 'api')?.state, 'Removed');
  t.is(end.records.at(-1)?.outcome?.changes?.find(({ name }) => name === 'api')?.uid, 'api-uid');
});

test('nothing is removed before everything else runs, and where that fails nothing is', (t) => {
  const applied = until(approved(removing()), 'Apply');
  t.is(decide(broken(applied, 'web')).verdict.action, undefined);
  const { world: end, done } = run(late(broken(applied, 'web')));
  t.deepEqual(done, ['RollBack', 'RolledBack']);
  t.not(end.workloads.find(({ name }) => name === 'api')?.live, undefined);
});

test('what is on its way out is waited for, with who holds it up', (t) => {
  const applied = until(approved(removing()), 'Apply');
  const live = applied.workloads.find(({ name }) => name === 'api')?.live;
  const metadata = { ...live!.metadata, deletionTimestamp: '2026-11-21T10:00:00Z', finalizers: ['team.example/hold'] };
  const going = withLive(applied, { ...live!, metadata });
  t.like(decide(going).verdict, { phase: 'Verifying', reason: 'Removing', action: undefined });
  t.is(
    decide(going).verdict.message,
    'Deployment/api is being deleted and waits for its pods, or for who set the finalizer team.example/hold',
  );
  const after = (milliseconds: number): string => decide({ ...going, now: going.now + milliseconds }).verdict.reason;
  t.deepEqual([after(599_999), after(600_000)], ['Removing', 'ProgressDeadlineExceeded']);
  t.is(run(late(going)).decision.verdict.reason, 'ProgressDeadlineExceeded');
});

/** The api as it is while somebody deletes it and somebody else has a finalizer on it. */
function held(scene: Scene): Scene {
  const live = scene.workloads.find(({ name }) => name === 'api')!.live!;
  const deletionTimestamp = new Date(scene.now).toISOString().replace('.000Z', 'Z');
  const metadata = { ...live.metadata, deletionTimestamp, finalizers: ['team.example/hold'] };
  return withLive(scene, { ...live, metadata });
}

test('what is taken back and cannot go, since somebody has a finalizer on it, is waited for as long again, and named', (t) => {
  const cases: readonly (readonly [string, Scene])[] = [
    // What it made goes.
    ['a creation', held(until(late(broken(until(approved(creating()), 'Apply', 2), 'api')), 'CloseLock'))],
    // What it removed comes back once it is gone.
    ['a removal', { ...held(until(approved(removing()), 'Apply')), takenBackFor: undefined }],
  ];
  for (const [what, scene] of cases) {
    const back = what === 'a removal' ? undoneBySomebody(scene) : scene;
    const waits = decide(back).verdict;
    t.is(waits.action, undefined, what);
    t.is(waits.phase, 'RollingOut', what);
    t.regex(waits.message, /Deployment\/api is being deleted and waits for .*finalizer team\.example\/hold/, what);
    t.true((waits.requeueAfter ?? 0) > 0, what);
    const soon = { ...back, now: back.now + 9 * 60_000 };
    t.is(decide(soon).verdict.action, undefined, what);
    const end = run({ ...back, now: back.now + 25 * 60_000 });
    t.deepEqual(end.done, ['Failed'], what);
    t.regex(end.decision.verdict.message, /team\.example\/hold: that took too long/, what);
  }
});

/** Somebody takes the web back while the api is going. */
function undoneBySomebody(scene: Scene): Scene {
  return withRunning(scene, deployment(images.first, {}, '3'));
}

test('a removal that the API server refuses takes the rest back', (t) => {
  const applied = { ...until(approved(removing()), 'Apply'), refusedBy: 'another rule says no' };
  const { done, decision } = run(late(applied));
  t.deepEqual(done, ['RollBack', 'RolledBack']);
  t.regex(decision.verdict.message, /another rule says no/);
});

test('of several removals those that went come back where one cannot go', (t) => {
  const scene = removing();
  const both = {
    ...scene,
    promotion: promotion('web-42', { spec: { removes: [{ ...api, name: 'web' }, api] } }),
    workloads: scene.workloads.map(({ planned: _none, ...workload }) => ({
      ...workload,
      live: workload.live && { ...workload.live, metadata: { ...workload.live.metadata, uid: `${workload.name}-uid` } },
    })),
  };
  const one = { ...until(approved(both), 'Remove'), refusedBy: 'no' };
  const { action } = decide(late(one)).verdict;
  t.like(action, { do: 'RollBack', create: { replicas: 2 } });
  const { done, world: end } = run(late(one));
  t.deepEqual(done, ['RollBack', 'RolledBack']);
  t.true(end.workloads.every(({ live }) => live !== undefined));
});

test('a target waits for the first promotion of what does not exist, and says so', (t) => {
  const absent = { workloads: [{ ...api, live: undefined }] } as const;
  const { world: ready, done } = settle(
    fresh({ ...absent, running: { workloads: [], others: [], owned: [], pods: [] } }),
  );
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.is(decideTarget(ready).reason, 'Protected');
  t.regex(decideTarget(ready).message, /Deployment\/api does not exist: a promotion with its manifest creates it/);
});
