import test from 'ava';
import { memoryRelease } from '../../operator/runtime/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const collector = (calls: unknown[]): typeof globalThis.gc => ((options: unknown) => void calls.push(options)) as never;

test('what the first lists left is given back once, after the first round of work', async (t) => {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const running = memoryRelease(clock, collector(calls)).run(new AbortController().signal);
  await clock.advance(59_999);
  t.deepEqual(calls, []);
  await clock.advance(1);
  await running;
  t.is(calls.length, 1);
});

test('a process that stops before gives nothing back, and one without a collector goes on', async (t) => {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const stop = new AbortController();
  const running = memoryRelease(clock, collector(calls)).run(stop.signal);
  stop.abort();
  await running;
  t.deepEqual(calls, []);
  const without = memoryRelease(clock, undefined).run(new AbortController().signal);
  await clock.advance(60_000);
  await t.notThrowsAsync(without);
});
