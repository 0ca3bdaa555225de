import type { TestFn } from 'ava';
import type { Cluster } from '../../harness/index.ts';
import { watchStatuses, type WatchedStatuses } from '../../statuses/watch.ts';

/**
 * Holds every status that the tests of a file pass through against the rules of its kind; a broken rule fails the file.
 *
 * @returns what begins to watch a cluster
 */
export function watchingStatuses(test: TestFn): (cluster: Cluster) => Promise<void> {
  let watched: WatchedStatuses | undefined;
  test.after.always('every status kept the rules of its kind', async () => watched?.stop());
  return async (cluster) => {
    watched = await watchStatuses(cluster);
  };
}
