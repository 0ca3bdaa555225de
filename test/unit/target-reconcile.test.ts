import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import { ApiError, TransportError, type EventInput, type Informer } from '../../operator/kube/index.ts';
import { targetReconcile } from '../../operator/targets/reconcile.ts';
import { notWritten, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { adopted, decideTarget, fresh, settle } from './target-world.ts';

type Status = NonNullable<ProductionTarget['status']>;

const words = 'workloadlocks.twinlock.dev is forbidden: User "twinlock-promotions" cannot create resource';
const refusal = new ApiError({
  method: 'POST',
  path: '/workloadlocks',
  status: 403,
  body: { reason: 'Forbidden', message: words },
});
const conditionOf = (status: Status | undefined, type: string) =>
  status?.conditions?.find((each) => each.type === type);

/** Reconciles over a world that keeps the status; acting throws these one after the other, then makes it `after`. */
function reconciling(start: TargetWorld, errors: readonly Error[], after: TargetWorld = start) {
  let world = start;
  const left = [...errors];
  const written: Status[] = [];
  const told: EventInput[] = [];
  const reconcile = targetReconcile({
    client: {
      patch: async (_type: unknown, _key: unknown, patch: { readonly body: unknown }) => {
        const [, { value }] = patch.body as readonly [unknown, { readonly value: Status }];
        written.push(checkedStatus(world.target, value));
        world = { ...world, target: { ...world.target, status: value } };
        return world.target as never;
      },
    },
    reader: { read: async () => world },
    actor: {
      act: async () => {
        const error = left.shift();
        if (error !== undefined) throw error;
        world = { ...after, target: world.target };
        return undefined;
      },
    },
    targets: { absorb: () => undefined } as unknown as Informer<ProductionTarget>,
    events: { record: (event) => void told.push(event), flush: async () => undefined },
  });
  const run = () => reconcile({ namespace: 'shop', name: 'web' }, new AbortController().signal);
  return { written, told, run };
}

test('a write that the API server refuses is told in its words, in progress, once; then it goes away', async (t) => {
  const { run, written, told } = reconciling(fresh(), [refusal, refusal], adopted());
  await t.throwsAsync(run(), { is: refusal });
  const ready = conditionOf(written[0], 'Ready');
  t.deepEqual([ready?.status, ready?.reason], ['False', 'NotWritten']);
  t.true(ready?.message.includes(words), ready?.message);
  t.is(conditionOf(written[0], 'Reconciling')?.reason, 'NotWritten');
  t.is(conditionOf(written[0], 'Stalled'), undefined);
  await t.throwsAsync(run(), { is: refusal });
  t.is(written.length, 1, 'the same answer again writes nothing');
  await run();
  t.is(conditionOf(written[1], 'Ready')?.reason, 'Protected');
  t.is(conditionOf(written[1], 'Reconciling'), undefined);
  t.deepEqual(
    told.map(({ type, reason }) => `${type} ${reason}`),
    ['Warning NotWritten', 'Normal Protected'],
  );
});

test('settings that do not reach the lock do not let a target be Ready', async (t) => {
  const { target } = adopted();
  const asked = { ...adopted(), target: { ...target, spec: { ...target.spec, liveAccess: 'Allow' as const } } };
  const { run, written } = reconciling(asked, [refusal]);
  t.true(decideTarget(asked).ready, 'but for the write');
  await t.throwsAsync(run(), { is: refusal });
  t.is(conditionOf(written[0], 'Ready')?.reason, 'NotWritten');
});

test('what somebody has to repair anyway stays that, with the answer beside it', (t) => {
  const verdict = { ready: false, stalled: true, reason: 'Tampered', message: 'web', tampered: 'web' } as const;
  t.deepEqual(notWritten(verdict, 'no'), { ...verdict, message: 'web; the API server answered: no' });
});

test('what nobody could be told of, and who wrote in between, are no news', async (t) => {
  const cut = new TransportError('POST', '/workloadlocks', 'connection reset');
  const silent = reconciling(fresh(), [cut]);
  await t.throwsAsync(silent.run(), { is: cut });
  const conflict = new ApiError({ method: 'PUT', path: '/lock', status: 409, body: { reason: 'Conflict' } });
  const raced = reconciling(fresh(), [conflict, conflict]);
  t.deepEqual(await raced.run(), { requeueAfter: 50 });
  t.deepEqual([...silent.written, ...raced.written], []);
});

test('after one lost race the target is looked at again at once', async (t) => {
  const exists = new ApiError({ method: 'POST', path: '/lock', status: 409, body: { reason: 'AlreadyExists' } });
  const { run, written } = reconciling(fresh(), [exists], settle(fresh()).world);
  await run();
  t.is(conditionOf(written[0], 'Ready')?.reason, 'Protected');
});
