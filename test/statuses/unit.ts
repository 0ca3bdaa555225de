/** For unit tests: whatever status a pure core makes goes through here, so that the list of cases grows by itself. */
import test from 'ava';
import type { Reported } from './rules.ts';
import { SeenStatuses } from './seen.ts';

const seen = new SeenStatuses();

test.after('kstatus makes of every status that these tests passed through what it promises', async (t) => {
  t.timeout(15 * 60_000, 'kstatus is built on the first run');
  t.deepEqual(await seen.faults(), []);
});

/**
 * Hands on a status that was worked out for an object, after it was held against the rules of every kind.
 *
 * @throws Error that says which rules it breaks
 */
export function checkedStatus<Status extends NonNullable<Reported['status']>>(
  object: Reported,
  status: Status,
): Status {
  // Not the spec: a test's may be nested deeper than anything here can walk.
  const { apiVersion, kind, metadata } = object;
  const reported = { apiVersion, kind, metadata, status };
  const faults = [...seen.add(reported)];
  if (status.observedGeneration !== object.metadata.generation) faults.push('it speaks about another generation');
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return status;
}
