import test from 'ava';
import { sealRecord, type RecordEntry } from '../../operator/records/index.ts';
import type { WorkloadObject } from '../../operator/workloads/index.ts';
import {
  adopted,
  decide,
  deployment,
  images,
  keys,
  liveOf,
  lockOf,
  now,
  run,
  target,
  until,
  voted,
  withLive,
  world,
  type Scene,
  type Spec,
} from './promotion-world.ts';

const HOUR = 3_600_000;
const applied = until(voted(run(world()).world, keys.alice), 'Apply', 2);
const SINCE = 'it was approved (record web-000003), and ProductionTarget web was deleted since';
const again = { ...target(), metadata: { ...target().metadata, uid: 'another-uid' } };

/** The world after its target was made again and took over what is live. */
function remade(web: WorkloadObject, api: WorkloadObject, changes: Partial<Scene> = {}): Scene {
  const lives = [web, api];
  const { type, time, currentSpecs } = adopted(...lives);
  const record = sealRecord({ namespace: 'shop', name: 'web', uid: 'another-uid' }, applied.records, {
    type,
    time,
    currentSpecs,
  });
  const lock = lockOf(lives);
  const approved = lock.spec.approved.map((entry) => ({ ...entry, record: 'web-000004' }));
  const world = {
    ...applied,
    target: again,
    records: [...applied.records, record],
    lock: { ...lock, spec: { ...lock.spec, approved } },
  };
  return { ...withLive(withLive(world, web), api), ...changes };
}
const told = (given: Scene): string => {
  const { phase, reason, message } = decide(given).verdict;
  return `${phase} ${reason}: ${message}`;
};
const [web, api] = [liveOf(applied), liveOf(applied, 'api')];
const old = (name: string) => deployment(images.first, {}, '3', name);

test('each workload that does not run what was approved is named', (t) => {
  t.is(
    told(remade(web, api)),
    `Completed TargetReplaced: ${SINCE} and made again; production runs what was approved: the new target took it over as it was found, unverified`,
  );
  const not = (what: string): string =>
    `Failed TargetReplaced: ${SINCE} and made again; ${what} does not run what was approved: create a new Promotion`;
  t.is(told(remade(old('web'), api)), not('Deployment/web'));
  t.is(told(remade(web, old('api'))), not('Deployment/api'));
  t.is(told(remade(old('web'), old('api'))), not('Deployment/web, Deployment/api'));
});

test('a workload that is gone, or has no content, does not run what was approved', (t) => {
  t.regex(told(withLive(remade(web, api), undefined)), /^Failed .*; Deployment\/web does not run/);
  t.regex(told(withLive(remade(web, api), { ...web, spec: undefined })), /^Failed .*; Deployment\/web does not run/);
  const without = remade(web, api);
  t.regex(told({ ...without, workloads: without.workloads.slice(1) }), /^Failed .*; Deployment\/web does not run/);
});

test('without a lock content is compared as it stands', (t) => {
  t.regex(told({ ...remade(web, api), lock: undefined }), /^Completed /);
});

test('what a reloader added beside approved content is no other content, where the lock lets it', (t) => {
  const { template, ...rest } = web.spec as unknown as Spec;
  const marked = {
    ...web,
    spec: {
      ...rest,
      template: { ...template, metadata: { ...template.metadata, annotations: { 'reloader.example/hash': 'x' } } },
    },
  } as unknown as WorkloadObject;
  const plain = remade(web, api);
  const lock = plain.lock!;
  const mutations = [{ field: 'Annotations' as const, names: ['reloader.example/*'] }];
  const approved = lock.spec.approved.map((entry) => ({ ...entry, mutations }));
  const given = withLive(plain, marked);
  t.regex(told(given), /^Failed /);
  t.regex(told({ ...given, lock: { ...lock, spec: { ...lock.spec, approved } } }), /^Completed /);
});

test('a target that is gone, or goes, is waited for as long as the promotion may be', (t) => {
  const gone = { ...applied, target: undefined, lock: undefined };
  const going = {
    ...applied,
    lock: undefined,
    target: { ...target(), metadata: { ...target().metadata, deletionTimestamp: '2026-11-21T09:59:00Z' } },
  };
  const last = now + 71 * HOUR;
  for (const given of [gone, going]) {
    t.is(
      told({ ...given, now: last }),
      `Pending TargetMissing: ${SINCE}: once it is made again, what became of the content is told`,
    );
    t.is(told({ ...given, now: last + 1 }), `Failed TargetMissing: ${SINCE}: nobody verifies whether its content runs`);
  }
});

test('a target that was made again and took nothing over yet is waited for', (t) => {
  const words = `Pending TargetNotReady: ${SINCE} and made again, which does not protect its namespace yet`;
  const fresh = { ...remade(web, api), records: applied.records };
  t.is(told(fresh), words);
  const entry: RecordEntry = { type: 'Tampered', time: '2026-11-21T10:00:00Z', tampered: [] };
  const record = sealRecord({ namespace: 'shop', name: 'web', uid: 'another-uid' }, applied.records, entry);
  t.is(told({ ...fresh, records: [...applied.records, record] }), words, 'a record of another kind takes nothing over');
});
