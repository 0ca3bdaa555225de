import test from 'ava';
import type { Members } from '../../operator/canonical/index.ts';
import { objectsOf } from '../../operator/lock/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { withObjectsListed } from '../../operator/targets/decide/objects.ts';
import { liveObject, objectWorld } from './object-world.ts';
import { deployment, images, keys, run, target, voted } from './promotion-world.ts';
import { adopted, decideTarget, fresh, namespaceWith, protectedNamespace, settle, withLive } from './target-world.ts';

const map = { kind: 'ConfigMap', name: 'web' } as const;
const budget = { kind: 'PodDisruptionBudget', name: 'web' } as const;
const data = (mode: string): Members => ({ data: { MODE: mode } });
const listing = target({ objects: [map, budget] });
const found = (content: Members | undefined): TargetWorld['objects'] => [
  { ...map, live: liveObject(map, content) },
  { ...budget, live: undefined },
];
const taken = (changes: Partial<TargetWorld> = {}): TargetWorld =>
  adopted({ target: listing, objects: found(data('live')), ...changes });
const withMap = (world: TargetWorld, content: Members | undefined): TargetWorld => ({
  ...world,
  objects: found(content),
});

test('objects are taken over with the workloads: what is there, and that nothing is there', (t) => {
  const { world, done } = settle(fresh({ target: listing, objects: found(data('live')) }));
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.deepEqual(
    world.lock?.spec.objects?.map(({ kind, role, content, record }) => [kind, role, content, record]),
    [
      ['ConfigMap', 'Current', data('live'), 'web-000001'],
      ['PodDisruptionBudget', 'Current', undefined, 'web-000001'],
    ],
  );
  t.deepEqual(
    world.records[0]?.currentObjects?.map(({ kind, content }) => [kind, content]),
    [
      ['ConfigMap', data('live')],
      ['PodDisruptionBudget', undefined],
    ],
  );
  t.is(decideTarget(world).reason, 'Protected');
});

test('what a target lists later is taken over then, and what it lists no more is free', (t) => {
  const before = adopted();
  const { world, done } = settle({ ...before, target: listing, objects: found(data('live')) });
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.is(world.lock?.spec.objects?.length, 2);
  const { world: less, done: freed } = settle({ ...world, target: target(), objects: [] });
  t.deepEqual(freed, ['WriteLock']);
  t.is(less.lock?.spec.objects, undefined);
});

test('an object that nobody approved is recorded once for each content, and stops promotions', (t) => {
  const { world, done } = settle(withMap(taken(), data('evil')));
  t.deepEqual(done, ['Tampered']);
  t.like(decideTarget(world), { reason: 'Tampered', stalled: true, tampered: 'ConfigMap/web' });
  t.like(world.records.at(-1)?.tampered?.[0], { kind: 'ConfigMap', name: 'web' });
  const { done: gone, world: last } = settle(withMap(world, undefined));
  t.deepEqual(gone, ['Tampered']);
  t.is(last.records.at(-1)?.tampered?.[0]?.message, 'it is not there');
  t.is(decideTarget(withMap(last, data('live'))).reason, 'Protected');
});

test('a lock that was lost is made again where objects are what was decided, and not where they are not', (t) => {
  const lost = { ...taken(), lock: undefined };
  const { world, done } = settle(lost);
  t.deepEqual(done, ['WriteLock']);
  t.deepEqual(world.lock?.spec, taken().lock?.spec);
  t.like(decideTarget(withMap(lost, data('evil'))), {
    reason: 'LockLost',
    stalled: true,
    tampered: 'ConfigMap/web',
    action: undefined,
  });
});

test('the fallback of an object that stands again is all that is approved', (t) => {
  const objects = [{ ...map, before: data('live'), after: data('new') }];
  const end = run(voted(run(objectWorld({ objects })).world, keys.alice)).world;
  const world = withLive(
    fresh({
      target: target({ objects: [map] }),
      namespace: protectedNamespace,
      lock: end.lock,
      records: end.records,
      objects: [{ ...map, live: liveObject(map, data('new')) }],
    }),
    deployment(images.second, {}, '2'),
  );
  t.is(decideTarget(world).reason, 'Protected');
  const { world: undone, done } = settle({ ...world, objects: [{ ...map, live: liveObject(map, data('live')) }] });
  t.deepEqual(done, ['RolledBack', 'WriteLock']);
  t.like(undone.records.at(-1), { type: 'Outcome', promotion: { name: 'web-42' } });
  t.like(undone.records.at(-1)?.outcome, { result: 'RolledBack', reason: 'Undone' });
  t.regex(
    undone.records.at(-1)?.outcome?.message ?? '',
    /^ConfigMap\/web was rolled back to what it was before web-42, by somebody whom the audit log/,
  );
  t.deepEqual(
    undone.lock?.spec.objects?.map(({ role, content }) => [role, content]),
    [['Current', data('live')]],
  );
  t.is(decideTarget(undone).reason, 'Protected');
  const fallback = { ...undone, objects: [{ ...map, live: liveObject(map, data('new')) }] };
  t.is(decideTarget(fallback).reason, 'Tampered', 'what was taken back is approved no more');
});

test('a lock that says something else of an object than the records is recorded and written back', (t) => {
  const world = taken();
  const { objects = [], ...rest } = world.lock!.spec;
  const spoilt = objects.map((entry) => (entry.kind === 'ConfigMap' ? { ...entry, content: data('evil') } : entry));
  const changed = { ...world, lock: { ...world.lock!, spec: { ...rest, objects: spoilt } } };
  const { world: mended, done } = settle(changed);
  t.deepEqual(done, ['Tampered', 'WriteLock']);
  t.deepEqual(mended.lock?.spec, world.lock?.spec);
});

test('the strictest target of a namespace decides what becomes of routes that nobody lists', (t) => {
  t.is(taken().lock?.spec.routing, undefined);
  t.is(taken({ target: target({ objects: [map, budget], routing: 'Listed' }) }).lock?.spec.routing, 'Listed');
  const other = { ...target({ routing: 'Listed' }), metadata: { ...listing.metadata, name: 'other', uid: 'b' } };
  t.is(taken({ others: [{ ...other, spec: { ...other.spec, workloads: [] } }] }).lock?.spec.routing, 'Listed');
});

test('one object has one target: the first one keeps it', (t) => {
  const first = {
    ...listing,
    metadata: { ...listing.metadata, name: 'first', uid: 'b', creationTimestamp: '2025-01-01T00:00:00Z' },
  };
  const verdict = decideTarget(
    fresh({
      target: listing,
      objects: found(data('live')),
      others: [{ ...first, spec: { ...first.spec, workloads: [] } }],
    }),
  );
  t.like(verdict, { reason: 'WorkloadTaken', stalled: true });
  t.regex(verdict.message, /ConfigMap\/web belongs to ProductionTarget first/);
});

test('what has no digest is not taken over', (t) => {
  const verdict = decideTarget(fresh({ target: listing, objects: found({ data: { MODE: '\ud800' } }) }));
  t.like(verdict, { reason: 'ContentNotCanonical', stalled: true });
});

test('while nothing is refused the lock follows what is live, the record first', (t) => {
  const warning = { ...listing, spec: { ...listing.spec, mode: 'Warn' as const } };
  const world = adopted({ target: warning, objects: found(data('live')), namespace: namespaceWith('warn') });
  const { world: moved, done } = settle(withMap(world, data('moved')));
  t.deepEqual(done, ['Adopted', 'WriteLock']);
  t.deepEqual(objectsOf(moved.lock!.spec, map).current?.content, data('moved'));
});

test('what nobody applies any more stays closed while its promotion is open, and what is live says the rest when it is over', (t) => {
  const objects = [{ ...map, before: data('live'), after: data('new') }];
  const { lock, records } = run(voted(run(objectWorld({ objects })).world, keys.alice)).world;
  const entries = lock!.spec.objects!.map((entry) => ({ ...entry, closed: 'Late' as const }));
  const closedIn = (chain: typeof records): unknown =>
    withObjectsListed(
      { ...lock!.spec, objects: entries },
      fresh({ target: target({ objects: [map] }), records: chain }),
    ).objects?.map(({ closed }) => closed);
  const approved = records.findIndex((record) => record.outcome?.result === 'Approved');
  t.deepEqual(closedIn(records.slice(0, approved + 1)), ['Late', 'Late']);
  t.deepEqual(closedIn(records), [undefined, undefined]);
});
