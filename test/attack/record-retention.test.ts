/** Records that are deleted before anybody let them go, by whoever may delete them at all. */
import test from 'ava';
import { allowed, denied } from './assert.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { Production, must } from '../stage/production.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  // Whatever RBAC gives them beyond the chart's, each process deletes what is its own to delete.
  stage = await openAttack({ overgranted: ['promotions', 'environments'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const digest = `sha256:${'0'.repeat(64)}`;
const name = (sequence: number): string => `web-${String(sequence).padStart(6, '0')}`;

function record(namespace: string, sequence: number, content: Json): Json {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'PromotionRecord',
    metadata: { name: name(sequence) },
    spec: {
      target: { namespace, name: 'web', uid: 'u' },
      sequence,
      ...(sequence === 1 ? {} : { previous: { name: name(sequence - 1), digest } }),
      digest,
      time: '2020-11-21T08:00:00Z',
      ...content,
    },
  };
}

const failed = { type: 'Outcome', outcome: { result: 'Failed', reason: 'Test', message: 'x' } };

/** Ten records: the first is an adoption, the others outcomes. The lock refers to the sixth. */
async function chained(namespace: string): Promise<Production> {
  const shop = await Production.open(stage, namespace);
  await must(
    stage.admin('POST', shop.own('productiontargets'), {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ProductionTarget',
      metadata: { name: 'web' },
      spec: { workloads: [{ kind: 'Deployment', name: 'web' }], records: { keepFor: '720h' } },
    }),
  );
  await must(
    stage.promotions('POST', shop.own('promotionrecords'), record(namespace, 1, { type: 'Adopted', currentSpecs: [] })),
  );
  for (let sequence = 2; sequence <= 10; sequence++)
    await must(stage.promotions('POST', shop.own('promotionrecords'), record(namespace, sequence, failed)));
  const { spec } = await shop.read(shop.own('workloadlocks', 'lock'));
  const approved = (spec as { readonly approved: readonly Json[] }).approved;
  await shop.relock({ approved: approved.map((entry) => ({ ...entry, record: name(6) })) });
  return shop;
}

/** What the process tells admission once a cut is signed for. */
async function letGo(namespace: string, words: string): Promise<void> {
  await must(
    stage.promotions(
      'PATCH',
      `/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads?fieldManager=${namespace}`,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'twinlock-record-heads' },
        data: { [`cut_${namespace}.web`]: words },
      },
      { contentType: 'application/apply-patch+yaml' },
    ),
  );
}

test('denied: a record deleted by anybody but the promotions process, whatever a cut lets go', async (t) => {
  const shop = await chained('others');
  await letGo('others', 'upto=5');
  const one = shop.own('promotionrecords', name(2));
  const minted = await stage.withToken('twinlock-system', 'twinlock-promotions');
  for (const [who, send] of [
    ['ordinary', stage.ordinary],
    ['wildcard', stage.wildcard],
    ['admin', stage.admin],
    ['environments', stage.environments],
    ['a token of the account that is bound to no pod', minted],
  ] as const) {
    denied(t, await send('DELETE', one), 'operator-only|guard-environments', undefined, who);
    denied(
      t,
      await send('DELETE', shop.own('promotionrecords')),
      'operator-only|guard-environments|record-cuts',
      undefined,
      who,
    );
  }
  await shop.until(
    'the process may',
    async () => (await stage.promotions('DELETE', `${one}?dryRun=All`)).status === 200,
  );
  allowed(t, await stage.promotions('DELETE', one));
});

test('denied: what no cut lets go, what it keeps, and what the lock refers to; allowed: the rest', async (t) => {
  const shop = await chained('cut');
  const send = async (sequence: number, query = '') =>
    stage.promotions('DELETE', `${shop.own('promotionrecords', name(sequence))}${query}`);
  denied(t, await send(2), 'record-cuts', /no cut lets go/, 'before a cut');
  await letGo('cut', 'upto=7 not=3');
  await shop.until('admission has seen it', async () => (await send(2, '?dryRun=All')).status === 200);
  denied(t, await send(8), 'record-cuts', /no cut lets go/, 'beyond the cut');
  denied(t, await send(3), 'record-cuts', /no cut lets go/, 'kept by it');
  denied(t, await send(6), 'records-in-use', /as long as the lock refers to it/);
  denied(t, await send(1), 'operator-only', /never changed/, 'what was taken over');
  for (const sequence of [4, 5]) allowed(t, await send(sequence));
  denied(t, await stage.promotions('DELETE', shop.own('promotionrecords')), 'record-cuts|records-in-use|operator-only');
  for (const sequence of [1, 3, 6, 8, 9, 10])
    t.is((await stage.promotions('GET', shop.own('promotionrecords', name(sequence)))).status, 200, `${sequence}`);
});

test('denied: what tells of cuts deleted by the promotions process, so that nothing is known of them', async (t) => {
  await letGo('telling', 'upto=1');
  const heads = '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads';
  denied(t, await stage.promotions('DELETE', heads), 'guard-records', /whether records were cut off/);
});

test('denied: a record of a target that sets no end to them, or of sealed trust', async (t) => {
  const shop = await chained('forever');
  await letGo('forever', 'upto=9');
  const one = shop.own('promotionrecords', name(2));
  await shop.until('it may go', async () => (await stage.promotions('DELETE', `${one}?dryRun=All`)).status === 200);
  await must(stage.admin('PATCH', shop.own('productiontargets', 'web'), { spec: { records: null } }));
  await shop.until('it stays', async () => (await stage.promotions('DELETE', `${one}?dryRun=All`)).status !== 200);
  denied(t, await stage.promotions('DELETE', one), 'record-targets', /sets no keepFor/);

  const trust = '/apis/twinlock.dev/v1alpha1/namespaces/twinlock-system/promotionrecords';
  await must(stage.promotions('POST', trust, record('twinlock-system', 1, failed)));
  await letGo('twinlock-system', 'upto=9');
  denied(t, await stage.promotions('DELETE', `${trust}/${name(1)}`), 'operator-only|record-cuts');
});
