/** Sealed trust with stock ssh-keygen: pinned, signed, revoked, taken away, and begun anew when keys are lost. */
import test from 'ava';
import { waitFor } from '../harness/index.ts';
import { images, Shop } from '../stage/shop.ts';
import { keyring, openPromotions, type Stage } from '../stage/promotions.ts';
import { group, paths, Sealed } from '../stage/sealed.ts';
import { own } from '../stage/objects.ts';
import type { PromotionRecord } from '../../operator/api/index.ts';
import { parseKeyLine, readExport, verifyExport, writeExport } from '../../operator/records/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';

let stage: Stage;
let sealed: Sealed;
const heads = '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads';
let process: RunningProcess;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  sealed = new Sealed(stage);
  const { alice, bob, mallory } = stage.people;
  await sealed.signers(alice, bob, mallory);
  const digest = await sealed.digest(keyring([alice, bob]));
  process = await stage.startProcess({ sealedTrust: { keyring: 'default', digest, chain: 'trust' } });
});
test.after.always(() => stage?.stop());

const send = (...args: Parameters<Stage['send']>): ReturnType<Stage['send']> => stage.send(...args);

test.serial('the keyring that was pinned counts, and nothing else before its people sign it', async (t) => {
  const { status } = await sealed.accepted(paths.keyring(), 1);
  t.is(status?.trust?.accepted?.record, 'trust-000001');
  await sealed.shown(/^kubectl wait/);
  t.regex((await sealed.shown(/-A -o wide$/)).stdout, /ACCEPTED/);
  t.regex((await sealed.shown(/get promotionrecords/)).stdout, /trust-000001 +Trust/);
  const shop = await new Shop(stage, 'story').open();
  const target = await sealed.waiting(paths.target('story'));
  t.regex(JSON.stringify(target.status?.conditions), /2 more votes of any principal .*nothing of it counts/);
  await sealed.sign(paths.target('story'), stage.people.alice);
  await sealed.until(paths.target('story'), 'one signature is seen', (object) =>
    (object.status?.trust?.pending?.votes ?? []).some((line) => line.includes('alice approved')),
  );
  t.is((await sealed.records()).length, 1);
  await sealed.sign(paths.target('story'), stage.people.bob);
  await sealed.accepted(paths.target('story'), 1);
  await shop.ready();
  await shop.environment('pr-42', images.second);
  await shop.promote('web-42', 'pr-42');
  await shop.promotion('web-42', ({ status: s }) =>
    (s?.why ?? []).some((line) => line.includes('0 default ApprovalPolicies')),
  );
  await sealed.sign(paths.policy(), stage.people.alice, stage.people.bob);
  await shop.phase('web-42', 'AwaitingApproval');
  await shop.vote('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed');
  t.is(await shop.image(), images.second);
});

test.serial('a change counts once enough people signed it, and until then what counted goes on', async (t) => {
  await send('PATCH', paths.policy(), { spec: { quorum: [{ count: 2 }] } });
  await sealed.waiting(paths.policy());
  const shop = new Shop(stage, 'story');
  await shop.environment('pr-43', images.third);
  await shop.promote('web-43', 'pr-43');
  const asked = await shop.phase('web-43', 'AwaitingApproval');
  t.is(asked.status?.approval?.quorum?.[0]?.need, 1);
  await sealed.sign(paths.policy(), stage.people.alice, stage.people.bob);
  await sealed.accepted(paths.policy(), 2);
  await shop.promotion('web-43', ({ status }) => status?.approval?.quorum?.[0]?.need === 2);
  await shop.vote('web-43', stage.people.alice);
  const { status } = await shop.promotion('web-43', ({ status: s }) => s?.approval?.quorum?.[0]?.have === 1);
  t.is(status?.phase, 'AwaitingApproval');
});

test.serial('one signature takes a key back, at once', async (t) => {
  const shop = new Shop(stage, 'story');
  const { alice, bob, mallory } = stage.people;
  const ring = await send('GET', paths.keyring());
  const { principals } = ring['spec'] as { readonly principals: readonly { readonly keys: readonly object[] }[] };
  const [first, second] = principals;
  const revoked = second?.keys.map((key) => ({ ...key, revokedAt: '2026-01-01T00:00:00Z', reason: 'lost' }));
  await send('PATCH', paths.keyring(), { spec: { principals: [first, { ...second, keys: revoked }] } });
  await sealed.sign(paths.keyring(), alice);
  await sealed.accepted(paths.keyring(), 2);
  await shop.vote('web-43', bob);
  const { status } = await shop.promotion('web-43', ({ status: s }) => (s?.approval?.votes?.length ?? 0) === 2);
  t.true(status?.approval?.votes?.some(({ reason }) => reason === 'KeyRevoked'));
  t.is(await shop.image(), images.second);
  // Two of two people cannot sign any more: the keys of one are gone.
  await send('PATCH', paths.keyring(), {
    spec: { principals: [first, { ...second, keys: [...(revoked ?? []), { publicKey: mallory.publicKey }] }] },
  });
  await sealed.sign(paths.keyring(), alice);
  const waiting = await sealed.until(paths.keyring(), 'one signature is not enough', (object) =>
    (object.status?.trust?.pending?.why ?? []).some((line) => line.includes('1 more vote of any principal (1 of 2)')),
  );
  t.is(waiting.status?.trust?.accepted?.version, 2);
});

test.serial('the chain is one like those of production: exported, signed for, and verified offline', async (t) => {
  const at = `${group}/namespaces/twinlock-system/promotionrecords`;
  const verdict = await waitFor('it is signed for', async (seen) => {
    const { items } = (await send('GET', at)) as unknown as { readonly items: readonly PromotionRecord[] };
    const { data = {} } = (await send('GET', heads)) as { readonly data?: Readonly<Record<string, string>> };
    const keys = [parseKeyLine(data['keys'] ?? '')].filter((key) => key !== undefined);
    const records = items.map(({ spec }) => spec).filter(({ target }) => target.name === 'trust');
    const text = writeExport({ records, checkpoint: data['twinlock-system.trust'], keys: [] }).join('\n');
    const { chains } = verifyExport(readExport(text), { keys, witnesses: [], countersignatures: [] });
    seen(chains);
    return chains[0]?.complete === 'yes' && chains[0];
  });
  t.is(verdict.intact, 'yes');
});

test.serial(
  'a target that is deleted and a namespace without its label stay protected until people sign',
  async (t) => {
    await sealed.accepted(paths.target('story'));
    const annotations = { 'twinlock.dev/unprotect': 'web' };
    await send('PATCH', paths.target('story'), { metadata: { annotations } });
    await sealed.until(paths.target('story'), 'its removal is asked for', (object) => {
      const { pending } = object.status?.trust ?? {};
      return pending !== undefined && pending.digest === undefined;
    });
    await send('DELETE', paths.target('story'));
    const at = '/api/v1/namespaces/story';
    await send('PATCH', at, { metadata: { annotations: { 'twinlock.dev/unprotect': 'story' } } });
    await send('PATCH', at, { metadata: { labels: { 'twinlock.dev/protected': null } } });
    await waitFor('the label is there again', async (seen) => {
      const { metadata } = (await send('GET', at)) as {
        readonly metadata: { readonly labels?: Record<string, string> };
      };
      seen(metadata.labels);
      return metadata.labels?.['twinlock.dev/protected'] === 'true';
    });
    const lock = await stage.cluster.request('GET', '/apis/twinlock.dev/v1alpha1/namespaces/story/workloadlocks/lock');
    t.is(lock.status, 200);
  },
);

test.serial('when too many keys are lost a new chain begins with a keyring that is pinned anew', async (t) => {
  await process.stop();
  const { mallory } = stage.people;
  const ring = keyring([mallory]);
  const digest = await sealed.digest(keyring([mallory]));
  await stage.cluster.apply([ring]);
  process = await stage.startProcess({ sealedTrust: { keyring: 'default', digest, chain: 'trust-2' } });
  await sealed.accepted(paths.keyring(), 1);
  await sealed.sign(paths.policy(), mallory);
  await sealed.accepted(paths.policy(), 1);
  t.deepEqual(await sealed.records('trust-2'), ['trust-2-000001', 'trust-2-000002']);
  t.true((await sealed.records('trust')).length >= 5, 'the old one stays');
});

test.serial('a removal that people signed takes a policy away', async (t) => {
  await stage.cluster.apply([own('ApprovalPolicy', 'second', { quorum: [{ count: 1 }] })]);
  await sealed.sign(paths.policy('second'), stage.people.mallory);
  await sealed.accepted(paths.policy('second'), 1);
  await send('PATCH', paths.policy('second'), { metadata: { annotations: { 'twinlock.dev/unprotect': 'second' } } });
  await sealed.until(paths.policy('second'), 'its removal is asked for', (object) => {
    const { pending } = object.status?.trust ?? {};
    return pending !== undefined && pending.digest === undefined;
  });
  await sealed.sign(paths.policy('second'), stage.people.mallory);
  const gone = await sealed.until(
    paths.policy('second'),
    'it is signed away',
    (object) => object.status?.trust?.accepted === undefined,
  );
  t.regex(JSON.stringify(gone.status?.conditions), /nobody has to sign that/);
  await send('DELETE', paths.policy('second'));
});
