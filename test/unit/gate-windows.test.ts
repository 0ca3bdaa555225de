/** Windows: RFC 5545 recurrence in a time zone, across changes of the clock; what cannot be read is closed. */
import test from 'ava';
import type { WindowSpec } from '../../operator/api/index.ts';
import { windowGates, windowsAt, type WindowGate } from '../../operator/gates/index.ts';

const at = (time: string): number => Date.parse(time);
const window = (rest: Partial<WindowSpec> = {}): WindowSpec => ({
  kind: 'Allow',
  start: '2026-01-05T09:00:00',
  duration: '8h',
  timeZone: 'Europe/Berlin',
  rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH',
  ...rest,
});
const hours: WindowGate = { name: 'office-hours', window: window() };
const freeze: WindowGate = {
  name: 'year-end',
  window: window({ kind: 'Freeze', start: '2026-12-21T00:00:00', duration: '336h', rrule: undefined }),
};
const none: ReadonlySet<string> = new Set();

const isOpen = (gates: readonly WindowGate[], time: string, overridden = none): boolean =>
  windowsAt(gates, overridden, at(time)).why.length === 0;

test('an allowing window is open from its start, and shut at its end', (t) => {
  t.false(isOpen([hours], '2026-03-23T07:59:59Z'));
  t.true(isOpen([hours], '2026-03-23T08:00:00Z'));
  t.true(isOpen([hours], '2026-03-23T15:59:59Z'));
  t.false(isOpen([hours], '2026-03-23T16:00:00Z'));
  t.false(isOpen([hours], '2026-03-27T10:00:00Z'), 'a Friday');
});

test('it begins at the same local time when clocks have changed', (t) => {
  // On 29 March clocks go forward.
  t.false(isOpen([hours], '2026-03-30T06:59:59Z'));
  t.true(isOpen([hours], '2026-03-30T07:00:00Z'));
});

test('it lasts as long as it says while clocks change', (t) => {
  const night: WindowGate = {
    name: 'night',
    window: window({ start: '2026-03-28T22:00:00', duration: '8h', rrule: 'FREQ=DAILY' }),
  };
  // Eight hours of which one is missing on the clock: until 07:00 local time.
  t.true(isOpen([night], '2026-03-29T04:59:59Z'));
  t.false(isOpen([night], '2026-03-29T05:00:00Z'));
});

test('a start that does not exist that day is none, and one that exists twice is the first', (t) => {
  const early: WindowGate = {
    name: 'early',
    window: window({ start: '2026-03-01T02:30:00', duration: '15m', rrule: 'FREQ=DAILY' }),
  };
  t.true(isOpen([early], '2026-03-28T01:30:00Z'));
  t.false(isOpen([early], '2026-03-29T00:30:00Z'));
  t.false(isOpen([early], '2026-03-29T01:30:00Z'));
  t.true(isOpen([early], '2026-10-25T00:30:00Z'));
  t.false(isOpen([early], '2026-10-25T01:30:00Z'));
});

test('before its first start and after its last it is shut', (t) => {
  const few: WindowGate = { name: 'few', window: window({ rrule: 'FREQ=DAILY;COUNT=2' }) };
  t.false(isOpen([few], '2026-01-04T09:00:00Z'));
  t.true(isOpen([few], '2026-01-06T09:00:00Z'));
  t.false(isOpen([few], '2026-01-07T09:00:00Z'));
  const { changesAt, opensAt, why } = windowsAt([few], none, at('2026-01-07T09:00:00Z'));
  t.is(changesAt, Infinity);
  t.is(opensAt, undefined);
  t.deepEqual(why, [
    'window few is not open; nothing says when production opens: the windows of the policy have to be changed',
  ]);
});

test('one without a rule occurs once', (t) => {
  t.true(isOpen([freeze], '2026-12-20T22:59:59Z'));
  t.false(isOpen([freeze], '2026-12-20T23:00:00Z'));
  t.true(isOpen([freeze], '2027-01-03T23:00:00Z'));
});

test('one without a rule that is still to come is told by its start', (t) => {
  const start = at('2026-12-20T23:00:00Z');
  t.is(windowsAt([freeze], none, at('2026-12-01T00:00:00Z')).changesAt, start);
  const opens: WindowGate = { ...freeze, window: { ...freeze.window, kind: 'Allow' } };
  t.is(windowsAt([opens], none, at('2026-12-01T00:00:00Z')).opensAt, start);
  t.is(windowsAt([opens], none, at('2027-02-01T00:00:00Z')).opensAt, undefined, 'it is over');
});

test('occurrences without a gap are one', (t) => {
  const always: WindowGate = {
    name: 'always',
    window: window({ kind: 'Freeze', duration: '24h', rrule: 'FREQ=DAILY;COUNT=3', timeZone: 'UTC' }),
  };
  const { changesAt, opensAt } = windowsAt([always], none, at('2026-01-05T10:00:00Z'));
  t.is(changesAt, at('2026-01-08T09:00:00Z'));
  t.is(opensAt, changesAt);
});

test('a freeze wins, and of allowing windows one is enough', (t) => {
  const night: WindowGate = { name: 'night', window: window({ start: '2026-01-05T22:00:00', duration: '2h' }) };
  t.true(isOpen([hours, night], '2026-12-14T10:00:00Z'));
  t.true(isOpen([hours, night], '2026-12-14T21:30:00Z'));
  t.false(isOpen([hours, night], '2026-12-14T20:00:00Z'));
  t.false(isOpen([hours, night, freeze], '2026-12-21T10:00:00Z'));
});

test('it says when production opens, across all windows', (t) => {
  // A Monday in the freeze, which ends in the night before a Monday.
  const { why, opensAt, changesAt, windows } = windowsAt([hours, freeze], none, at('2026-12-21T10:00:00Z'));
  t.is(opensAt, at('2027-01-04T08:00:00Z'));
  t.is(changesAt, at('2026-12-21T16:00:00Z'), 'the next edge of any of them');
  t.deepEqual(why, [
    'window year-end freezes production; production opens at 2027-01-04T08:00:00Z (2027-01-04 09:00 in Europe/Berlin)',
  ]);
  t.deepEqual(
    windows.map(({ name, result }) => `${name} ${result}`),
    ['office-hours Passed', 'year-end Pending'],
  );
});

test('who is let pass by one window meets the others', (t) => {
  const passing = new Set(['year-end']);
  t.true(isOpen([hours, freeze], '2026-12-21T10:00:00Z', passing));
  t.false(isOpen([hours, freeze], '2026-12-21T20:00:00Z', passing));
  const { windows } = windowsAt([hours, freeze], passing, at('2026-12-21T10:00:00Z'));
  t.is(windows[1]?.summary, 'this promotion passes by it');
});

for (const [what, rest] of [
  ['a day that does not exist', { start: '2026-02-31T09:00:00' }],
  ['a time zone that does not exist', { timeZone: 'Mars/Olympus' }],
  ['a rule of unknown days', { rrule: 'FREQ=WEEKLY;BYDAY=XX' }],
  ['a rule of unknown parts', { rrule: 'FREQ=DAILY;FOO=1' }],
  ['a rule whose hour does not exist', { rrule: 'FREQ=DAILY;BYHOUR=99' }],
  ['a rule that never occurs', { rrule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }],
  ['a duration that is none', { duration: 'long' }],
] as const)
  test(`what cannot be read is closed, of either kind: ${what}`, (t) => {
    for (const kind of ['Allow', 'Freeze'] as const) {
      const gate: WindowGate = { name: 'odd', window: window({ ...rest, kind }) };
      const { why } = windowsAt([gate], none, at('2026-03-23T10:00:00Z'));
      t.is(why.length, 1, kind);
      t.regex(why[0] ?? '', /^window odd cannot be read and counts as closed: .+; /);
      t.false(isOpen([hours, gate], '2026-03-23T10:00:00Z'), 'beside one that is open');
    }
  });

test('a gate of this type without a window is never open', (t) => {
  const gates = windowGates({ gates: [{ name: 'broken', type: 'Window' }] });
  t.false(isOpen(gates, '2026-03-23T10:00:00Z'));
});

test('other gates are no windows', (t) => {
  t.deepEqual(windowGates({ gates: [{ name: 'environment', type: 'Environment' }] }), []);
  t.true(isOpen([], '2026-03-23T10:00:00Z'));
  t.is(windowsAt([], none, 0).changesAt, Infinity);
});
