import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { environmentGate } from '../../operator/gates/index.ts';
import { isAsleep, runningJobs, sleepOf } from '../../operator/environments/decide/asleep.ts';
import { observedParts } from '../../operator/environments/decide/index.ts';
import { lifetimeOf, sleepAt, sleepChangesIn } from '../../operator/environments/decide/lifecycle/index.ts';
import { sendable, statesOf } from '../../operator/environments/decide/states.ts';
import { slimWorkload } from '../../operator/environments/gather/cache/index.ts';
import { transitions } from '../../operator/environments/status/index.ts';
import { accepted, child, environment, image, twinClass } from './environment-fixtures.ts';
import { active, now, spec, statusOf } from './environment-situations.ts';

const time = (text: string): number => Date.parse(text);
const shown = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', 'Z');

const nights = {
  schedule: {
    sleep: '20:00',
    wake: '07:00',
    days: ['MO', 'TU', 'WE', 'TH', 'FR'] as const,
    timeZone: 'Europe/Berlin',
  },
};
const evenings = { schedule: { sleep: '20:00', timeZone: 'UTC' } };

/** 2026-11-27 is a Friday. */
const cases: readonly (readonly [
  title: string,
  spec: Parameters<typeof sleepAt>[0],
  lastActivity: string,
  at: string,
  expected: string | undefined,
])[] = [
  ['nothing is said of sleep', undefined, '2026-11-27T08:00Z', '2027-11-27T08:00Z', undefined],
  ['it is to sleep never', {}, '2026-11-27T08:00Z', '2027-11-27T08:00Z', undefined],
  [
    'it was active a while ago',
    { inactivity: '1h' },
    '2026-11-27T08:00Z',
    '2026-11-27T08:59Z',
    'Awake 2026-11-27T09:00Z',
  ],
  ['it was idle for long enough', { inactivity: '1h' }, '2026-11-27T08:00Z', '2026-11-27T09:00Z', 'Asleep undefined'],
  ['it is day', nights, '2026-11-26T08:00Z', '2026-11-27T12:00Z', 'Awake 2026-11-27T19:00Z'],
  ['it is night', nights, '2026-11-26T08:00Z', '2026-11-26T19:00Z', 'Asleep 2026-11-27T06:00Z'],
  ['it is a week-end', nights, '2026-11-26T08:00Z', '2026-11-28T12:00Z', 'Asleep 2026-11-30T06:00Z'],
  ['somebody works at night', nights, '2026-11-26T22:00Z', '2026-11-26T23:00Z', 'Awake 2026-11-27T19:00Z'],
  ['somebody works on Saturday', nights, '2026-11-28T12:00Z', '2026-11-28T13:00Z', 'Awake 2026-11-28T19:00Z'],
  ['it was active in the very second', evenings, '2026-11-27T20:00Z', '2026-11-27T20:00Z', 'Awake 2026-11-28T20:00Z'],
  ['nothing wakes it', evenings, '2026-11-27T08:00Z', '2026-11-29T12:00Z', 'Asleep undefined'],
  [
    'it is idle by day',
    { ...nights, inactivity: '2h' },
    '2026-11-26T15:00Z',
    '2026-11-27T08:00Z',
    'Asleep 2026-11-30T06:00Z',
  ],
  [
    'it woke a while ago',
    { ...nights, inactivity: '2h' },
    '2026-11-26T15:00Z',
    '2026-11-27T07:59Z',
    'Awake 2026-11-27T08:00Z',
  ],
  // Clocks of Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
  [
    'clocks go forward over the time',
    { schedule: { sleep: '20:00', wake: '02:30', timeZone: 'Europe/Berlin' } },
    '2026-03-28T08:00Z',
    '2026-03-29T01:29Z',
    'Asleep 2026-03-29T01:30Z',
  ],
  [
    'clocks go back over the time',
    { schedule: { sleep: '20:00', wake: '02:30', timeZone: 'Europe/Berlin' } },
    '2026-10-24T08:00Z',
    '2026-10-25T01:00Z',
    'Awake 2026-10-25T19:00Z',
  ],
];
for (const [title, of, lastActivity, at, expected] of cases)
  test(`sleep: ${title}`, (t) => {
    const found = sleepAt(of, time(lastActivity), time(at));
    const told = found === undefined ? undefined : `${found.kind} ${'until' in found ? shown(found.until) : ''}`;
    t.is(told, expected);
    const edge = sleepChangesIn(found, time(at));
    if (found !== undefined && 'until' in found && found.until !== undefined) {
      t.is(edge, found.until - time(at), 'it comes back at the edge');
      t.not(sleepAt(of, time(lastActivity), found.until)?.kind, found.kind, 'and then it is otherwise');
    } else t.is(edge, undefined, 'nothing comes back by itself');
  });

test('a zone that does not exist never makes it sleep', (t) => {
  const found = sleepAt(
    { inactivity: '1h', schedule: { sleep: '20:00', wake: '07:00', timeZone: 'Europe/Atlantis' } },
    time('2026-11-27T08:00Z'),
    now,
  );
  t.is(found?.kind, 'Unreadable');
  t.is(sleepChangesIn(found, now), undefined, 'nobody asks again and again');
});

const classSleep = { inactivity: '1h' };
const ofClass = twinClass({ sleep: classSleep });
const whose = (of: object): string | undefined => {
  const subject = environment(of, { status: { observedGeneration: 1, lastActivityAt: '2026-11-20T09:00:00Z' } });
  const lifetime = lifetimeOf(subject, ofClass.spec.ttl, now);
  return sleepOf({ environment: subject, now }, ofClass, lifetime)?.kind;
};

test('its own word counts before that of its class, which is of Ephemeral ones', (t) => {
  t.is(whose({}), 'Asleep');
  t.is(whose({ sleep: {} }), undefined);
  t.is(whose({ sleep: { inactivity: '1000h' } }), 'Awake');
  t.is(whose({ lifecycle: 'LongLived' }), undefined);
  t.is(whose({ lifecycle: 'LongLived', sleep: { inactivity: '1h' } }), 'Asleep');
});

const app = {
  services: [{ name: 'stripe' }],
  workloads: [
    { name: 'db', kind: 'StatefulSet', image, port: 5432, protocol: 'TCP', expose: 'None' },
    { name: 'migrate', kind: 'Job', image, needs: ['db'] },
    { name: 'web', image, port: 8080, replicas: 2, needs: ['migrate'] },
  ],
};
const replicas = (plan: ReturnType<typeof accepted>, kind: string, name: string): unknown =>
  (child(plan, kind, name)['spec'] as { replicas?: number }).replicas;

test('of one that sleeps nothing runs but its boundary and what is excepted; all else of it stays', (t) => {
  const plan = accepted({ ...app, sleep: { except: ['stripe'] } }, { asleep: true });
  t.is(replicas(plan, 'StatefulSet', 'db'), 0);
  t.is(replicas(plan, 'Deployment', 'web'), 0);
  t.is(replicas(plan, 'Deployment', 'stripe'), 1);
  t.is(replicas(plan, 'Deployment', 'twinlock-boundary'), 1);
  t.deepEqual([...(plan.asleep ?? [])].toSorted(), ['db', 'web']);
  const awake = accepted({ ...app, sleep: { except: ['stripe'] } });
  t.is(awake.asleep, undefined);
  t.is(replicas(awake, 'Deployment', 'web'), 2);
  const names = ({ manifests }: typeof plan) => manifests.parts.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  t.deepEqual(names(plan), names(awake));
});

test('going to sleep waits for nothing, and no Job is begun', (t) => {
  const plan = accepted(app, { asleep: true });
  const nothing = observedParts([], []);
  const sent = sendable(plan, nothing).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  t.deepEqual(
    sent.filter((each) => /^(Stateful|Deployment|Job)/.test(each)),
    ['Deployment stripe', 'StatefulSet db', 'Deployment web', 'Deployment twinlock-boundary'],
  );
  const states = statesOf(plan, nothing);
  t.like(states.of('web'), { ready: false, reason: 'sleeps' });
  t.like(states.of('migrate'), { ready: false, reason: 'waits for the environment to wake' });
});

function part(kind: string, name: string, more: object): ReturnType<typeof slimWorkload> {
  const metadata = { name, generation: 1, labels: { 'twinlock.dev/component': name.replace(/-.*/, '') } };
  return slimWorkload({ apiVersion: 'v1', kind, metadata, ...more } as Parameters<typeof slimWorkload>[0]);
}

test('a Job that runs keeps it awake until it has ended', (t) => {
  const ended = { status: { conditions: [{ type: 'Complete', status: 'True' }] } };
  t.deepEqual(runningJobs(observedParts([part('Job', 'migrate-abc', { status: { active: 1 } })], [])), ['migrate']);
  t.deepEqual(runningJobs(observedParts([part('Job', 'migrate-abc', ended)], [])), []);
});

const parts = (web: number) =>
  observedParts(
    [part('Deployment', 'web', { spec: { replicas: web } }), part('Deployment', 'stripe', { spec: { replicas: 1 } })],
    [],
  );

test('what is suspended stays as it is, asleep or awake', (t) => {
  const subject = environment({ ...app, suspend: true, sleep: { except: ['stripe'] } });
  t.true(isAsleep({ environment: subject, parts: parts(0) }));
  t.false(isAsleep({ environment: subject, parts: parts(1) }));
  t.false(isAsleep({ environment: subject, parts: observedParts([], []) }));
});

const page = (): Promise<string> => readFile(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
const asleep = {
  kind: 'Asleep',
  since: time('2026-11-20T19:00Z'),
  until: time('2026-11-23T06:00Z'),
  by: 'Schedule',
  timeZone: 'Europe/Berlin',
} as const;
const sleepsNow = active({}, { plan: accepted(spec, { asleep: true }), sleep: asleep, parts: observedParts([], []) });
const conditions = (of: TwinEnvironment['status']) =>
  Object.fromEntries((of?.conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));

test('one that sleeps is not Ready, says how it is woken, and passes no gate', async (t) => {
  const before = statusOf(environment(spec), active(), now);
  const subject = environment(spec, { status: before });
  t.is(environmentGate(subject, []).result, 'Passed');
  const status = statusOf(subject, sleepsNow, now);
  t.is(status.phase, 'Sleeping');
  t.like(conditions(status), {
    Ready: 'False/Sleeping',
    Stalled: 'True/Sleeping',
    TwinsReady: 'False/Sleeping',
    TwinsWired: 'Unknown/Sleeping',
    Exposed: 'False/Sleeping',
    Awake: 'False/Sleeping',
  });
  const message = status.conditions?.find(({ type }) => type === 'Awake')?.message ?? '';
  t.true((await page()).includes(`\n${message}\n`), message);
  t.deepEqual(
    status.services?.map(({ version, ready, verified }) => [version, ready, verified]),
    [['v1', false, false]],
    'the version that was chosen is kept',
  );
  t.is(status.workloads?.[0]?.images, undefined);
  t.is(environmentGate(environment(spec, { status }), []).result, 'Pending');
  t.deepEqual(
    transitions(subject, status).map(({ type, reason, note }) => [type, reason, note]),
    [['Normal', 'Sleeping', message]],
    'one event',
  );
  t.deepEqual(statusOf(environment(spec, { status }), sleepsNow, now + 60_000), status);
});

const awake: readonly (readonly [
  title: string,
  more: Parameters<typeof active>[1],
  condition: string,
  words: RegExp,
])[] = [
  [
    'it is awake',
    { sleep: { kind: 'Awake', until: asleep.until, by: 'Schedule', timeZone: 'UTC' } },
    'True/Awake',
    /^Sleeps at 2026-11-23T06:00:00Z$/,
  ],
  [
    'it is awake as long as it is active',
    { sleep: { kind: 'Awake', until: asleep.until, by: 'Inactivity', timeZone: 'UTC' } },
    'True/Awake',
    /^Sleeps at 2026-11-23T06:00:00Z unless it is active before$/,
  ],
  ['a Job runs', { sleep: asleep, busy: ['migrate'] }, 'True/Awake', /^Sleeps as soon as migrate has ended$/],
  ['it is suspended', { sleep: asleep, suspended: true }, 'True/Awake', /while it is suspended$/],
  [
    'its schedule cannot be read',
    { sleep: { kind: 'Unreadable', why: 'no such zone' } },
    'Unknown/ScheduleUnreadable',
    /^It does not sleep, since sleep\.schedule cannot be read: no such zone;/,
  ],
];
for (const [title, more, expected, words] of awake)
  test(`${title}: ${expected}, and it is Ready`, (t) => {
    const status = statusOf(environment(spec), active({}, more), now);
    t.like(conditions(status), { Ready: 'True/Ready', Awake: expected });
    t.regex(status.conditions?.find(({ type }) => type === 'Awake')?.message ?? '', words);
    t.is(status.phase, 'Ready');
    const news = transitions(environment(spec), status).filter(({ reason }) => /Awake|Schedule/.test(reason));
    t.is(news.length, expected.startsWith('Unknown') ? 1 : 0, 'that it begins awake is no news');
  });

test('of what the API server did not take it is told also while it sleeps', (t) => {
  const refused = { rejected: [{ reason: 'Forbidden', message: 'x' } as const] };
  const status = statusOf(
    environment(spec),
    active({}, { ...refused, plan: accepted(spec, { asleep: true }), sleep: asleep }),
    now,
  );
  t.is(conditions(status)['Ready'], 'False/Forbidden');
  t.is(status.phase, 'Failed');
});
