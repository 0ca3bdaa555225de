import test from 'ava';
import { deployment, images } from './promotion-world.ts';
import { adopted, decideTarget, fresh, settle, withLive } from './target-world.ts';

const accepted = 'trust-000002';
const again = (world: ReturnType<typeof fresh>): ReturnType<typeof fresh> => ({
  ...world,
  target: { ...world.target, metadata: { ...world.target.metadata, uid: 'another' } },
});

test('a version that people signed takes over what runs, and the record says which', (t) => {
  const { world, done } = settle(fresh({ accepted }));
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.is(world.records[0]?.acceptedBy, accepted);
  t.true(decideTarget(world).ready);
});

test('where trust is not sealed a record names no version', (t) => {
  t.is(adopted().records[0]?.acceptedBy, undefined);
});

test('the next version is recorded too, and takes over nothing that is approved already', (t) => {
  const before = adopted({ accepted });
  const { world, done } = settle({ ...before, accepted: 'trust-000005' });
  t.deepEqual(done, ['Adopted']);
  t.deepEqual(world.records[1]?.currentSpecs, []);
  t.deepEqual(world.lock?.spec, before.lock?.spec);
});

test('a target that is made again keeps what the lock has', (t) => {
  const before = adopted({ accepted });
  const { world, done } = settle(again(before));
  t.deepEqual(done, ['Adopted']);
  t.deepEqual(world.lock?.spec.approved, before.lock?.spec.approved);
});

test('a target that is made again takes over no content that nobody approved, under no version', (t) => {
  const before = adopted({ accepted });
  for (const version of [accepted, 'trust-000005']) {
    const changed = withLive({ ...again(before), accepted: version }, deployment(images.third, {}, '2'));
    const { reason, tampered, action } = decideTarget(changed);
    t.is(reason, 'Tampered', version);
    t.is(tampered, 'Deployment/web');
    t.is(action, undefined);
  }
});

test('where trust is not sealed it takes over what runs, as before', (t) => {
  const changed = withLive(again(adopted()), deployment(images.third, {}, '2'));
  const { world } = settle(changed);
  t.true(JSON.stringify(world.lock?.spec.approved).includes(images.third));
});

test('what a version names and was not there when it took over is made by promotion, by nothing else', (t) => {
  const nothing = { workloads: [], others: [], owned: [], pods: [] };
  const before = adopted({
    accepted,
    workloads: [{ kind: 'Deployment', name: 'web', live: undefined }],
    running: nothing,
  });
  t.is(before.records[0]?.acceptedBy, accepted);
  const { reason } = decideTarget(withLive(before, deployment(images.third, {}, '1')));
  t.is(reason, 'Tampered');
});
