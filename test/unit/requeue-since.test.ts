import test from 'ava';
import { createLogger, Controller, type Result } from '../../operator/runtime/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const shop = { namespace: 'shop', name: 'web' };
const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

/** When a reconcile that answers once begins for the first time and again, by the clock. */
async function looks(answer: (clock: ManualClock) => Result, passes: readonly number[]): Promise<readonly number[]> {
  const clock = new ManualClock();
  const began: number[] = [];
  const controller = new Controller({
    name: 'looks',
    watches: [],
    logger: createLogger({ level: 'fatal', name: 'test' }),
    clock,
    reconcile: async () => {
      began.push(clock.monotonic());
      return began.length === 1 ? answer(clock) : undefined;
    },
  });
  const stop = new AbortController();
  const done = controller.run(stop.signal);
  controller.enqueue(shop);
  for (const ms of passes) {
    await settled();
    clock.advance(ms);
  }
  await settled();
  stop.abort();
  await done;
  return began;
}

/** One whose writes take so long after the world was read. */
const slow =
  (requeueAfter: number, took: number) =>
  (clock: ManualClock): Result => {
    const since = clock.now();
    clock.advance(took);
    return { requeueAfter, since };
  };

test('a deadline is kept however long the writes took that tell of it', async (t) => {
  t.deepEqual(await looks(slow(300, 120), [179, 1]), [0, 300]);
  t.deepEqual(await looks(slow(300, 120), [179]), [0], 'not a millisecond before');
});

test('what fell due while it was written is looked at a moment later, not once more after the whole time', async (t) => {
  t.deepEqual(await looks(slow(300, 320_000), [49, 1]), [0, 320_050]);
  t.deepEqual(
    await looks(slow(20, 500), [20]),
    [0, 520],
    'and what asks for less than that moment waits as long as it says',
  );
});

/** By a clock that was set back since. */
const ahead = (clock: ManualClock): Result => ({ requeueAfter: 300, since: clock.now() + 60_000 });

test('without a time that it counts from, and with one that lies ahead, the time to come back counts from now', async (t) => {
  for (const answer of [() => ({ requeueAfter: 300 }), ahead]) t.deepEqual(await looks(answer, [299, 1]), [0, 300]);
});
