import test from 'ava';
import { statusOf, type Situation } from '../../operator/environments/status/index.ts';
import { kstatusOf, type KstatusAnswer } from '../harness/index.ts';
import { environment } from './environment-fixtures.ts';
import { lifetime, now, situations, spec } from './environment-situations.ts';

const problem = { reason: 'NamespaceTaken', message: 'x' } as const;
const left = [{ group: '', kind: 'Namespace', name: 'x' }];

/** Situations that the table of statuses does not have. */
const more: readonly (readonly [title: string, situation: Situation])[] = [
  ['it is suspended before it had anything', { kind: 'Suspended', lifetime }],
  ['its namespace is on its way out', { kind: 'Blocked', problem, final: false, lifetime }],
  ["its namespace is somebody else's", { kind: 'Blocked', problem, final: true, lifetime }],
  ['it is over and not gone yet', { kind: 'Expired', blockers: [], left, lifetime }],
];

interface Case {
  readonly title: string;
  readonly object: ReturnType<typeof environment>;
  readonly expected: KstatusAnswer['status'];
}

/** What the conditions promise to whoever waits: the rules of kstatus, in its own order. */
function promised(status: ReturnType<typeof statusOf>): KstatusAnswer['status'] {
  const is = (type: string): boolean =>
    (status.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
  if (is('Reconciling')) return 'InProgress';
  if (is('Stalled')) return 'Failed';
  return is('Ready') ? 'Current' : 'InProgress';
}

const cases: readonly Case[] = [...situations, ...more].map(([title, situation]) => {
  const status = statusOf(environment(spec), situation, now);
  return { title, object: environment(spec, { status }), expected: promised(status) };
});

let answers: readonly KstatusAnswer[] = [];
test.before(async (t) => {
  t.timeout(15 * 60_000, 'kstatus is built on the first run');
  answers = await kstatusOf(cases.map(({ object }) => object));
});

for (const [index, { title, object, expected }] of cases.entries()) {
  test(`kstatus agrees: ${title}`, (t) => {
    t.is(answers[index]?.status, expected, answers[index]?.message);
    const said = (object.status?.conditions ?? []).filter(({ status }) => status === 'True').map(({ type }) => type);
    const outcomes = ['Ready', 'Reconciling', 'Stalled'].filter((type) => said.includes(type));
    t.true(outcomes.length <= 1, `one outcome at a time, not ${outcomes.join(' and ')}`);
  });
}

test('kstatus meets each of its answers in these situations', (t) => {
  t.deepEqual([...new Set(answers.map(({ status }) => status))].toSorted(), ['Current', 'Failed', 'InProgress']);
});

test('a generation that was not observed yet is in progress, whatever the conditions say', async (t) => {
  const ready = cases.find(({ expected }) => expected === 'Current')?.object;
  const { status } = ready ?? {};
  const [changed] = await kstatusOf([
    environment(spec, { ...(status === undefined ? {} : { status }), metadata: { generation: 2 } }),
  ]);
  t.is(changed?.status, 'InProgress');
});

test('an environment that is being deleted is terminating', async (t) => {
  const [going] = await kstatusOf([environment(spec, { metadata: { deletionTimestamp: '2026-11-21T09:00:00Z' } })]);
  t.is(going?.status, 'Terminating');
});
