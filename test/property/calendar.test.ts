import test from 'ava';
import * as fc from 'fast-check';
import { daily, type Weekday } from '../../operator/calendar/index.ts';

const hour = 3_600_000;
const zone = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
);
const days = fc.subarray<Weekday>(['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'], { minLength: 1 });
const clock = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
const when = fc.integer({ min: Date.UTC(2005), max: Date.UTC(2037) });

test('a time of the day comes in every zone, in order, once a day, and is found from both sides', (t) => {
  fc.assert(
    fc.property(zone, days, clock, when, (timeZone, wanted, time, at) => {
      const times = daily({ time, days: wanted, timeZone });
      const before = times.before(at);
      const after = times.after(at);
      if (before === undefined || after === undefined) return t.fail(`${timeZone} ${time} ${at}`);
      t.true(before <= at && at < after);
      t.is(times.before(before), before);
      t.is(times.after(before), after);
      t.is(times.before(after), after);
      t.is(times.before(after - 1), before);
      // A week, and what clocks and the date line may move.
      t.true(after - before <= 8 * 24 * hour);
      if (wanted.length === 7) t.true(after - before >= 22 * hour && after - before <= 49 * hour);
      return true;
    }),
    { numRuns: 150 },
  );
  t.throws(() => daily({ time: '20:00', timeZone: 'Europe/Atlantis' }), { instanceOf: RangeError });
  t.throws(() => daily({ time: '24:00', timeZone: 'UTC' }), { instanceOf: RangeError });
});
