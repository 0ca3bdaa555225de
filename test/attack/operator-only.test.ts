import test from 'ava';
import { allowed, denied } from './assert.ts';
import type { Answer } from '../harness/index.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Send, type Stage } from '../stage/attack.ts';
import { lock, promotionOf } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  // Whatever RBAC gives them beyond the chart's, each process writes what is its own.
  stage = await openAttack({ overgranted: ['promotions', 'environments'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const account = (name: string): string => `system:serviceaccount:twinlock-system:${name}`;
const digest = `sha256:${'0'.repeat(64)}`;
const record = (name: string): Json => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'PromotionRecord',
  metadata: { name },
  spec: {
    type: 'Adopted',
    target: { namespace: 'records', name: 'web', uid: 'u' },
    sequence: 1,
    digest,
    time: '2026-11-21T08:00:00Z',
    currentSpecs: [],
  },
});

test('denied: status written by an editor, an admin, or in the name of the operator', async (t) => {
  const shop = await Production.open(stage, 'status');
  await must(stage.agent('POST', shop.own('promotions'), promotionOf('web-42')));
  const path = `${shop.own('promotions', 'web-42')}/status`;
  const forged = { status: { phase: 'Approved' } };
  const headers = { 'impersonate-user': account('twinlock-promotions') };
  denied(t, await stage.ordinary('PATCH', path, forged), 'operator-only');
  denied(t, await stage.admin('PATCH', path, forged), 'operator-only');
  denied(t, await stage.wildcard('PATCH', path, forged, { headers }), 'operator-only');
  denied(t, await stage.environments('PATCH', path, forged), 'operator-only|guard-environments');
  allowed(t, await stage.promotions('PATCH', path, { status: { phase: 'Gating' } }));
});

test("denied: an environment's status by the other process; allowed: by its own", async (t) => {
  await must(
    stage.admin('POST', '/api/v1/namespaces', {
      metadata: { name: 'dev', labels: { 'twinlock.dev/environments': 'true' } },
    }),
  );
  const collection = '/apis/twinlock.dev/v1alpha1/namespaces/dev/twinenvironments';
  const environment = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'TwinEnvironment',
    metadata: { name: 'pr-1' },
    spec: {},
  };
  await must(stage.agent('POST', collection, environment));
  const status = { status: { phase: 'Ready' } };
  denied(t, await stage.ordinary('PATCH', `${collection}/pr-1/status`, status), 'operator-only');
  denied(t, await stage.promotions('PATCH', `${collection}/pr-1/status`, status), 'operator-only');
  allowed(t, await stage.environments('PATCH', `${collection}/pr-1/status`, status));
});

test('denied: the lock changed, replaced, deleted or made by anybody but the promotions process', async (t) => {
  const shop = await Production.open(stage, 'lock');
  const path = shop.own('workloadlocks', 'lock');
  const open = { spec: { liveAccess: 'Allow' } };
  const others: readonly (readonly [string, Send])[] = [
    ['ordinary', stage.ordinary],
    ['wildcard', stage.wildcard],
    ['admin', stage.admin],
    ['environments', stage.environments],
  ];
  const elsewhere = '/apis/twinlock.dev/v1alpha1/namespaces/default/workloadlocks';
  for (const [who, send] of others) {
    const refused = (answer: Answer): void => denied(t, answer, 'operator-only|guard-environments', undefined, who);
    refused(await send('PATCH', path, open));
    refused(await send('DELETE', path));
    refused(await send('DELETE', shop.own('workloadlocks')));
    refused(await send('POST', elsewhere, lock('default', [])));
  }
  allowed(t, await stage.promotions('PATCH', path, open));
});

test('denied: the lock changed with a token of the right account that is bound to no pod', async (t) => {
  const shop = await Production.open(stage, 'minted');
  const path = shop.own('workloadlocks', 'lock');
  const minted = await stage.withToken('twinlock-system', 'twinlock-promotions');
  t.is((await minted('GET', path)).status, 200, 'the token itself works');
  denied(t, await minted('PATCH', path, { spec: { liveAccess: 'Allow' } }), 'operator-only');
});

test('denied: records changed or deleted, by the operator too; forged by others', async (t) => {
  const shop = await Production.open(stage, 'records');
  const path = shop.own('promotionrecords');
  denied(t, await stage.ordinary('POST', path, record('web-000001')), 'operator-only');
  denied(t, await stage.admin('POST', path, record('web-000001')), 'operator-only');
  const made = await stage.promotions('POST', path, record('web-000001'));
  allowed(t, made);
  denied(
    t,
    await stage.promotions('PATCH', `${path}/web-000001`, { metadata: { labels: { a: 'b' } } }),
    'operator-only',
    /never changed/,
  );
  denied(
    t,
    await stage.promotions('DELETE', `${path}/web-000001`),
    'operator-only|records-in-use|record-cuts|record-targets',
    /never changed|as long as the lock refers to it|no cut lets go|kept for ever/,
  );
  denied(t, await stage.ordinary('DELETE', path), 'operator-only');
});

const run = (name: string): Json => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'GateRun',
  metadata: { name },
  spec: {
    promotion: { namespace: 'shop', name: 'web-42', uid: 'promotion-uid' },
    environment: { namespace: 'shop-dev', name: 'pr-42', uid: 'environment-uid' },
    gate: { name: 'soak', type: 'Soak', soak: { for: '30m' } },
    artifacts: [{ workload: 'web', container: 'web', image: `registry.example/web@${digest}` }],
    number: 1,
  },
});
const seen = {
  status: {
    phase: 'Completed',
    startedAt: '2026-11-21T08:00:00Z',
    finishedAt: '2026-11-21T08:30:00Z',
    attempts: 1,
    observations: { soak: { state: 'Healthy', since: '2026-11-21T08:00:00Z' } },
    evidenceDigest: digest,
  },
};

test('denied: what a gate asks and sees, forged by anybody; each half is one process alone', async (t) => {
  const runs = '/apis/twinlock.dev/v1alpha1/namespaces/default/gateruns';
  const path = `${runs}/soak-1`;
  const forgers: readonly (readonly [string, Send])[] = [
    ['ordinary', stage.ordinary],
    ['wildcard', stage.wildcard],
    ['admin', stage.admin],
  ];
  const by = 'operator-only|guard-environments';
  for (const [who, send] of forgers) denied(t, await send('POST', runs, run('soak-1')), by, undefined, who);
  denied(t, await stage.environments('POST', runs, run('soak-1')), by);
  allowed(t, await stage.promotions('POST', runs, run('soak-1')));
  for (const [who, send] of [...forgers, ['promotions', stage.promotions]] as const) {
    denied(t, await send('PATCH', `${path}/status`, seen), by, undefined, who);
    denied(t, await send('DELETE', path), by, /evidence|operator only/, who);
  }
  for (const [who, send] of forgers)
    denied(t, await send('PATCH', path, { metadata: { labels: { a: 'b' } } }), by, undefined, who);
  // Asked once: not even its own writer asks otherwise later.
  const changed = await stage.promotions('PATCH', path, { spec: { gate: { soak: { for: '1s' } } } });
  t.is(changed.status, 422);
  const { body } = await stage.admin('GET', path);
  t.is((body as Json)['status'], undefined);
  for (const reader of [stage.agent, stage.approver]) t.is((await reader('GET', path)).status, 200);
});
