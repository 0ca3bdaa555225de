import { z } from 'zod';

import { isDuration, parseDuration } from '../duration.ts';
import type { Frozen } from '../kind.ts';
import { setOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, duration, timeZone, worded } from '../schema/text.ts';
import { choice } from '../schema/values.ts';

const timeOfDay = (description: string): z.ZodString =>
  worded(description, 5, patterns.timeOfDay, 'write a time of the day such as 20:00');

const schedule = withRules(
  z.object({
    sleep: timeOfDay('Time of every day at which it goes to sleep, whoever was active before.'),
    wake: timeOfDay('Time at which it wakes. Left out: it wakes when somebody wants it.').optional(),
    days: setOf(
      'Days on which it wakes. Left out: every day.',
      choice('Day.', ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']),
      {
        min: 1,
        max: 7,
      },
    ).optional(),
    timeZone: timeZone('Time zone of these times.').default('UTC'),
  }),
  {
    cel: '!has(self.wake) || self.wake != self.sleep',
    message: 'sleep and wake are the same time: write another one for wake',
    fieldPath: '.wake',
    check: ({ sleep, wake }) => wake !== sleep,
  },
  {
    cel: 'has(self.wake) || !has(self.days)',
    message: 'days are those on which it wakes: write wake, or leave days out',
    fieldPath: '.days',
    check: ({ wake, days }) => wake !== undefined || days === undefined,
  },
).describe('Sleeps and wakes at times of the day. Activity at night wakes it until the next evening.');

const shape = {
  inactivity: withRules(
    duration(
      'It sleeps this long after its last activity, or after it woke by its schedule. Requests to the app are not seen.',
    ),
    {
      cel: "duration(self) >= duration('1m')",
      message: 'an environment that sleeps sooner never becomes ready: write 1m at least',
      check: (value) => !isDuration(value) || parseDuration(value) >= 60_000,
    },
  ).optional(),
  schedule: schedule.optional(),
};

const WHEN =
  'When its pods are taken away until somebody wants them: volumes that are Durable stay, what is in memory does not.';

/** `spec.sleep` of a TwinEnvironment. */
export const environmentSleep = z
  .object({
    ...shape,
    except: setOf(
      'Workloads and services that go on while the others sleep, such as a twin that keeps its state in memory.',
      dnsLabel('Name of an element of `workloads` or `services`.'),
      { max: 16 },
    ).optional(),
  })
  .describe(`${WHEN} Left out: the TwinClass's sleep for Ephemeral, never for LongLived. Empty: never.`);

/** `spec.sleep` of a TwinClass. */
export const classSleep = z.object(shape).describe(`${WHEN} Of Ephemeral environments that do not say it themselves.`);

export type SleepSpec = Frozen<z.output<typeof classSleep>>;
