import { z } from 'zod';

import { patterns } from './patterns.ts';
import { quorum } from './quorum.ts';
import { withRules } from './rule.ts';
import { duration, timeZone, worded } from './text.ts';
import { choice } from './values.ts';

/** Whether a text is a recurrence rule of the API. */
export const isRecurrence = (value: string): boolean => patterns.recurrence.test(value);

/** When production may change, or may not. */
export const window = withRules(
  z.object({
    kind: choice(
      'Allow: what is approved goes on only while a window of this kind occurs. Freeze: not while this one occurs.',
      ['Allow', 'Freeze'],
    ),
    start: worded(
      'When it occurs first: the time on a clock in its zone.',
      19,
      patterns.localTime,
      'write the local time of its first start, such as 2026-01-05T09:00:00: the zone stands in timeZone',
    ),
    duration: duration('How long it lasts each time.'),
    timeZone: timeZone('Time zone of the start and of its recurrence.').default('UTC'),
    rrule: worded(
      'When it occurs again (RFC 5545), such as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH. Left out: it occurs once.',
      512,
      patterns.recurrence,
      'write a recurrence rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH: FREQ first (DAILY, WEEKLY, MONTHLY or YEARLY), then INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST, and COUNT or UNTIL (in UTC)',
    ).optional(),
    override: z
      .object({
        quorum: quorum(
          'Votes that a promotion needs that passes by this window, beside those that every promotion needs.',
        ),
      })
      .describe('Who may let a promotion pass by that asks for it in spec.overrides. Left out: nobody.')
      .optional(),
  }),
  {
    cel: "!has(self.rrule) || !self.rrule.contains('UNTIL=') || !self.rrule.contains('COUNT=')",
    message: 'a rule ends by UNTIL or by COUNT: write one of them',
    fieldPath: '.rrule',
    check: ({ rrule = '' }) => !(rrule.includes('UNTIL=') && rrule.includes('COUNT=')),
  },
).describe('Of a gate of type Window: when production may change.');
