import type { Clock } from '../../kube/index.ts';
import type { Copied } from '../decide/copies.ts';

/** Originals are looked at again after so many milliseconds: nobody may watch Secrets, which would keep their values. */
const INTERVAL = 60_000;
/**
 * The same where all that was copied is the class's certificate, which is renewed weeks before it ends: a thousand
 * environments that have one ask for nothing else.
 */
const CERTIFICATE_INTERVAL = 3_600_000;

/** What came of copying for each environment. No value of any original is kept. */
export class Copies {
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly outcome: Omit<Copied, 'dueIn'>; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param environment key of the TwinEnvironment */
  of(environment: string): Copied | undefined {
    const known = this.#known.get(environment);
    if (known === undefined) return undefined;
    return { ...known.outcome, dueIn: Math.max(0, known.at + intervalOf(known.outcome) - this.#clock.monotonic()) };
  }

  /** What `bring` makes of the originals as they are from now on: what changes while it is under way is seen next time. */
  async keep(environment: string, bring: () => Promise<Omit<Copied, 'dueIn'>>): Promise<void> {
    const at = this.#clock.monotonic();
    this.#known.set(environment, { outcome: await bring(), at });
  }

  /** Forgets an environment that is gone. */
  forget(environment: string): void {
    this.#known.delete(environment);
  }
}

function intervalOf({ wanted, problems }: Omit<Copied, 'dueIn'>): number {
  const settled = problems.length === 0 && wanted.length > 0 && wanted.every(({ from }) => from !== undefined);
  return settled ? CERTIFICATE_INTERVAL : INTERVAL;
}
