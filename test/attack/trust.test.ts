/**
 * Whoever holds every right in the cluster but nobody's key: with sealed trust, what they write into keyrings, policies and
 * targets changes nothing of what can be approved.
 */
import test, { type ExecutionContext } from 'ava';
import { denied } from './assert.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, keyring, openPromotions, type Stage } from '../stage/promotions.ts';
import { group, paths, Sealed } from '../stage/sealed.ts';
import { own } from '../stage/objects.ts';
import { waitFor } from '../harness/index.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let sealed: Sealed;
let shop: Shop;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  sealed = new Sealed(stage);
  const { alice, bob } = stage.people;
  await sealed.signers(alice, bob);
  const digest = await sealed.digest(keyring([alice, bob]));
  await stage.startProcess({ sealedTrust: { keyring: 'default', digest, chain: 'trust' } });
  await sealed.accepted(paths.keyring(), 1);
  await sealed.sign(paths.policy(), alice, bob);
  shop = await new Shop(stage, 'shop').open();
  await sealed.sign(paths.target('shop'), alice, bob);
  await shop.ready();
});
test.after.always(() => stage?.stop());

let serial = 0;

/** mallory votes for a new promotion, with a key that stands in whatever was written: nothing comes of it. */
async function nothingComesOfIt(t: ExecutionContext): Promise<void> {
  const name = `web-${serial++}`;
  await shop.environment(name, images.evil);
  await shop.promote(name, name);
  await shop.phase(name, 'AwaitingApproval');
  await shop.vote(name, stage.people.mallory);
  const { status } = await shop.promotion(name, ({ status: s }) => (s?.approval?.votes?.length ?? 0) > 0);
  t.is(status?.approval?.votes?.[0]?.reason, 'NotEnrolled');
  t.is(await shop.image(), images.first);
  await stage.send('DELETE', `${group}/namespaces/shop/promotions/${name}`);
}

/** Writes it as it was, so that the next attack begins from there. */
async function undo(at: string, spec: Json): Promise<void> {
  await stage.send('PATCH', at, { spec });
  await sealed.accepted(at);
}

const specOf = async (at: string): Promise<Json> => (await stage.send('GET', at))['spec'] as Json;
const mine = (): object => keyring([stage.people.mallory]);

test.serial('a keyring that a cluster admin edits', async (t) => {
  const before = await specOf(paths.keyring());
  await stage.cluster.apply([mine()]);
  await sealed.waiting(paths.keyring());
  await nothingComesOfIt(t);
  await undo(paths.keyring(), before);
});

test.serial('a keyring that is deleted, and made again under its name', async (t) => {
  const before = await specOf(paths.keyring());
  await stage.send('DELETE', paths.keyring());
  await nothingComesOfIt(t);
  await stage.cluster.apply([mine()]);
  await sealed.waiting(paths.keyring());
  await nothingComesOfIt(t);
  await undo(paths.keyring(), before);
});

test.serial('a keyring of their own that a target is led to', async (t) => {
  const before = await specOf(paths.target('shop'));
  await stage.cluster.apply([keyring([stage.people.mallory], 'mine')]);
  await stage.send('PATCH', paths.target('shop'), { spec: { keyringRef: { name: 'mine' } } });
  await sealed.waiting(paths.target('shop'));
  await nothingComesOfIt(t);
  await undo(paths.target('shop'), before);
});

test.serial('a policy that is weakened, deleted, or joined by a second default', async (t) => {
  const before = await specOf(paths.policy());
  await stage.send('PATCH', paths.policy(), { spec: { separation: { requester: false } } });
  await stage.cluster.apply([own('ApprovalPolicy', 'mine', { default: true, separation: { requester: false } })]);
  await sealed.waiting(paths.policy());
  await nothingComesOfIt(t);
  await stage.send('DELETE', paths.policy());
  await nothingComesOfIt(t);
  await stage.cluster.apply([own('ApprovalPolicy', 'default', before)]);
  await sealed.accepted(paths.policy());
});

test.serial('a target that lets everybody in, or only warns', async (t) => {
  const before = await specOf(paths.target('shop'));
  await stage.send('PATCH', paths.target('shop'), { spec: { liveAccess: 'Allow', mode: 'Warn' } });
  await sealed.waiting(paths.target('shop'));
  await stage.send('PATCH', paths.target('shop'), {
    metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } },
  });
  await shop.target(({ status }) => status?.lastHandledReconcileAt === 'now');
  const lock = await specOf(`${group}/namespaces/shop/workloadlocks/lock`);
  t.is(lock['liveAccess'], 'Deny');
  const { metadata } = (await stage.send('GET', '/api/v1/namespaces/shop')) as { readonly metadata: Json };
  t.is((metadata['labels'] as Json)['twinlock.dev/protected'], 'true');
  await nothingComesOfIt(t);
  await undo(paths.target('shop'), before);
});

test.serial('a target that is deleted and made again, with what it did not have', async (t) => {
  const before = await specOf(paths.target('shop'));
  await stage.send('PATCH', paths.target('shop'), { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } });
  await stage.send('DELETE', paths.target('shop'));
  const target = own(
    'ProductionTarget',
    'web',
    { ...before, mode: 'Warn', liveAccess: 'Allow' },
    { namespace: 'shop' },
  );
  await stage.cluster.apply([target]);
  await sealed.waiting(paths.target('shop'));
  const lock = await specOf(`${group}/namespaces/shop/workloadlocks/lock`);
  t.is(lock['liveAccess'], 'Deny');
  await undo(paths.target('shop'), before);
  await shop.ready();
  await nothingComesOfIt(t);
});

test.serial('content that is changed while the target is gone, and the label off', async (t) => {
  const before = await specOf(paths.target('shop'));
  await stage.send('PATCH', paths.target('shop'), { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } });
  await stage.send('DELETE', paths.target('shop'));
  const at = '/api/v1/namespaces/shop';
  await stage.send('PATCH', at, { metadata: { annotations: { 'twinlock.dev/unprotect': 'shop' } } });
  const image = (name: string): Promise<Json> =>
    stage.send('PATCH', deploymentPath('shop', 'web'), {
      spec: {
        template: { spec: { containers: [{ name: 'web', image: name, env: [{ name: 'MODE', value: 'live' }] }] } },
      },
    });
  // Between the label and its return there is a moment.
  await waitFor('somebody is fast enough', async () => {
    await stage.send('PATCH', at, { metadata: { labels: { 'twinlock.dev/protected': null } } });
    return image(images.evil).then(
      () => true,
      () => false,
    );
  });
  await stage.cluster.apply([own('ProductionTarget', 'web', before, { namespace: 'shop' })]);
  await shop.target((target) => conditionOf(target, 'Ready')?.reason === 'Tampered');
  const lock = await specOf(`${group}/namespaces/shop/workloadlocks/lock`);
  t.false(JSON.stringify(lock).includes(images.evil), 'nothing of it is approved');
  await image(images.first);
  await shop.ready();
  await nothingComesOfIt(t);
});

test.serial('the label of the namespace taken off while the target is gone', async (t) => {
  const before = await specOf(paths.target('shop'));
  await stage.send('PATCH', paths.target('shop'), { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } });
  await stage.send('DELETE', paths.target('shop'));
  const at = '/api/v1/namespaces/shop';
  await stage.send('PATCH', at, { metadata: { annotations: { 'twinlock.dev/unprotect': 'shop' } } });
  await stage.send('PATCH', at, { metadata: { labels: { 'twinlock.dev/protected': null } } });
  await waitFor('the label is there again', async (seen) => {
    const { metadata } = (await stage.send('GET', at)) as { readonly metadata: Json };
    seen(metadata['labels']);
    return (metadata['labels'] as Json)['twinlock.dev/protected'] === 'true';
  });
  t.is((await stage.cluster.request('GET', `${group}/namespaces/shop/workloadlocks/lock`)).status, 200);
  await stage.cluster.apply([own('ProductionTarget', 'web', before, { namespace: 'shop' })]);
  await sealed.accepted(paths.target('shop'));
  await shop.ready();
});

test.serial('signatures of an older version, and of another object', async (t) => {
  const { alice, bob } = stage.people;
  const strict = { quorum: [{ count: 2 }] };
  const weak = { quorum: [{ count: 1 }] };
  await stage.send('PATCH', paths.policy(), { spec: strict });
  await sealed.sign(paths.policy(), alice, bob);
  await sealed.accepted(paths.policy(), 2);
  // Their votes on version 2 stay on the object.
  await stage.send('PATCH', paths.policy(), { spec: weak });
  const { status } = await sealed.until(
    paths.policy(),
    'old signatures are judged',
    (object) => (object.status?.trust?.pending?.votes ?? []).length >= 2,
  );
  t.true((status?.trust?.pending?.votes ?? []).every((line) => line.includes('another text')));
  const { metadata } = (await stage.send('GET', paths.policy())) as { readonly metadata: Json };
  const annotations = metadata['annotations'] as Json;
  await stage.send('PATCH', paths.target('shop'), { metadata: { annotations }, spec: { minReplicas: 0 } });
  const target = await sealed.until(
    paths.target('shop'),
    'they are judged there',
    (object) => (object.status?.trust?.pending?.votes ?? []).length >= 2,
  );
  t.is(target.status?.trust?.accepted?.version, 1);
  await undo(paths.target('shop'), { minReplicas: 1 });
  await undo(paths.policy(), strict);
});

test.serial('denied: records of what was signed changed, deleted, or written by others', async (t) => {
  const at = `${group}/namespaces/twinlock-system/promotionrecords`;
  const record = await stage.send('GET', `${at}/trust-000001`);
  const { cluster } = stage;
  const next = `trust-${String((await sealed.records()).length + 1).padStart(6, '0')}`;
  const contentType = 'application/merge-patch+json';
  denied(t, await cluster.request('DELETE', `${at}/trust-000001`), 'operator-only');
  denied(t, await cluster.request('DELETE', at), 'operator-only');
  denied(
    t,
    await cluster.request('PATCH', `${at}/trust-000001`, { contentType, body: { metadata: { labels: { a: 'b' } } } }),
    'operator-only',
  );
  const spec = {
    ...(record['spec'] as Json),
    sequence: Number(next.slice(-6)),
    previous: { name: 'trust-000001', digest: `sha256:${'0'.repeat(64)}` },
  };
  const body = { apiVersion: 'twinlock.dev/v1alpha1', kind: 'PromotionRecord', metadata: { name: next }, spec };
  denied(t, await cluster.request('POST', at, { body }), 'operator-only');
  const forged = { status: { trust: { accepted: { version: 9, digest: `sha256:${'0'.repeat(64)}`, record: 'x' } } } };
  denied(t, await cluster.request('PATCH', `${paths.policy()}/status`, { contentType, body: forged }), 'operator-only');
});

test.serial('a record behind the API server that nobody signed: nothing is approved any more', async (t) => {
  const at = `${group}/namespaces/twinlock-system/promotionrecords`;
  const names = (await sealed.records()).toSorted();
  const last = (await stage.send('GET', `${at}/${names.at(-1) ?? ''}`))['spec'] as Json;
  // Whoever stole a token that is bound to the operator's pod.
  const spec = {
    ...last,
    sequence: names.length + 1,
    previous: { name: names.at(-1), digest: last['digest'] },
    trust: {
      kind: 'ApproverKeyring',
      name: 'default',
      version: 2,
      digest: last['digest'],
      notAfter: '2099-01-01T00:00:00Z',
    },
    accepted: (mine() as { readonly spec: Json }).spec,
  };
  const name = `trust-${String(names.length + 1).padStart(6, '0')}`;
  await stage.send(
    'POST',
    at,
    { apiVersion: 'twinlock.dev/v1alpha1', kind: 'PromotionRecord', metadata: { name }, spec },
    stage.accounts.promotions,
  );
  await shop.environment('late', images.evil);
  await shop.promote('late', 'late');
  const { status } = await shop.promotion('late', ({ status: s }) =>
    (s?.why ?? []).some((line) => line.includes('the chain of what was signed does not hold')),
  );
  t.is(status?.phase, 'Pending');
  t.is(await shop.image(), images.first);
});
