import test from 'ava';
// Each step is asked by itself: steps before it answer most of these worlds first.
import {
  gateNotPassed,
  manifestRefused,
  nothingToPromote,
  openedLock,
  planRefused,
  productionDiffers,
  revisionUnknown,
} from '../../operator/promotions/decide/content.ts';
import { heldBy, promotionsHeld } from '../../operator/promotions/decide/holds.ts';
import { environmentNotAdmitted, notEnforced, targetNotReady } from '../../operator/promotions/decide/readiness.ts';
import { factsOf, type Facts } from '../../operator/promotions/decide/facts.ts';
import type { DecidingWorld, PlannedWorkload } from '../../operator/promotions/decide/index.ts';
import {
  deciding,
  deployment,
  images,
  promotion,
  world,
  worldOfOne,
  type Scene,
  type Spec,
} from './promotion-world.ts';

const given = deciding(world());
const facts = (changes: Partial<Facts> = {}): Facts => ({ ...factsOf(given), ...changes });
const gate = (result: 'Passed' | 'Pending' | 'Failed', summary?: string) => ({
  name: result.toLowerCase(),
  type: 'Environment' as const,
  result,
  ...(summary === undefined ? {} : { summary }),
});

test('denied: without a single gate nobody is asked', (t) => {
  const verdict = gateNotPassed(given, facts({ gates: [] }));
  t.deepEqual(
    [verdict?.phase, verdict?.reason, verdict?.message, verdict?.stalled, verdict?.why],
    ['Gating', 'GatePending', 'no gate was run', false, []],
  );
});

test('gates that passed let it go on, one that has not is named with what it says', (t) => {
  t.is(gateNotPassed(given, facts({ gates: [gate('Passed'), gate('Passed')] })), undefined);
  const silent = gateNotPassed(given, facts({ gates: [gate('Passed'), gate('Pending'), gate('Failed', 'no')] }));
  t.is(silent?.message, 'gate pending: it says nothing');
  t.deepEqual(silent?.why, ['gate pending: it says nothing', 'gate failed: no']);
  t.deepEqual([silent?.reason, silent?.stalled], ['GatePending', false]);
  const failed = gateNotPassed(given, facts({ gates: [gate('Failed', 'no'), gate('Pending')] }));
  t.deepEqual([failed?.reason, failed?.stalled], ['GateFailed', true]);
});

test('what cannot be promoted is told in the words of who found out', (t) => {
  t.is(nothingToPromote(given, facts()), undefined);
  const verdict = nothingToPromote(given, facts({ artifacts: { reason: 'NoImages', message: 'there is none' } }));
  t.deepEqual([verdict?.reason, verdict?.message, verdict?.stalled], ['NoImages', 'there is none', true]);
});

const refused: PlannedWorkload['planned'] = { reason: 'PlanRefused', message: 'quota says no' };
const { selector, template } = deployment(images.second).spec as Spec;
const objects = [
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector, template } },
] as unknown as NonNullable<Scene['promotion']['spec']['objects']>;
const plannedFor = (name: string): DecidingWorld => {
  const live = deployment(images.first, {}, '1', name);
  return deciding(
    world({
      promotion: promotion('web-42', { spec: { objects } }),
      workloads: [{ kind: 'Deployment', name, live, planned: refused }],
    }),
  );
};

test('a plan of a manifest that is refused is told before any gate, another after them', (t) => {
  t.is(manifestRefused(plannedFor('web'), facts())?.reason, 'PlanRefused');
  t.is(manifestRefused(plannedFor('api'), facts()), undefined);
  t.is(planRefused(plannedFor('api'), facts())?.reason, 'PlanRefused');
  t.is(planRefused(given, facts()), undefined);
  const fault = manifestRefused(given, facts({ manifestFault: { reason: 'ManifestInvalid', message: 'it is odd' } }));
  t.deepEqual([fault?.reason, fault?.message, fault?.stalled], ['ManifestInvalid', 'it is odd', true]);
});

test('a plan that only another object mends is not asked again by itself', (t) => {
  const live = deployment(images.first);
  const of = (planned: PlannedWorkload['planned']): number | undefined =>
    planRefused(deciding(worldOfOne({ workloads: [{ kind: 'Deployment', name: 'web', live, planned }] })), facts())
      ?.requeueAfter;
  t.is(of(refused), 30_000);
  t.is(of({ reason: 'NoSuchWorkload', message: 'no' }), undefined);
});

test('a workload without content is no content of nobody', (t) => {
  const live = { ...deployment(images.first), spec: undefined };
  for (const each of [live, undefined])
    t.is(
      productionDiffers({ ...given, workloads: [{ kind: 'Deployment', name: 'web', live: each }] }, facts()),
      undefined,
    );
});

test('of several workloads the first that no controller has seen is named', (t) => {
  const [web, api] = given.workloads;
  const { annotations: _none, ...metadata } = api?.live?.metadata ?? { name: 'api' };
  const unseen = { ...api!, live: { ...api!.live!, metadata } };
  t.regex(
    revisionUnknown({ ...given, workloads: [web!, unseen] }, facts())?.message ?? '',
    /controller has not seen Deployment\/api yet$/,
  );
  t.is(revisionUnknown({ ...given, workloads: [web!, { ...unseen, planned: undefined }] }, facts()), undefined);
});

test('without a target no lock is opened for anything', (t) => {
  const { lock } = facts();
  t.deepEqual(openedLock({ ...given, target: undefined }, facts(), 'web-000002'), lock);
  t.notDeepEqual(openedLock(given, facts(), 'web-000002'), lock);
});

test('denied: what asks about a target says no without one, and no hold of it is made up', (t) => {
  const gone = { ...given, target: undefined };
  t.is(targetNotReady(gone, facts())?.reason, 'TargetNotReady');
  t.is(
    notEnforced({ ...gone, enforcement: { active: false, message: 'gone' } }, facts())?.reason,
    'EnforcementInactive',
  );
  t.is(environmentNotAdmitted({ ...gone, classes: [] }, facts())?.reason, 'EnvironmentNotAdmitted');
  t.is(heldBy(undefined, given.now), undefined);
  t.is(promotionsHeld(gone, facts()), undefined);
});
