import test from 'ava';
import type { Clock } from '../../operator/kube/index.ts';
import { ClockSkew } from '../../operator/promotions/gather/skew.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const never = new AbortController().signal;

/** A server that says each time how far off this clock is, and a clock whose wall time can be set. */
function compared(skews: number[]): {
  readonly skew: ClockSkew;
  readonly steady: ManualClock;
  readonly set: (ms: number) => void;
  readonly asked: () => number;
} {
  const steady = new ManualClock();
  let offset = 0;
  let asked = 0;
  const clock: Clock = {
    now: () => steady.now() + offset,
    monotonic: () => steady.monotonic(),
    setTimer: (ms, callback) => steady.setTimer(ms, callback),
  };
  const serverDate = async (): Promise<{ readonly date: Date; readonly skew: number }> => ({
    date: new Date(0),
    skew: skews[asked++] ?? 0,
  });
  return { skew: new ClockSkew({ serverDate }, clock), steady, set: (ms) => (offset += ms), asked: () => asked };
}

test('the server is asked once for a while, then again', async (t) => {
  const { skew, steady, asked } = compared([2000, 90_000]);
  t.is(await skew.seconds(never), 2);
  steady.advance(29_000);
  t.is(await skew.seconds(never), 2);
  t.is(asked(), 1);
  steady.advance(2000);
  t.is(await skew.seconds(never), 90);
});

test('a clock that was set in between is compared at once', async (t) => {
  const { skew, set } = compared([0, 3_600_000]);
  t.is(await skew.seconds(never), 0);
  set(3_600_000);
  t.is(await skew.seconds(never), 3600);
});
