import test from 'ava';
import { asksStill } from '../../operator/targets/decide/asking.ts';
import { historyOf } from '../../operator/records/index.ts';
import { keys, run, until, voted, world, worldOf } from './promotion-world.ts';

const LATE = Date.parse('2026-12-30T00:00:00Z');

test('what a promotion asked to freeze is free with its end, also with one that leaves no record', (t) => {
  const fresh = world();
  const asks = ({ promotion, records, now }: typeof fresh, at = now): boolean =>
    asksStill(promotion, historyOf(records, promotion.metadata.uid ?? ''), at);
  t.true(asks(fresh));
  t.false(asks(fresh, LATE), 'nobody was asked within its time');
  const asked = run(fresh).world;
  t.false(asks(asked, LATE));
  const approved = until(voted(asked, keys.alice), 'OpenLock');
  t.true(asks(approved, LATE), 'on its way');
  t.is(worldOf(run(voted(asked, keys.alice)).world).stage, 'Over');
  t.false(asks(run(voted(asked, keys.alice)).world));
  const { promotion } = fresh;
  const metadata = { ...promotion.metadata, deletionTimestamp: '2026-11-21T10:00:00Z' };
  t.false(asks({ ...fresh, promotion: { ...promotion, metadata } }));
});
