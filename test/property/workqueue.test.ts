import test from 'ava';
import * as fc from 'fast-check';
import { Workqueue } from '../../operator/runtime/index.ts';
import type { Priority } from '../../operator/runtime/index.ts';
import { lowShare } from '../../operator/runtime/queue/workqueue.ts';
import { ManualClock } from '../stage/manual-clock.ts';

/** What the queue should do, in the plainest way that can be written down. */
class Model {
  readonly waiting: { key: string; priority: Priority }[] = [];
  readonly again = new Map<string, Priority>();
  readonly processing = new Map<string, Priority>();
  readonly later = new Map<string, { due: number; priority: Priority }>();
  readonly given: string[] = [];
  /** Namespaces with something that waits, in the order of their turns. */
  readonly turns: Record<Priority, string[]> = { normal: [], low: [] };
  waiters = 0;
  now = 0;
  normalInARow = 0;

  wait(key: string, priority: Priority): void {
    this.waiting.push({ key, priority });
    const namespace = spaceOf(key);
    if (!this.turns[priority].includes(namespace)) this.turns[priority].push(namespace);
  }

  leave(index: number): { key: string; priority: Priority } {
    const [entry] = this.waiting.splice(index, 1);
    if (entry === undefined) throw new Error('nothing waits there');
    const turns = this.turns[entry.priority];
    const stays = this.waiting.some(
      ({ key, priority }) => priority === entry.priority && spaceOf(key) === spaceOf(entry.key),
    );
    if (!stays) turns.splice(turns.indexOf(spaceOf(entry.key)), 1);
    return entry;
  }

  add(key: string, priority: Priority): void {
    const known = this.waiting.find((entry) => entry.key === key);
    if (known !== undefined) {
      if (priority === 'normal' && known.priority === 'low') {
        this.leave(this.waiting.indexOf(known));
        this.wait(key, priority);
      }
    } else if (this.processing.has(key)) {
      const before = this.again.get(key);
      this.again.set(key, before === 'normal' || priority === 'normal' ? 'normal' : 'low');
    } else this.wait(key, priority);
    this.serve();
  }

  get(): void {
    this.waiters++;
    this.serve();
  }

  done(key: string): void {
    if (!this.processing.delete(key)) return;
    const priority = this.again.get(key);
    this.again.delete(key);
    if (priority !== undefined) this.wait(key, priority);
    this.serve();
  }

  addAfter(key: string, delay: number): void {
    const priority = this.processing.get(key) ?? 'normal';
    const known = this.later.get(key);
    if (delay <= 0) this.add(key, priority);
    else if (known === undefined) this.later.set(key, { due: this.now + delay, priority });
    else {
      known.due = Math.min(known.due, this.now + delay);
      if (priority === 'normal') known.priority = 'normal';
    }
  }

  advance(ms: number): void {
    this.now += ms;
    for (const [key, { due, priority }] of [...this.later].sort(([, a], [, b]) => a.due - b.due)) {
      if (due > this.now) continue;
      this.later.delete(key);
      this.add(key, priority);
    }
  }

  serve(): void {
    while (this.waiters > 0 && this.waiting.length > 0) {
      const { normal, low } = this.turns;
      const turnOfLow = normal.length === 0 || (low.length > 0 && this.normalInARow >= lowShare - 1);
      const turns = turnOfLow ? low : normal;
      const [first = ''] = turns;
      const next = this.leave(
        this.waiting.findIndex(
          ({ key, priority }) => priority === (turnOfLow ? 'low' : 'normal') && spaceOf(key) === first,
        ),
      );
      // Whose turn it was comes last now.
      if (turns[0] === first) turns.push(turns.shift() ?? '');
      this.waiters--;
      this.normalInARow = turnOfLow ? 0 : this.normalInARow + 1;
      this.processing.set(next.key, next.priority);
      this.given.push(next.key);
    }
  }
}

const spaceOf = (key: string): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : '');

type Step =
  | { readonly do: 'add'; readonly key: string; readonly priority: Priority }
  | { readonly do: 'get' }
  | { readonly do: 'done'; readonly key: string }
  | { readonly do: 'addAfter'; readonly key: string; readonly delay: number }
  | { readonly do: 'advance'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'x/a', 'x/b', 'x/c', 'y/a', 'y/b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, priority: fc.constantFrom<Priority>('normal', 'low') }),
  fc.record({ do: fc.constant('get' as const) }),
  fc.record({ do: fc.constant('done' as const), key }),
  // Distinct delays: which of two keys due at the same instant comes first is nobody's business.
  fc.record({ do: fc.constant('addAfter' as const), key, delay: fc.integer({ min: 0, max: 1_000_000 }) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 600_000 }) }),
);

test('a queue behaves as its model whatever is asked of it', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const clock = new ManualClock();
      const queue = new Workqueue({ clock });
      const model = new Model();
      const given: string[] = [];
      for (const each of steps) {
        switch (each.do) {
          case 'add':
            model.add(each.key, each.priority);
            queue.add(each.key, each.priority);
            break;
          case 'get':
            model.get();
            void queue.get().then((got) => got !== undefined && given.push(got));
            break;
          case 'done':
            model.done(each.key);
            queue.done(each.key);
            break;
          case 'addAfter':
            model.addAfter(each.key, each.delay);
            queue.addAfter(each.key, each.delay);
            break;
          case 'advance':
            model.advance(each.ms);
            clock.advance(each.ms);
            break;
        }
        await Promise.resolve();
        await Promise.resolve();
        t.deepEqual(given, model.given);
        t.deepEqual([...queue.processing.keys()].sort(), [...model.processing.keys()].sort());
        t.is(queue.depth, model.waiting.length);
        t.is(queue.delayed, model.later.size);
      }
    }),
    { numRuns: 500 },
  );
});

test('no key is in two hands and none is lost, with many workers', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(key, fc.boolean()), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 8 }),
      async (adds, workers) => {
        const queue = new Workqueue({ clock: new ManualClock() });
        const inHand = new Set<string>();
        const seenAfterAdd = new Set<string>();
        const work = async (): Promise<void> => {
          for (let got = await queue.get(); got !== undefined; got = await queue.get()) {
            if (inHand.has(got)) throw new Error(`${got} is in two hands`);
            inHand.add(got);
            seenAfterAdd.add(got);
            await new Promise((resolve) => setImmediate(resolve));
            inHand.delete(got);
            queue.done(got);
          }
        };
        const running = Promise.all(Array.from({ length: workers }, work));
        for (const [each, pause] of adds) {
          seenAfterAdd.delete(each);
          queue.add(each);
          if (pause) await new Promise((resolve) => setImmediate(resolve));
        }
        while (queue.depth > 0 || queue.processing.size > 0) await new Promise((resolve) => setImmediate(resolve));
        queue.shutDown();
        await running;
        // Whatever was added last was taken up after that.
        t.deepEqual([...seenAfterAdd.keys()].sort(), [...new Set(adds.map(([each]) => each))].sort());
      },
    ),
    { numRuns: 50 },
  );
});

test('a failing key waits twice as long each time, until it is forgotten', (t) => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  for (const delay of [5, 10, 20, 40]) {
    queue.addRateLimited('a');
    clock.advance(delay - 1);
    t.is(queue.depth, 0);
    clock.advance(1);
    t.is(queue.depth, 1);
    void queue.get();
    queue.done('a');
  }
  t.is(queue.retries('a'), 4);
  queue.forget('a');
  queue.addRateLimited('a');
  clock.advance(5);
  t.is(queue.depth, 1);
});

test('the delay of a failing key ends at 1000 s', (t) => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  for (let failures = 0; failures < 30; failures++) {
    queue.addRateLimited('a');
    clock.advance(1_000_000);
    t.is(queue.depth, 1);
    void queue.get();
    queue.done('a');
  }
});

test('after shutdown nothing is given and waiting workers are let go', async (t) => {
  const queue = new Workqueue({ clock: new ManualClock() });
  const waiting = queue.get();
  queue.shutDown();
  queue.add('a');
  t.is(await waiting, undefined);
  t.is(await queue.get(), undefined);
  t.is(queue.depth, 0);
});

test('a queue that is never without normal keys still gets through its backlog', async (t) => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (let index = 0; index < 5; index++) queue.add(`low-${index}`, 'low');
  const given: string[] = [];
  for (let index = 0; index < 5 * lowShare; index++) {
    queue.add(`normal-${index}`);
    const key = await queue.get();
    given.push(key ?? '');
    queue.done(key ?? '');
  }
  t.is(given.filter((key) => key.startsWith('low')).length, 5);
  t.true(given.slice(0, lowShare - 1).every((key) => key.startsWith('normal')));
});

test('a key of the backlog that is put off or fails comes back into the backlog', async (t) => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  queue.add('low', 'low');
  queue.add('failing', 'low');
  t.is(await queue.get(), 'low');
  queue.addAfter('low', 10);
  queue.done('low');
  t.is(await queue.get(), 'failing');
  queue.addRateLimited('failing');
  queue.done('failing');
  clock.advance(10);
  queue.add('normal');
  t.is(await queue.get(), 'normal');
  t.is(queue.depth, 2);
});

test('two hundred and fifty keys of one namespace delay a key of another by one turn', async (t) => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (let index = 0; index < 250; index++) queue.add(`flood/web-${index}`);
  queue.add('shop/web-42');
  const first = [await queue.get(), await queue.get()];
  t.true(first.includes('shop/web-42'), first.join());
});

test('however many keys each namespace has, whoever has work gets a turn before anybody gets two', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 8 }),
      fc.boolean(),
      async (sizes, backlog) => {
        const queue = new Workqueue({ clock: new ManualClock() });
        for (const [space, size] of sizes.entries())
          for (let index = 0; index < size; index++) queue.add(`n${space}/k${index}`, backlog ? 'low' : 'normal');
        const given: string[] = [];
        while (queue.depth > 0) {
          const got = (await queue.get()) ?? '';
          given.push(spaceOf(got));
          queue.done(got);
        }
        const [smallest] = sizes.toSorted((a, b) => a - b);
        const rounds = given.slice(0, (smallest ?? 0) * sizes.length);
        for (let start = 0; start < rounds.length; start += sizes.length)
          t.is(new Set(rounds.slice(start, start + sizes.length)).size, sizes.length);
        t.is(
          given.length,
          sizes.reduce((sum, size) => sum + size, 0),
        );
      },
    ),
    { numRuns: 100 },
  );
});
