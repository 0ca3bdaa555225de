import test from 'ava';
import { after, decide, keys, now, promotion, run, target, voted, world, type Scene } from './promotion-world.ts';

const HOUR = 3_600_000;
type Hold = NonNullable<ReturnType<typeof target>['spec']['holds']>[number];

const freeze: Hold = { name: 'freeze', owner: 'release-captain', reason: 'Black Friday', scope: 'Rollouts' };
const until = new Date(now + HOUR).toISOString().replace('.000', '');

const held = (scene: Scene, ...holds: readonly Hold[]): Scene => ({
  ...scene,
  target: target({ ...scene.target?.spec, holds: [...holds] }),
});

test('what people approved is not rolled out while somebody holds production, and is once nobody does', (t) => {
  const { world: open } = run(held(world(), freeze));
  const voting = voted(open, keys.alice);
  const { done, decision } = run(voting);
  t.deepEqual(done, [], 'nothing is recorded, and the lock stays as it is');
  t.like(decision.verdict, { phase: 'AwaitingApproval', reason: 'Held' });
  t.is(decision.count?.verdict, 'Approved');
  t.deepEqual(decision.verdict.why, [
    'held by release-captain: Black Friday; remove hold freeze from ProductionTarget web to go on',
  ]);
  t.is(run(held(voting)).done[0], 'Approved');
});

test('a hold whose end cannot be read has none', (t) => {
  const { decision } = run(voted(run(held(world(), { ...freeze, until: 'tomorrow' })).world, keys.alice));
  t.is(decision.verdict.reason, 'Held');
});

test('a hold that comes between the approval and the lock keeps the lock closed', (t) => {
  const { world: open } = run(world());
  const voting = voted(open, keys.alice);
  const approved = after(voting, decide(voting).verdict.action!);
  t.is(decide(approved).verdict.action?.do, 'OpenLock');
  const { verdict } = decide(held(approved, freeze));
  t.like(verdict, { phase: 'Approved', reason: 'Held', action: undefined });
});

test('people are asked while rollouts are held, and told that they are', (t) => {
  const { decision } = run(held(world(), freeze));
  t.is(decision.verdict.reason, 'AwaitingApproval');
  t.true(decision.verdict.why?.some((line) => line.startsWith('held by release-captain: Black Friday')));
});

test('what people are told of a hold goes when it ends', (t) => {
  const { decision, world: asking } = run(held(world(), { ...freeze, until }));
  t.is(decision.verdict.reason, 'AwaitingApproval');
  t.is(decision.verdict.requeueAfter, HOUR + 1);
  const { verdict } = decide({ ...asking, now: now + HOUR });
  t.false(verdict.why?.some((line) => line.startsWith('held by')));
});

test('nobody is asked while promotions are held', (t) => {
  const all: Hold = { ...freeze, scope: 'Promotions' };
  const { done, decision } = run(held(world(), all));
  t.deepEqual(done, []);
  t.like(decision.verdict, { phase: 'Pending', reason: 'Held' });
  t.falsy(decision.verdict.stalled);
});

test('a hold with an end ends by itself, at that time and not before', (t) => {
  const all: Hold = { ...freeze, scope: 'Promotions', until };
  const scene = held(world(), all);
  const { verdict } = decide(scene);
  t.is(verdict.requeueAfter, HOUR + 1);
  t.true(verdict.message.includes(`it ends at ${until}`));
  t.is(decide({ ...scene, now: now + HOUR - 1 }).verdict.reason, 'Held');
  t.is(decide({ ...scene, now: now + HOUR }).verdict.reason, 'OpeningRound');
});

test('every hold has to end, and the first end is waited for', (t) => {
  const timed: Hold = { ...freeze, name: 'incident', owner: 'sre', reason: 'INC-7', scope: 'Promotions', until };
  const { verdict } = decide(held(world(), { ...freeze, scope: 'Promotions' }, timed));
  t.is(verdict.why?.length, 2);
  t.is(verdict.requeueAfter, HOUR + 1);
  t.is(decide({ ...held(world(), freeze, timed), now: now + HOUR }).verdict.reason, 'OpeningRound');
});

test('a promotion that is held expires in its time', (t) => {
  const { world: open } = run(held(world({ promotion: promotion('web-42') }), freeze));
  const voting = voted(open, keys.alice);
  t.deepEqual(run({ ...voting, now: now + 72 * HOUR }).done, ['Expired']);
});

test('a rejection ends a promotion that is held', (t) => {
  const { world: open } = run(held(world(), freeze));
  t.deepEqual(run(voted(open, keys.alice, 'reject')).done, ['Rejected']);
});

test('what a hold says is shown without control characters', (t) => {
  const { verdict } = decide(held(world(), { ...freeze, scope: 'Promotions', reason: 'x\u001b[2Jy\u202e' }));
  t.notRegex(verdict.message, /[^\x20-\x7e]/);
});
