import test from 'ava';
import { ApiError, silentLogger } from '../../operator/kube/index.ts';
import { Canary, type Enforcement } from '../../operator/targets/canary/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

/** An API server whose answers to the canary's dry runs the test gives, one pod probe at a time. */
function scripted(): {
  readonly canary: Canary;
  readonly answer: (index: number, refused: boolean) => void;
  readonly seen: Enforcement[];
  readonly clock: ManualClock;
} {
  const asked: ((refused: boolean) => void)[] = [];
  const seen: Enforcement[] = [];
  const clock = new ManualClock();
  const canary = new Canary({
    client: {
      create: () =>
        new Promise((resolve, reject) => {
          asked.push((refused) => {
            const body = { message: "ValidatingAdmissionPolicy 'twinlock-pods' denied request", reason: 'Forbidden' };
            if (refused)
              reject(new ApiError({ method: 'POST', path: '/api/v1/namespaces/shop/pods', status: 403, body }));
            else resolve({} as never);
          });
        }),
      patch: () => Promise.reject(new Error('no workload is named here')),
    },
    clock,
    logger: silentLogger,
    drift: () => [],
    namespaces: () => [],
    watched: () => undefined,
    onChange: (_namespace, enforcement) => void seen.push(enforcement),
  });
  return { canary, seen, clock, answer: (index, refused) => asked[index]?.(refused) };
}

test('a look that began earlier and ended later does not overrule what is known since', async (t) => {
  const { canary, answer, seen, clock } = scripted();
  const early = canary.check('shop', undefined);
  clock.advance(1);
  const late = canary.check('shop', undefined);
  answer(1, true);
  t.true((await late).active);
  answer(0, false);
  t.true((await early).active, 'the answer is what is known by now');
  t.true(canary.state('shop').active);
  t.is(seen.length, 1);
});

test('a forbidden change that is not refused is enforcement inactive, and told once', async (t) => {
  const { canary, answer, seen, clock } = scripted();
  for (const index of [0, 1]) {
    const look = canary.check('shop', undefined);
    answer(index, false);
    t.false((await look).active);
    clock.advance(1);
  }
  t.is(seen.length, 1);
  t.regex(seen[0]?.message ?? '', /not refused by twinlock-pods/);
});

test('what was never tried is not enforced', (t) => {
  t.false(scripted().canary.state('shop').active);
});
