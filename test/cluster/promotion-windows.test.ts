/** Windows of a policy on a real API server: people sign ahead, and production opens when the window does. */
import test from 'ava';
import { shownObjects, type Shown } from '../chart/docs.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();
const policies = '/apis/twinlock.dev/v1alpha1/approvalpolicies';
const HOUR = 3_600_000;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

/** `2026-11-28T10:00:00` in UTC. */
const local = (time: number): string => new Date(time).toISOString().slice(0, 19);
const freeze = (from: number, rest: Json = {}): Json => ({
  kind: 'Freeze',
  start: local(from),
  duration: '2h',
  ...rest,
});

async function policy(name: string, window: Json, rest: Json = {}): Promise<void> {
  const gates = [
    { name: 'environment', type: 'Environment' },
    { name: 'freeze', type: 'Window', window },
  ];
  await stage.send('POST', policies, {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApprovalPolicy',
    metadata: { name },
    spec: { gates, ...rest },
  });
}

async function asking(namespace: string, spec: Json = {}): Promise<Shop> {
  const shop = await new Shop(stage, namespace).open({ target: { approvalPolicyRef: { name: namespace } } });
  await shop.ready();
  await shop.environment('pr-42', images.second);
  await shop.promote('web-42', 'pr-42', { spec });
  await shop.phase('web-42', 'AwaitingApproval');
  return shop;
}

test.serial('people sign in a freeze, and production changes when it is over, by itself', async (t) => {
  await policy('frozen', freeze(Date.now() - HOUR));
  const shop = await asking('frozen');
  await shop.cast('web-42', stage.people.alice);
  const shut = await shop.promotion('web-42', (seen) => conditionOf(seen, 'Ready')?.reason === 'WindowClosed');
  t.is(shut.status?.phase, 'AwaitingApproval');
  t.is(shut.status?.approval?.quorum?.[0]?.have, 1);
  t.regex(shut.status?.why?.[0] ?? '', /^window freeze freezes production; production opens at \d{4}-/);
  t.deepEqual(
    shut.status?.gates?.map(({ name, type, result }) => `${name} ${type} ${result}`),
    ['environment Environment Passed', 'freeze Window Pending'],
  );
  t.is(await shop.image(), images.first);
  t.deepEqual(
    (await shop.records()).map(({ type }) => type),
    ['Adopted', 'Round'],
  );
  clock.pass(HOUR + 1000);
  await shop.promotion('web-42', ({ status }) => status?.record?.endsWith('3') === true);
  clock.back();
  await shop.phase('web-42', 'Completed');
  t.is(await shop.image(), images.second);
});

test.serial('a promotion passes by a window with the votes that this asks for', async (t) => {
  await policy('passing', freeze(Date.now() - HOUR, { override: { quorum: [{ count: 2 }] } }));
  const shop = await asking('passing', { overrides: [{ gate: 'freeze', reason: 'INC-7: checkout is down' }] });
  await shop.cast('web-42', stage.people.alice);
  const one = await shop.promotion('web-42', ({ status }) => status?.approval?.quorum?.[0]?.have === 1);
  t.is(one.status?.approval?.quorum?.[0]?.need, 2);
  t.regex(one.status?.approval?.statements?.approve ?? '', /"reason": "INC-7: checkout is down"/);
  await shop.cast('web-42', stage.people.bob);
  await shop.phase('web-42', 'Completed');
  const approved = (await shop.records()).find(({ outcome }) => outcome?.result === 'Approved');
  t.regex(approved?.outcome?.message ?? '', /, passing by window freeze \(INC-7: checkout is down\)$/);
});

test.serial('an emergency goes live in a freeze by the votes of its own quorum, and loudly', async (t) => {
  const emergency = { quorum: [{ count: 2 }], skipGates: ['freeze'] };
  await policy('burning', freeze(Date.now() - HOUR), { emergency });
  const shop = await asking('burning', { emergency: { reason: 'INC-7: checkout is down' } });
  for (const person of [stage.people.alice, stage.people.bob]) await shop.cast('web-42', person);
  await shop.phase('web-42', 'Completed');
  const approved = (await shop.records()).find(({ outcome }) => outcome?.result === 'Approved');
  const words = /in an EMERGENCY without freeze \(INC-7: checkout is down\)$/;
  t.regex(approved?.outcome?.message ?? '', words);
  const told = await waitFor('events that warn of it', async (seen) => {
    const at = '/apis/events.k8s.io/v1/namespaces/burning/events';
    const { items } = (await stage.send('GET', at)) as unknown as {
      readonly items: readonly { readonly type: string; readonly reason: string; readonly note: string }[];
    };
    const loud = items.filter(({ type, note }) => type === 'Warning' && note.includes('EMERGENCY'));
    seen(items);
    return loud.length >= 2 && loud.map(({ reason }) => reason);
  });
  t.deepEqual([...told].toSorted(), ['Approved', 'RoundOpened']);
});

test.serial('nobody is asked where nobody may pass by, and the reason says what to write', async (t) => {
  await policy('closed', freeze(Date.now() - HOUR));
  const shop = await new Shop(stage, 'closed').open({ target: { approvalPolicyRef: { name: 'closed' } } });
  await shop.ready();
  await shop.environment('pr-42', images.second);
  await shop.promote('web-42', 'pr-42', { spec: { overrides: [{ gate: 'freeze', reason: 'INC-7' }] } });
  const refused = await shop.promotion('web-42', (seen) => conditionOf(seen, 'Ready')?.reason === 'OverrideRefused');
  t.regex(
    conditionOf(refused, 'Stalled')?.message ?? '',
    /^policy closed lets nobody pass by window freeze \(spec\.overrides\): create a Promotion without overrides$/,
  );
});

const sent = async ({ metadata, ...rest }: Shown['object'], named: Json): Promise<number> => {
  const at = rest.kind === 'ApprovalPolicy' ? policies : path('shown', 'promotions');
  const body = { ...rest, metadata: { ...metadata, ...named } };
  const { status } = await stage.cluster.request('POST', `${at}?dryRun=All`, { body });
  return status;
};

test.serial('the examples of the page are taken', async (t) => {
  await stage.send('POST', '/api/v1/namespaces', { metadata: { name: 'shown' } });
  const examples = (await shownObjects()).filter(({ page }) => page === 'docs/gates.md').map(({ object }) => object);
  t.deepEqual(
    examples.map(({ kind }) => kind),
    ['ApprovalPolicy', 'Promotion', 'ApprovalPolicy', 'Promotion'],
  );
  for (const object of examples)
    t.is(await sent(object, object.kind === 'Promotion' ? { namespace: 'shown' } : {}), 201, object.metadata.name);
});
