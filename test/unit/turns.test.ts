import test from 'ava';
import { ApiError } from '../../operator/kube/index.ts';
import { takeTurns, type Decided, type Result, type Turns } from '../../operator/runtime/index.ts';

interface Decision extends Decided<string> {
  readonly says: string;
}

interface Script {
  /** What each turn reads; undefined: the object is gone. */
  readonly worlds: readonly (number | undefined)[];
  readonly act?: (action: string) => Decision | undefined;
}

/** Turns that count up: an even number is done, an odd one has something to do. */
function scripted({ worlds, act = () => undefined }: Script, log: string[]): Turns<number, string, Decision> {
  const left = [...worlds];
  return {
    gather: async () => {
      const world = left.shift();
      log.push(`gather ${world}`);
      return world;
    },
    decide: (world) => ({ says: `saw ${world}`, action: world % 2 === 0 ? undefined : `do ${world}` }),
    act: async (_world, action) => {
      log.push(action);
      return act(action);
    },
    report: async (world, { says }): Promise<Result> => {
      log.push(`report ${world}: ${says}`);
      return { requeueAfter: 7 };
    },
    failed: async (_world, { says }, error) => {
      log.push(`failed ${says}: ${error instanceof Error ? error.message : ''}`);
    },
  };
}

const refuse = (): never => {
  throw new Error('no quota');
};
const request = { namespace: 'shop', name: 'web' };
const never = new AbortController().signal;

function answer(status: number, reason: string): ApiError {
  return new ApiError({ method: 'PUT', path: '/lock', status, body: { reason } });
}

test('turns go on until nothing is left to do, each over what was gathered anew, and one status ends them', async (t) => {
  const log: string[] = [];
  const reconcile = takeTurns(() => scripted({ worlds: [1, 3, 4, 6] }, log), 9);
  t.deepEqual(await reconcile(request, never), { requeueAfter: 7 });
  t.deepEqual(log, ['gather 1', 'do 1', 'gather 3', 'do 3', 'gather 4', 'report 4: saw 4']);
});

test('an object that is gone is reported to nobody', async (t) => {
  const log: string[] = [];
  t.is(await takeTurns(() => scripted({ worlds: [1, undefined] }, log), 9)(request, never), undefined);
  t.deepEqual(log, ['gather 1', 'do 1', 'gather undefined']);
});

test('an act that says what it came to ends the turns with that', async (t) => {
  const log: string[] = [];
  const worlds = [1, 3];
  await takeTurns(() => scripted({ worlds, act: () => ({ says: 'refused, see there' }) }, log), 9)(request, never);
  t.deepEqual(log, ['gather 1', 'do 1', 'report 1: refused, see there']);
});

test('a failed act is shown once and goes on as the error that it is', async (t) => {
  const log: string[] = [];
  const reconcile = takeTurns(() => scripted({ worlds: [1], act: refuse }, log), 9);
  await t.throwsAsync(async () => reconcile(request, never), { message: 'no quota' });
  t.deepEqual(log, ['gather 1', 'do 1', 'failed saw 1: no quota']);
});

test('a world that never comes to rest ends with an error, not in a loop', async (t) => {
  const log: string[] = [];
  const reconcile = takeTurns(() => scripted({ worlds: [1, 3, 5, 7, 9] }, log), 3);
  await t.throwsAsync(async () => reconcile(request, never), { message: /^shop\/web took 3 turns and is not done/ });
  t.is(log.filter((line) => line.startsWith('do ')).length, 3);
  t.false(log.some((line) => line.startsWith('report')));
});

test('a stop is heard between two turns', async (t) => {
  const log: string[] = [];
  const stop = new AbortController();
  const act = (): undefined => {
    stop.abort(new Error('stopping'));
  };
  const reconcile = takeTurns(() => scripted({ worlds: [1, 3, 4], act }, log), 9);
  await t.throwsAsync(async () => reconcile(request, stop.signal), { message: 'stopping' });
  t.deepEqual(log, ['gather 1', 'do 1']);
});

test('each reconcile has turns of its own: what one remembers is not there for the next', async (t) => {
  const made: object[] = [];
  const reconcile = takeTurns(() => {
    const turns = scripted({ worlds: [2] }, []);
    made.push(turns);
    return turns;
  }, 9);
  await reconcile(request, never);
  await reconcile(request, never);
  t.is(new Set(made).size, 2);
});

for (const reason of ['Conflict', 'AlreadyExists']) {
  test(`${reason}: who wrote in between wins, and the world is gathered anew at once`, async (t) => {
    const log: string[] = [];
    const answers = [answer(409, reason)];
    const act = (): undefined => {
      const error = answers.shift();
      if (error !== undefined) throw error;
    };
    const reconcile = takeTurns(() => scripted({ worlds: [1, 3, 4], act }, log), 9);
    t.deepEqual(await reconcile(request, never), { requeueAfter: 7 });
    t.deepEqual(log, ['gather 1', 'do 1', 'gather 3', 'do 3', 'gather 4', 'report 4: saw 4']);
  });

  test(`${reason} again in one reconcile: it comes back a moment later, and shows no failure`, async (t) => {
    const log: string[] = [];
    const error = answer(409, reason);
    const turns = { ...scripted({ worlds: [1, 3, 5] }, log), act: () => Promise.reject(error) };
    const reconcile = takeTurns(() => turns, 9);
    t.deepEqual(await reconcile(request, never), { requeueAfter: 50 });
    t.deepEqual(log, ['gather 1', 'gather 3']);
  });
}

test('an API server that does not take the status of a failure does not hide the failure', async (t) => {
  const turns = {
    ...scripted({ worlds: [1], act: refuse }, []),
    failed: () => Promise.reject(answer(403, 'Forbidden')),
  };
  await t.throwsAsync(async () => takeTurns(() => turns, 9)(request, never), { message: 'no quota' });
});

test('a mistake in showing a failure is not hidden', async (t) => {
  const turns = {
    ...scripted({ worlds: [1], act: refuse }, []),
    failed: () => Promise.reject(new TypeError('no such member')),
  };
  await t.throwsAsync(async () => takeTurns(() => turns, 9)(request, never), { instanceOf: TypeError });
});

test('what a stop came before is not reported: whoever leads by now reports it', async (t) => {
  for (const worlds of [[1], [2]]) {
    const log: string[] = [];
    const stop = new AbortController();
    const turns = scripted({ worlds, act: () => ({ says: 'done' }) }, log);
    const decide = (world: number): Decision => {
      stop.abort(new Error('stopping'));
      return turns.decide(world);
    };
    const reconcile = takeTurns(() => ({ ...turns, decide }), 9);
    await t.throwsAsync(async () => reconcile(request, stop.signal), { message: 'stopping' });
    t.false(log.some((line) => line.startsWith('report')));
  }
});

test('an act that a stop cut short is not shown as failed', async (t) => {
  const log: string[] = [];
  const stop = new AbortController();
  const act = (): never => {
    stop.abort();
    throw new Error('cut short');
  };
  const reconcile = takeTurns(() => scripted({ worlds: [1], act }, log), 9);
  await t.throwsAsync(async () => reconcile(request, stop.signal), { message: 'cut short' });
  t.deepEqual(log, ['gather 1', 'do 1']);
});
