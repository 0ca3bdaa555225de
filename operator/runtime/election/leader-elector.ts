import { microTime } from '../../canonical/index.ts';
import { isAlreadyExists, isConflict, sleep } from '../../kube/index.ts';
import type { Clock, Logger, Random } from '../../kube/index.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from './lease-lock.ts';

export interface LeaderElectorOptions {
  readonly lock: LeaseLock;
  /** Unique per process: the pod's name and something random. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Milliseconds others wait for a silent leader. Default 15,000. */
  readonly leaseDuration?: number | undefined;
  /** Milliseconds a leader tries to renew before it gives up. Default 10,000; less than `leaseDuration`. */
  readonly renewDeadline?: number | undefined;
  /** Milliseconds between attempts, +0-20 %. Default 2,000. */
  readonly retryPeriod?: number | undefined;
}

/** Leadership was lost: somebody else may lead now, so nothing more may be written. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
  readonly code = 'LEADERSHIP_LOST';
}

const jitter = 1.2;

/**
 * Leader election on a Lease. Expiry is judged by when this process saw the Lease change, never by the times in it: the
 * clocks of two machines need not agree. (client-go: tools/leaderelection.)
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #leaseDuration: number;
  readonly #renewDeadline: number;
  readonly #retryPeriod: number;
  #observed: ObservedLease | undefined;
  #observedAt = 0;
  #lost = false;
  /** A write was sent and its answer never came: the Lease may be held. */
  #inDoubt = false;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#leaseDuration = options.leaseDuration ?? 15_000;
    this.#renewDeadline = options.renewDeadline ?? 10_000;
    this.#retryPeriod = options.retryPeriod ?? 2_000;
    if (this.#leaseDuration <= this.#renewDeadline || this.#renewDeadline <= jitter * this.#retryPeriod) {
      throw new RangeError('leader election needs leaseDuration > renewDeadline > 1.2 * retryPeriod');
    }
  }

  /** Resolves true once this process leads, false when `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, logger, lock, identity } = this.#options;
    logger.info({ lease: lock.name, identity }, 'waiting for leadership');
    while (!signal.aborted) {
      if (await this.#try(signal)) {
        logger.info({ lease: lock.name, identity }, 'leading');
        return true;
      }
      await sleep(clock, this.#pause(), signal);
    }
    return false;
  }

  /** Keeps leading until `signal` aborts. Rejects with {@link LeadershipLostError} when it cannot. */
  async hold(signal: AbortSignal): Promise<void> {
    const { clock, lock } = this.#options;
    let renewedAt = this.#observedAt;
    while (!signal.aborted) {
      await sleep(clock, this.#pause(), signal);
      if (signal.aborted) return;
      const left = renewedAt + this.#renewDeadline - clock.monotonic();
      if (left > 0 && (await this.#tryWithin(left, signal))) {
        renewedAt = this.#observedAt;
      } else if (!signal.aborted && clock.monotonic() - renewedAt >= this.#renewDeadline) {
        throw this.#lose(`could not renew ${lock.name} for ${this.#renewDeadline} ms`);
      } else if (!signal.aborted && this.#observed?.record.holder !== this.#options.identity) {
        throw this.#lose(`${lock.name} is held by somebody else`);
      }
    }
  }

  /** Gives the Lease back, so that the next leader need not wait. Only after everything that writes has stopped. */
  async release(): Promise<void> {
    const { lock, logger, identity } = this.#options;
    if (this.#lost) return;
    const limit = new AbortController();
    const timer = this.#options.clock.setTimer(this.#retryPeriod, () => limit.abort());
    try {
      // Stopped in the middle of acquiring: the write may have come through.
      const held = this.#inDoubt ? await lock.read(limit.signal) : this.#observed;
      if (held === undefined || held.record.holder !== identity) return;
      const now = this.#timestamp();
      const record = { ...held.record, holder: '', durationSeconds: 1, renewTime: now, acquireTime: now };
      this.#see(await lock.write(record, held, limit.signal));
    } catch (error) {
      logger.warn({ lease: lock.name, err: error }, 'could not release the lease, it will expire');
    } finally {
      timer.cancel();
    }
  }

  #lose(message: string): LeadershipLostError {
    this.#lost = true;
    return new LeadershipLostError(message);
  }

  async #tryWithin(ms: number, signal: AbortSignal): Promise<boolean> {
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    const timer = this.#options.clock.setTimer(ms, abort);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#try(limit.signal);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  /** One attempt to acquire or to renew. */
  async #try(signal: AbortSignal): Promise<boolean> {
    const { lock, identity, logger } = this.#options;
    try {
      // Nobody else may write while this process leads, so that renewing needs no reading.
      if (this.#observed?.record.holder !== identity) {
        const seen = await lock.read(signal);
        if (seen !== undefined) this.#see(seen);
        else this.#observed = undefined;
      }
      if (!this.#free()) return false;
      const started = this.#options.clock.monotonic();
      this.#inDoubt = true;
      this.#observed = await lock.write(this.#next(), this.#observed, signal);
      this.#inDoubt = false;
      // Counted from before the write: others may have seen it that early.
      this.#observedAt = started;
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) await this.#look(signal);
      else if (!signal.aborted) logger.warn({ lease: lock.name, err: error }, 'cannot reach the lease');
      return false;
    }
  }

  /** Somebody else wrote: find out who. */
  async #look(signal: AbortSignal): Promise<void> {
    try {
      const seen = await this.#options.lock.read(signal);
      if (seen !== undefined) this.#see(seen);
    } catch (error) {
      if (!signal.aborted)
        this.#options.logger.warn({ lease: this.#options.lock.name, err: error }, 'cannot read the lease');
    }
  }

  #see(lease: ObservedLease): void {
    if (this.#observed?.resourceVersion === lease.resourceVersion) return;
    this.#observed = lease;
    this.#observedAt = this.#options.clock.monotonic();
  }

  #free(): boolean {
    const record = this.#observed?.record;
    if (record === undefined || record.holder === '' || record.holder === this.#options.identity) return true;
    return this.#options.clock.monotonic() - this.#observedAt > record.durationSeconds * 1000;
  }

  #next(): LeaseRecord {
    const { identity } = this.#options;
    const before = this.#observed?.record;
    const now = this.#timestamp();
    const renewing = before?.holder === identity;
    return {
      holder: identity,
      durationSeconds: Math.max(1, Math.ceil(this.#leaseDuration / 1000)),
      acquireTime: renewing ? before.acquireTime : now,
      renewTime: now,
      transitions: (before?.transitions ?? 0) + (before === undefined || renewing ? 0 : 1),
    };
  }

  #pause(): number {
    return this.#retryPeriod * (1 + this.#options.random() * (jitter - 1));
  }

  #timestamp(): string {
    return microTime(this.#options.clock.now());
  }
}
