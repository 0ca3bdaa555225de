/** Rights that no other test uses: verbs that the API server asks for on its own, and lists where it streams none. */
import test from 'ava';
import type { TwinEnvironmentStatus } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import type { AuditLog } from '../stage/audit.ts';
import * as environments from '../stage/environments.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import { renderedRoles, type Right } from '../stage/rights.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { recordRemoval } from '../stage/uses.ts';

/** Waits until the API server has refused the process a request like this. */
async function refused(audit: AuditLog, verb: string, resource: string): Promise<void> {
  const answers = new Set<string>();
  await waitFor(`a refused ${verb} of ${resource}`, async (seen) => {
    for (const { verb, objectRef, responseStatus } of await audit.next())
      if (objectRef?.resource === resource) answers.add(`${verb} ${responseStatus?.code}`);
    seen([...answers]);
    return answers.has(`${verb} 403`);
  });
}

test('without the verb rollback a failed rollout is not taken back; with it, it is', async (t) => {
  const right: Right = 'promotions: rollback twinlock.dev/productiontargets';
  const stage: Stage = await openPromotions({ without: right });
  t.teardown(() => stage.stop());
  await stage.startProcess();
  stage.pods.break(images.third);
  const shop = await new Shop(stage, 'unable').open({ deployment: { progressDeadlineSeconds: 2 } });
  await shop.ready();
  await shop.environment('pr-42', images.third);
  await shop.promote('web-42', 'pr-42');
  await shop.phase('web-42', 'AwaitingApproval');
  await shop.vote('web-42', stage.people.alice);
  await refused(stage.audit, 'update', 'deployments');
  const { message } = conditionOf(
    await shop.promotion('web-42', (promotion) => /answered 4/.test(conditionOf(promotion, 'Ready')?.message ?? '')),
    'Ready',
  ) ?? { message: '' };
  t.regex(message, /rolling back needs the verb rollback on productiontargets/);
  t.notRegex(message, /rollback\.serviceAccounts/);
  t.is(await shop.image(), images.third);
  await stage.cluster.apply(renderedRoles());
  await shop.phase('web-42', 'RolledBack', 60_000);
  t.is(await shop.image(), images.first);
  await recordRemoval(import.meta.filename, right);
});

test('from an API server that streams no lists, both processes list what they follow, and work', async (t) => {
  const options = { testFile: import.meta.filename, apiServerFlags: { 'feature-gates': 'WatchList=false' } };
  const promotions = await openPromotions(options);
  t.teardown(() => promotions.stop());
  await promotions.startProcess();
  await (await new Shop(promotions, 'listed').open()).ready();
  const stage = await environments.openEnvironments(options);
  t.teardown(() => stage.stop());
  await stage.startProcess();
  const status = await environments.bringUp(stage, 'pr-42', environments.smallest);
  t.true(environments.isReady(status));
  for (const [audit, resource] of [
    [promotions.audit, 'productiontargets'],
    [stage.audit, 'twinenvironments'],
  ] as const) {
    const requests = (await audit.next()).filter(({ objectRef }) => objectRef?.resource === resource);
    t.true(requests.some(({ verb }) => verb === 'list'));
  }
});

const readyOf = (seen: TwinEnvironmentStatus) => environments.condition(seen, 'Ready');

test('without the verb bind the environments process gets no rights in a namespace; with it, an environment comes up', async (t) => {
  const right: Right = 'environments: bind rbac.authorization.k8s.io/clusterroles';
  const stage = await environments.openEnvironments({ without: right });
  t.teardown(() => stage.stop());
  await stage.startProcess();
  await stage.cluster.apply([environments.environment('pr-42', environments.smallest)]);
  await refused(stage.audit, 'patch', 'rolebindings');
  const status = await environments.untilStatus(stage, 'pr-42', (seen) => readyOf(seen).reason === 'NotApplied');
  t.regex(readyOf(status).message, /rolebindings.* answered 403 Forbidden: .*attempting to grant RBAC permissions/);
  t.is(environments.condition(status, 'Reconciling').status, 'True');
  await stage.cluster.apply(renderedRoles());
  await environments.bringUp(stage, 'pr-42', environments.smallest);
  await recordRemoval(import.meta.filename, right);
});

test('without the right to make a lock a target says what it was answered; with it, production is taken over', async (t) => {
  const right: Right = 'promotions: create twinlock.dev/workloadlocks';
  const stage: Stage = await openPromotions({ without: right });
  t.teardown(() => stage.stop());
  await stage.startProcess();
  const shop = await new Shop(stage, 'lockless').open();
  const found = await shop.target((target) => conditionOf(target, 'Ready')?.reason === 'NotWritten');
  t.regex(conditionOf(found, 'Ready')?.message ?? '', /workloadlocks answered 403 Forbidden: .*cannot create resource/);
  t.is(conditionOf(found, 'Reconciling')?.status, 'True');
  await stage.cluster.apply(renderedRoles());
  await shop.ready();
});

test('without the verb bind a target says that configuration cannot be read; with it, production is taken over', async (t) => {
  const right: Right = 'promotions: bind rbac.authorization.k8s.io/clusterroles';
  const stage: Stage = await openPromotions({ without: right });
  t.teardown(() => stage.stop());
  await stage.startProcess();
  const shop = await new Shop(stage, 'unbound').open();
  const found = await shop.target((target) => conditionOf(target, 'Ready')?.reason === 'NotWritten');
  t.regex(
    conditionOf(found, 'Ready')?.message ?? '',
    /rolebindings.* answered 403 Forbidden: .*attempting to grant RBAC permissions/,
  );
  await stage.cluster.apply(renderedRoles());
  await shop.ready();
  await recordRemoval(import.meta.filename, right);
});
