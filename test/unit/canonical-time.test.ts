/** Times and their texts: what is one, and what only looks like one. */
import test from 'ava';
import { microTime, parseHttpDate, parseTime, RFC3339, rfc3339 } from '../../operator/canonical/index.ts';

const TEN = Date.parse('2026-11-21T10:00:00Z');

test('RFC 3339 with any offset and up to nanoseconds is a time', (t) => {
  for (const [text, ms] of [
    ['2026-11-21T10:00:00Z', TEN],
    ['2026-11-21T12:30:00+02:30', TEN],
    ['2026-11-21T00:00:00-10:00', TEN],
    ['2026-11-22T09:00:00+23:00', TEN],
    ['2026-11-21T10:00:00.5Z', TEN + 500],
    ['2026-11-21T10:00:00.123456789Z', TEN + 123],
    ['2026-11-21T23:59:59Z', TEN + 50_399_000],
    ['2024-02-29T19:00:00Z', Date.parse('2024-02-29T19:00:00Z')],
  ] as const)
    t.is(parseTime(text), ms, text);
});

const NO_TIMES: readonly string[] = [
  '',
  '2026-11-21',
  '2026-11-21T10:00Z',
  '2026-11-21T10:00:00',
  '2026-11-21 10:00:00Z',
  '2026-11-21t10:00:00z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T30:00:00Z',
  '2026-11-21T10:60:00Z',
  '2026-11-21T10:00:60Z',
  '2026-11-21T10:00:00.Z',
  '2026-11-21T10:00:00.1234567890Z',
  '2026-11-21T10:00:00+24:00',
  '2026-11-21T10:00:00+30:00',
  '2026-11-21T10:00:00+02:60',
  '2026-11-21T10:00:00+0200',
  '2026-11-21T10:00:00+2',
  '26-11-21T10:00:00Z',
  '2026-1-21T10:00:00Z',
  '2026-11-1T10:00:00Z',
  'x2026-11-21T10:00:00Z',
  '2026-11-21T10:00:00Z (x)',
  '2026-11-21T10:00:00Z\n',
];
test('what looks like RFC 3339 is no time, and no schema takes it', (t) => {
  for (const text of NO_TIMES) {
    t.is(parseTime(text), Number.NaN, text);
    t.false(RFC3339.test(text), text);
  }
});

test('a day that no calendar has is no time, as the API server says', (t) => {
  for (const day of ['2026-02-29', '2026-02-30', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-00', '2026-01-32'])
    t.is(parseTime(`${day}T10:00:00Z`), Number.NaN, day);
});

test('what is no text is no time, whatever it reads as', (t) => {
  t.is(parseTime(Object('2026-11-21T10:00:00Z')), Number.NaN);
  t.is(parseHttpDate(Object('Sat, 21 Nov 2026 10:00:00 GMT')), Number.NaN);
  t.is(parseHttpDate(undefined), Number.NaN);
});

test('the date of an HTTP message is a time in the one form that senders have to write', (t) => {
  t.is(parseHttpDate('Sat, 21 Nov 2026 10:00:00 GMT'), TEN);
  for (const text of [
    '2026-11-21T10:00:00Z',
    'Saturday, 21-Nov-26 10:00:00 GMT',
    'Sat Nov 21 10:00:00 2026',
    'Sat, 1 Nov 2026 10:00:00 GMT',
    'Sat, 21 Nov 2026 10:00:00 GMT (comment)',
    'Sat, 21 Nov 2026 10:00:00 +0100',
    'x Sat, 21 Nov 2026 10:00:00 GMT',
  ])
    t.is(parseHttpDate(text), Number.NaN, text);
});

test('no number of milliseconds is no time; a MicroTime has six digits', (t) => {
  t.is(rfc3339(Number.NaN), '');
  t.is(rfc3339(9e15), '');
  t.is(microTime(TEN + 7), '2026-11-21T10:00:00.007000Z');
});
