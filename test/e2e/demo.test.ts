import test from 'ava';
import { prepare, steps } from '../demo/index.ts';
import { watchingStatuses } from './support/statuses.ts';
import type { Story } from '../demo/index.ts';

const told: string[] = [];
const watch = watchingStatuses(test);
let story: Story | undefined;
/** Steps build on each other: after a broken one the others would only repeat its failure in other words. */
let broken: string | undefined;

test.before('a cluster, images built from this tree', async (t) => {
  t.timeout(20 * 60_000, 'the cluster and the images are built on the first run');
  story = await prepare('demo-test', (line) => told.push(line));
  await watch(story.cluster);
});

for (const step of steps) {
  test.serial(step.title, async (t) => {
    t.timeout(5 * 60_000);
    if (story === undefined || broken !== undefined) {
      t.fail(`not reached: ${broken ?? 'preparation failed'}`);
      return;
    }
    told.length = 0;
    if (await t.notThrowsAsync(step.run(story))) return;
    broken = `step ${step.title.split(' ')[0]} failed`;
    for (const line of told) t.log(line);
  });
}
