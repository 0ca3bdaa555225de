import test from 'ava';
import { notWritten } from '../../operator/targets/decide/index.ts';

const verdict = { ready: true, resting: true, reason: 'Protected', message: 'settings go to the lock' } as const;

test('a write that was refused makes a target not ready, and what somebody has to repair anyway stays so', (t) => {
  t.deepEqual(notWritten(verdict, 'no'), {
    ready: false,
    resting: undefined,
    reason: 'NotWritten',
    message: 'settings go to the lock; the API server answered: no',
  });
  const stalled = { ready: false, stalled: true, reason: 'LockChanged', message: 'it was changed' } as const;
  t.deepEqual(notWritten(stalled, 'no'), { ...stalled, message: 'it was changed; the API server answered: no' });
  t.is(notWritten({ ...stalled, stalled: false }, 'no').reason, 'NotWritten');
});
