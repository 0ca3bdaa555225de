import test from 'ava';
import { decide } from '../../operator/promotions/decide/index.ts';
import { behindOf, crowd, keys, now, promotion, run, until, voted, world, worldOf } from './promotion-world.ts';

const completed = run(voted(run(world()).world, keys.alice)).world;

test('a promotion is open to the last millisecond of its time, and waits for no longer', (t) => {
  const own = promotion('late');
  const end = Date.parse('2026-11-24T08:00:00Z');
  t.is(behindOf(own, [own, ...crowd], [], end)?.until, end);
  t.is(behindOf(own, [own, ...crowd], [], end + 1), undefined, 'those before it have ended');
  const mine = Date.parse('2026-11-24T09:00:00Z');
  const longer = crowd.map((each) => ({ ...each, spec: { ...each.spec, expiresAfter: '900h' } }));
  t.is(behindOf(own, [own, ...longer], [], mine)?.until, mine);
  t.is(behindOf(own, [own, ...longer], [], mine + 1), undefined, 'it has ended itself');
});

test('a record without a promotion, or that ends nothing, changes nothing in the order', (t) => {
  const own = promotion('late');
  const [adoption] = world().records;
  const round = completed.records.find(({ type }) => type === 'Round');
  const { promotion: _of, ...nobody } = completed.records.at(-1)!;
  const others = { ...round!, promotion: { ...round!.promotion!, uid: 'crowd-3-uid' } };
  t.is(behindOf(own, [own, ...crowd], [adoption!, others, nobody], now)?.most, 20);
});

const account = (name: string): string => `system:serviceaccount:ci:${name}`;

/** Promotions of one user, a second apart; undefined: of nobody. */
const named = (count: number, user: string | undefined) =>
  Array.from({ length: count }, (_, index) => {
    const each = promotion(`p${user ?? ''}${index}`.replaceAll(':', '-'), {
      createdAt: `2026-11-21T08:00:${String(index).padStart(2, '0')}Z`,
    });
    const annotations = user === undefined ? undefined : { 'twinlock.dev/requested-by': user };
    return { ...each, metadata: { ...each.metadata, annotations } };
  });

test('promotions of nobody are of one asker, and so are those of accounts of one namespace', (t) => {
  const own = promotion('own', { annotations: { 'twinlock.dev/requested-by': 'me' } });
  t.is(behindOf(own, [own, ...named(25, undefined)], [], now), undefined, 'a flood of nobody waits behind itself');
  const flood = Array.from({ length: 25 }, (_, index) => named(1, account(`bot-${index}`))[0]!);
  t.is(behindOf(own, [own, ...flood], [], now), undefined, 'accounts of one namespace are one');
  const people = Array.from({ length: 25 }, (_, index) => named(1, `x${account(`bot-${index}`)}`)[0]!);
  t.is(behindOf(own, [own, ...people], [], now)?.most, 20, 'who is only called like one is somebody');
});

test('one that waits says for what, and is looked at when that may have changed', (t) => {
  const { verdict } = decide(worldOf(world({ siblings: crowd })));
  t.deepEqual([verdict.phase, verdict.reason], ['Pending', 'TooManyOpen']);
  t.is(
    verdict.message,
    '20 promotions of this target are open before it: it goes on when one of them ends or is deleted (kubectl get promotions)',
  );
  t.is(verdict.requeueAfter, Date.parse('2026-11-24T08:00:00Z') - now + 1);
});

test('what is over, and what the lock is open for, waits behind nobody', (t) => {
  const rolling = until(voted(run(world()).world, keys.alice), 'OpenLock');
  for (const [scene, stage] of [
    [world(), 'Queued'],
    [rolling, 'RollingOut'],
    [completed, 'Over'],
  ] as const)
    t.is(worldOf({ ...scene, siblings: crowd }).stage, stage);
});
