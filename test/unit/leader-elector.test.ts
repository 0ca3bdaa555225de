import test from 'ava';
import { silentLogger, systemClock } from '../../operator/kube/index.ts';
import { LeaderElector } from '../../operator/runtime/election/leader-elector.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from '../../operator/runtime/election/lease-lock.ts';

/** A Lease whose server takes a write although the writer is told nothing but that its call was aborted. */
class SlowLease {
  held: ObservedLease | undefined;
  readonly written = Promise.withResolvers<void>();
  slow = true;
  reads = 0;

  readonly lock = {
    name: 'twinlock-system/test',
    read: async () => {
      this.reads += 1;
      return this.held;
    },
    write: async (record: LeaseRecord, previous: ObservedLease | undefined, signal?: AbortSignal) => {
      this.held = { record, resourceVersion: String(Number(previous?.resourceVersion ?? 0) + 1) };
      this.written.resolve();
      if (this.slow)
        await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
      return this.held;
    },
  } as unknown as LeaseLock;

  elector(identity: string): LeaderElector {
    return new LeaderElector({ lock: this.lock, identity, clock: systemClock, random: () => 0, logger: silentLogger });
  }
}

test('who is stopped while acquiring gives back what it may have acquired: the next one leads at once', async (t) => {
  const lease = new SlowLease();
  const first = lease.elector('first');
  const stop = new AbortController();
  const acquiring = first.acquire(stop.signal);
  await lease.written.promise;
  stop.abort();
  t.false(await acquiring);
  lease.slow = false;
  await first.release();
  t.is(lease.held?.record.holder, '');
  lease.reads = 0;
  t.true(await lease.elector('second').acquire(new AbortController().signal));
  t.is(lease.reads, 1, 'it need not wait and look again');
});

test("another's lease is not given back", async (t) => {
  const lease = new SlowLease();
  lease.slow = false;
  t.true(await lease.elector('first').acquire(new AbortController().signal));
  await lease.elector('second').release();
  t.is(lease.held?.record.holder, 'first');
});
