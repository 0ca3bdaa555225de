import test from 'ava';
import { roomTable, type Summary } from '../coverage/rooms.ts';

const summary = (covered: number, total: number): Summary => {
  const of = { covered, total };
  return { lines: of, branches: of, functions: { covered: 0, total: 0 } };
};

test('coverage is summed by room, over lines and not over files', (t) => {
  const table = roomTable([
    ['operator/votes/count/a.ts', summary(90, 90)],
    ['operator/votes/count/deep/b.ts', summary(0, 10)],
    ['operator/lock/c.ts', summary(1, 4)],
  ]);
  t.deepEqual(table.split('\n').slice(2), [
    '| lock | 25.0 % | 25.0 % | - |',
    '| votes/count | 90.0 % | 90.0 % | - |',
    '| all | 87.5 % | 87.5 % | - |',
  ]);
});
