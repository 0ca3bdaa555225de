import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import { CanonicalError } from '../../operator/canonical/index.ts';
import { ApiError, TransportError, type EventInput, type Informer } from '../../operator/kube/index.ts';
import { promotionReconcile } from '../../operator/promotions/reconcile.ts';
import { outcomeEntry, promotionRef, sealRecord } from '../../operator/records/index.ts';
import {
  after,
  deployment,
  images,
  keyring,
  keys,
  liveOf,
  now,
  run,
  targetRef,
  until,
  voted,
  withLive,
  withRunning,
  world,
  type Scene,
  worldOf,
} from './promotion-world.ts';
import { podOf } from './promotion-pods.ts';

/** A reconciler over a world that changes by its own actions, and once in the middle by somebody else. */
function reconciling(start: Scene, meanwhile: (approved: Scene) => Scene): { run(): Promise<readonly string[]> } {
  const done: string[] = [];
  let current = start;
  const reconcile = promotionReconcile({
    reader: { read: async () => worldOf(current), known: () => worldOf(current) },
    events: { record: () => undefined },
    actor: {
      end: async () => undefined,
      act: async (_seen, action) => {
        const approves = action.do === 'Append' && action.entry.outcome?.result === 'Approved';
        done.push(action.do === 'Append' ? (action.entry.outcome?.result ?? action.entry.type) : action.do);
        // The record takes its time: whatever began before it is answered by now.
        await new Promise((resolve) => setImmediate(resolve));
        current = after(current, action);
        if (approves) current = meanwhile(current);
        return true;
      },
    },
    client: { patch: async () => current.promotion as never },
    promotions: { absorb: () => undefined } as unknown as Informer<Promotion>,
    onRolledOut: () => undefined,
    monotonic: () => 0,
  });
  const { namespace, name } = start.promotion.metadata;
  return {
    run: async () => {
      await reconcile({ namespace, name }, new AbortController().signal);
      return done;
    },
  };
}

const withoutAlice = (seen: Scene): Scene => ({ ...seen, keyring: keyring({ bob: keys.bob }) });

test('a count that holds opens the lock', async (t) => {
  const asked = voted(run(world()).world, keys.alice);
  t.deepEqual(await reconciling(asked, (same) => same).run(), ['Approved', 'OpenLock', 'Apply', 'Apply', 'Completed']);
});

test('a key that is taken off while the approval is recorded opens nothing: the count before the lock is read after it', async (t) => {
  const asked = voted(run(world()).world, keys.alice);
  t.deepEqual(await reconciling(asked, withoutAlice).run(), ['Approved', 'Round']);
});

const { signal } = new AbortController();

/** A reconciler over a world as it is; what it wrote and told. */
function looking(read: () => Promise<Scene>, known: Scene = world()) {
  const written: NonNullable<Promotion['status']>[] = [];
  const told: EventInput[] = [];
  const ended: string[] = [];
  let current = known;
  const reconcile = promotionReconcile({
    reader: { read: async () => worldOf(await read()), known: () => worldOf(current) },
    actor: {
      act: async () => true,
      end: async (_known, action) => {
        ended.push(action.entry.outcome?.result ?? '');
        current = after(current, action);
      },
    },
    events: { record: (event) => void told.push(event) },
    client: {
      patch: async (_type: unknown, _key: unknown, patch: { readonly body: unknown }) => {
        const [, { value }] = patch.body as readonly [unknown, { readonly value: NonNullable<Promotion['status']> }];
        written.push(value);
        return known.promotion as never;
      },
    },
    promotions: { absorb: () => undefined } as unknown as Informer<Promotion>,
    onRolledOut: () => undefined,
    monotonic: () => 0,
  });
  return { written, told, ended, run: () => reconcile({ namespace: 'shop', name: 'web-42' }, signal) };
}

const reasonOf = (status: Promotion['status']): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.reason;

test('what has no digest already while it is read is a condition with the path, not a reconcile that failed', async (t) => {
  const words = '/template/spec/terminationGracePeriodSeconds is no integer within 2^53';
  const { run: look, written } = looking(async () => {
    throw new CanonicalError('UnsafeNumber', '/template', words);
  });
  t.like(await look(), { requeueAfter: 30_000 });
  t.is(reasonOf(written[0]), 'UnsafeNumber');
  t.true(written[0]?.why?.[0]?.includes(words));
});

test('what cannot be read is told on the promotion, and tried again', async (t) => {
  const refusal = new ApiError({
    method: 'GET',
    path: '/x',
    status: 403,
    body: { message: 'twinenvironments is forbidden' },
  });
  const { run: look, written } = looking(async () => Promise.reject(refusal));
  await t.throwsAsync(look(), { is: refusal });
  t.is(reasonOf(written[0]), 'NotReadable');
  t.regex(written[0]?.why?.[0] ?? '', /twinenvironments is forbidden/);
  const defect = new TypeError('x is not a function');
  const broken = looking(async () => Promise.reject(defect));
  await t.throwsAsync(broken.run(), { is: defect });
  t.is(reasonOf(broken.written[0]), 'NotDecidable');
});

test('what cannot be read and nobody approved ends in its time, with a record where people were asked', async (t) => {
  const refusal = new ApiError({ method: 'GET', path: '/x', status: 403, body: { message: 'no' } });
  const late = Date.parse('2026-12-30T00:00:00Z');
  for (const [known, recorded] of [
    [world(), []],
    [run(world()).world, ['Expired']],
  ] as const) {
    const looked = looking(async () => Promise.reject(refusal), { ...known, now: late });
    await looked.run();
    t.is(looked.written.at(-1)?.phase, 'Expired');
    t.deepEqual(looked.ended, recorded);
  }
  const approved = looking(async () => Promise.reject(refusal), {
    ...until(voted(run(world()).world, keys.alice), 'OpenLock'),
    now: late,
  });
  await t.throwsAsync(approved.run(), { is: refusal });
  t.is(approved.written[0]?.phase, 'RollingOut', 'it may run already: nobody can say that it is over');
});

test('over is over, also where nothing can be read any more', async (t) => {
  const done = run(voted(run(world()).world, keys.alice)).world;
  const refusal = new ApiError({ method: 'GET', path: '/x', status: 403, body: { message: 'no' } });
  const { run: look, written } = looking(async () => Promise.reject(refusal), done);
  await t.throwsAsync(look(), { is: refusal });
  t.is(written[0]?.phase, 'Completed');
  t.is(reasonOf(written[0]), 'Verified');
});

test('what passes by itself is no news', async (t) => {
  for (const error of [
    new TransportError('GET', '/x', 'connection reset'),
    new ApiError({ method: 'GET', path: '/x', status: 503, body: {} }),
    // A dry run that somebody was faster than.
    new ApiError({ method: 'PUT', path: '/x', status: 409, body: { reason: 'Conflict' } }),
    new Error('the lock of shop changes faster than it can be read: try again'),
  ]) {
    const { run: look, written } = looking(async () => Promise.reject(error));
    await t.throwsAsync(look(), { is: error });
    t.deepEqual(written, []);
  }
});

test('a rollback that a record of the target tells of is an event on the promotion, once', async (t) => {
  const done = run(voted(run(world()).world, keys.alice)).world;
  const round = done.records.find(({ type }) => type === 'Round');
  const back = outcomeEntry({
    now: done.now,
    promotion: promotionRef(done.promotion, 'dev'),
    round,
    result: 'RolledBack',
    reason: 'Undone',
    message: 'Deployment/web was rolled back, by oncall (field manager kubectl)',
  });
  const over: Scene = { ...done, records: [...done.records, sealRecord(targetRef, done.records, back)] };
  const withPhase = (phase: 'Completed' | 'RolledBack'): Scene => ({
    ...over,
    promotion: { ...over.promotion, status: { phase } },
  });
  const first = looking(async () => withPhase('Completed'));
  await first.run();
  t.deepEqual(
    first.told.map(({ reason, note, type }) => `${type} ${reason} ${note}`),
    ['Warning RolledBack Undone: Deployment/web was rolled back, by oncall (field manager kubectl)'],
  );
  const again = looking(async () => withPhase('RolledBack'));
  await again.run();
  t.deepEqual(again.told, []);
});

test('a rollback that others came in between of is taken up again later, and its record says why it began', async (t) => {
  const rolling = until(voted(run(world()).world, keys.alice), 'Apply', 2);
  const since = new Date(now + 30_000).toISOString();
  const dying = podOf(liveOf(rolling), { created: since, since, restarts: 3 });
  let seen = withRunning({ ...rolling, now: now + 31_000 }, liveOf(rolling), { pods: [dying, dying] });
  const conflict = new ApiError({ method: 'PUT', path: '/web', status: 409, body: { reason: 'Conflict' } });
  const answers = [undefined, conflict, conflict];
  const done: string[] = [];
  const reconcile = promotionReconcile({
    reader: { read: async () => worldOf(seen), known: () => worldOf(seen) },
    actor: {
      end: async () => undefined,
      act: async (_seen, action) => {
        const answer = answers.shift();
        if (answer !== undefined) throw answer;
        done.push(action.do);
        seen = after(seen, action);
        if (action.do !== 'RollBack') return true;
        seen = withLive(seen, deployment(images.first, {}, '3', action.workload.name));
        return true;
      },
    },
    events: { record: () => undefined },
    client: { patch: async () => seen.promotion as never },
    promotions: { absorb: () => undefined } as unknown as Informer<Promotion>,
    onRolledOut: () => undefined,
    monotonic: () => 0,
  });
  const request = { namespace: 'shop', name: 'web-42' };
  t.deepEqual(await reconcile(request, signal), { requeueAfter: 50 });
  t.deepEqual(done, ['RollBack']);
  await reconcile(request, signal);
  t.deepEqual(done, ['RollBack', 'RollBack', 'Append']);
  const { outcome } = seen.records.at(-1) ?? {};
  t.deepEqual([outcome?.result, outcome?.reason], ['RolledBack', 'CrashLooping']);
});
