/** Windows of the policy hold what people approved; a promotion that was signed to pass by one does. */
import test from 'ava';
import type { ApprovalPolicy } from '../../operator/api/index.ts';
import { predicateOf } from '../../operator/votes/statement/index.ts';
import {
  after,
  decide,
  keyring,
  keys,
  now,
  promotion,
  run,
  statusOf,
  target,
  voted,
  world,
  type Scene,
} from './promotion-world.ts';

type Gate = ApprovalPolicy['spec']['gates'][number];
type Window = NonNullable<Gate['window']>;

// The world's time is a Saturday, 10:00 in UTC.
const weekdays: Window = {
  kind: 'Allow',
  start: '2026-01-05T09:00:00',
  duration: '8h',
  timeZone: 'UTC',
  rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
};
const monday = Date.parse('2026-11-23T09:00:00Z');
const freeze: Window = { kind: 'Freeze', start: '2026-11-21T00:00:00', duration: '12h', timeZone: 'UTC' };
const gate = (window: Window, name = 'hours'): Gate => ({ name, type: 'Window', window });

const withGates = (scene: Scene, ...gates: readonly Gate[]): Scene => {
  const before = scene.policy;
  if (!('object' in before)) throw new Error('no policy');
  const { object } = before;
  return { ...scene, policy: { object: { ...object, spec: { ...object.spec, gates: [...gates] } } } };
};
const environment: Gate = { name: 'environment', type: 'Environment' };

test('people are asked while a window is shut, and told when it opens', (t) => {
  const { decision } = run(withGates(world(), environment, gate(weekdays)));
  t.is(decision.verdict.reason, 'AwaitingApproval');
  t.true(
    decision.verdict.why?.includes('window hours is not open; production opens at 2026-11-23T09:00:00Z'),
    decision.verdict.why?.join('\n'),
  );
});

test('what they approved waits for the window, and goes live when it opens', (t) => {
  const { world: open } = run(withGates(world(), environment, gate(weekdays)));
  const voting = voted(open, keys.alice);
  const { done, decision } = run(voting);
  t.deepEqual(done, [], 'nothing is recorded, and the lock stays as it is');
  t.like(decision.verdict, { phase: 'AwaitingApproval', reason: 'WindowClosed' });
  t.is(decision.count?.verdict, 'Approved');
  t.is(decision.verdict.requeueAfter, monday - now + 1);
  t.is(decide({ ...voting, now: monday - 1 }).verdict.reason, 'WindowClosed');
  t.is(run({ ...voting, now: monday }).done[0], 'Approved');
});

test('a window that shuts between the approval and the lock keeps the lock closed', (t) => {
  const { world: open } = run(withGates(world(), environment));
  const voting = voted(open, keys.alice);
  t.is(decide(voting).verdict.reason, 'QuorumReached');
  // As a part of the policy it would ask anew; time alone changes nothing of what was signed.
  const shutting = { ...freeze, start: '2026-11-21T10:00:01' };
  const { world: asked } = run(withGates(world(), environment, gate(shutting)));
  const signed = voted(asked, keys.alice);
  const approved = after(signed, decide(signed).verdict.action!);
  t.is(decide(approved).verdict.action?.do, 'OpenLock');
  t.like(decide({ ...approved, now: now + 1000 }).verdict, {
    phase: 'Approved',
    reason: 'WindowClosed',
    action: undefined,
  });
});

test('a hold of a person is told before a window', (t) => {
  const scene = withGates(world(), environment, gate(weekdays));
  const held: Scene = {
    ...scene,
    target: target({
      ...scene.target?.spec,
      holds: [{ name: 'x', owner: 'sre', reason: 'INC-7', scope: 'Rollouts' }],
    }),
  };
  const { decision } = run(voted(run(held).world, keys.alice));
  t.is(decision.verdict.reason, 'Held');
});

test('one that expires before production opens says so', (t) => {
  const late = { ...freeze, duration: '240h' };
  const { decision } = run(withGates(world(), environment, gate(late)));
  t.true(decision.verdict.why?.some((line) => line.startsWith('it expires before that, at ')));
});

test('a window that changes is another policy: people are asked anew', (t) => {
  const { world: open } = run(withGates(world(), environment, gate(weekdays)));
  const voting = voted(open, keys.alice);
  const { done, decision } = run(withGates(voting, environment, gate({ ...weekdays, duration: '9h' })));
  t.deepEqual(done, ['Round']);
  t.is(decision.verdict.reason, 'AwaitingApproval');
});

test('windows stand in status beside the gates, and are no reason that gates have not passed', (t) => {
  const { world: open } = run(withGates(world(), environment, gate(weekdays)));
  const status = statusOf(open);
  t.deepEqual(
    status.gates?.map(({ name, type, result }) => `${name} ${type} ${result}`),
    ['environment Environment Passed', 'hours Window Pending'],
  );
  t.is(status.conditions?.find(({ type }) => type === 'GatesPassed')?.status, 'True');
});

const leading = (): Scene['keyring'] => {
  const given = keyring();
  if (!('object' in given)) return given;
  const { object } = given;
  const principals = object.spec.principals.map((each) =>
    each.name === 'bob' ? { ...each, groups: ['leads'] } : each,
  );
  return { object: { ...object, spec: { ...object.spec, principals } } };
};
const passing = (window: Window, overrides = [{ gate: 'hours', reason: 'INC-7' }]): Scene =>
  withGates(
    world({ promotion: promotion('web-42', { spec: { overrides } }), keyring: leading() }),
    environment,
    gate(window),
  );
const leads: Window = { ...freeze, override: { quorum: [{ group: 'leads', count: 1 }] } };

test('who passes by a window needs the votes that it asks for, and everybody signs that it does', (t) => {
  const { world: open } = run(passing(leads));
  const { approve } = open.records.at(-1)?.statements ?? { approve: '' };
  t.like(predicateOf(approve), {
    overrides: [{ gate: 'hours', reason: 'INC-7' }],
    policy: { quorum: [{ count: 1 }, { count: 1, group: 'leads' }] },
  });
  const byAlice = run(voted(open, keys.alice));
  t.is(byAlice.decision.verdict.reason, 'AwaitingApproval', 'she is nobody of the leads');
  const { done, world: over } = run(voted(byAlice.world, keys.bob, 'approve', 'lead'));
  t.is(done[0], 'Approved');
  const approved = over.records.find(({ outcome }) => outcome?.result === 'Approved');
  t.is(approved?.outcome?.message, 'bob, alice approved it, passing by window hours (INC-7)');
});

test('nobody passes by a window that lets nobody, or by what is none', (t) => {
  for (const [scene, words] of [
    [passing(freeze), 'lets nobody pass by window hours'],
    [passing(leads, [{ gate: 'environment', reason: 'INC-7' }]), 'has no window environment'],
    [passing(leads, [{ gate: 'other', reason: 'INC-7' }]), 'has no window other'],
  ] as const) {
    const { done, decision } = run(scene);
    t.deepEqual(done, []);
    t.like(decision.verdict, { reason: 'OverrideRefused', stalled: true });
    t.true(decision.verdict.message.includes(words), decision.verdict.message);
  }
});

test('of two entries for one group the larger counts', (t) => {
  const twice: Window = { ...freeze, override: { quorum: [{ count: 2 }] } };
  const { world: open } = run(passing(twice));
  t.like(predicateOf(open.records.at(-1)?.statements?.approve ?? ''), { policy: { quorum: [{ count: 2 }] } });
});

const groups = (from: number, count: number): Window['override'] => ({
  quorum: Array.from({ length: count }, (_, index) => ({ group: `group-${from + index}`, count: 1 })),
});
// One entry is the policy's own.
const asked = (more: number): Scene => {
  const overrides = ['hours', 'sale'].map((name) => ({ gate: name, reason: 'INC-7' }));
  const scene = world({ promotion: promotion('web-42', { spec: { overrides } }) });
  const windows = [
    gate({ ...freeze, override: groups(0, 10) }),
    gate({ ...freeze, override: groups(10, more) }, 'sale'),
  ];
  return withGates(scene, environment, ...windows);
};

test('windows that ask for more groups together than are counted are passed by one by one', (t) => {
  t.is(run(asked(5)).decision.verdict.reason, 'AwaitingApproval');
  const { verdict } = run(asked(6)).decision;
  t.is(verdict.reason, 'OverrideRefused');
  t.regex(verdict.message, /ask for votes of 17 groups, and at most 16 are counted/);
});

test('a promotion that passes by nothing needs what the policy asks for, whatever windows ask', (t) => {
  const { world: open } = run(withGates(world(), environment, gate(leads)));
  t.like(predicateOf(open.records.at(-1)?.statements?.approve ?? ''), { policy: { quorum: [{ count: 1 }] } });
});

type Emergency = NonNullable<ApprovalPolicy['spec']['emergency']>;
const burning = (emergency: Emergency | undefined, overrides?: { gate: string; reason: string }[]): Scene => {
  const scene = withGates(
    world({
      promotion: promotion('web-42', {
        spec: { emergency: { reason: 'INC-7' }, ...(overrides === undefined ? {} : { overrides }) },
      }),
      keyring: leading(),
    }),
    environment,
    gate(freeze),
    gate(leads, 'sale'),
  );
  if (!('object' in scene.policy) || emergency === undefined) return scene;
  const { object } = scene.policy;
  return { ...scene, policy: { object: { ...object, spec: { ...object.spec, emergency } } } };
};
const path: Emergency = { quorum: [{ group: 'leads', count: 1 }], skipGates: ['hours', 'sale'] };

test('an emergency has a quorum of its own, skips what the policy says, and everybody signs that it is one', (t) => {
  const { world: open } = run(burning(path));
  const statement = open.records.at(-1)?.statements?.approve ?? '';
  t.like(predicateOf(statement), {
    emergency: { reason: 'INC-7', skipped: ['hours', 'sale'] },
    policy: { quorum: [{ count: 1, group: 'leads' }] },
  });
  t.is(run(voted(open, keys.alice)).decision.verdict.reason, 'AwaitingApproval', 'the others do not count for it');
  const { done, world: over } = run(voted(open, keys.bob));
  t.is(done[0], 'Approved');
  const approved = over.records.find(({ outcome }) => outcome?.result === 'Approved');
  t.is(approved?.outcome?.message, 'bob approved it in an EMERGENCY without hours, sale (INC-7)');
});

test('an emergency waits for what it does not skip', (t) => {
  const { world: open } = run(burning({ ...path, skipGates: ['hours'] }));
  t.is(run(voted(open, keys.bob)).decision.verdict.reason, 'WindowClosed');
  const passing = burning({ quorum: [{ count: 1 }], skipGates: ['hours'] }, [{ gate: 'sale', reason: 'INC-7' }]);
  const { decision } = run(voted(run(passing).world, keys.alice));
  t.is(decision.verdict.reason, 'AwaitingApproval', 'and needs the votes of what it passes by beside');
});

test('an emergency never skips the environment', (t) => {
  const scene = burning({ ...path, skipGates: ['environment', 'hours', 'sale'] });
  const { decision } = run({ ...scene, environment: undefined });
  t.is(decision.verdict.reason, 'GatePending');
});

test('nobody is asked for an emergency where the policy knows none', (t) => {
  const { done, decision } = run(burning(undefined));
  t.deepEqual(done, []);
  t.like(decision.verdict, { reason: 'EmergencyRefused', stalled: true });
});

test('what is no emergency needs the votes of the policy, whatever it says of emergencies', (t) => {
  const scene = burning(path);
  const { world: open } = run({ ...scene, promotion: promotion('web-42') });
  const statement = predicateOf(open.records.at(-1)?.statements?.approve ?? '');
  t.false('emergency' in statement);
  t.like(statement, { policy: { quorum: [{ count: 1 }] } });
});
