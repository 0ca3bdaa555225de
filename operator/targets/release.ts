import { takeTurns, type Reconcile, type Request, type Turns } from '../runtime/index.ts';
import { release, type ReleaseActing } from './act/release.ts';
import { decideRelease, type ReleaseAction, type ReleaseDecision, type ReleaseWorld } from './decide/index.ts';
import { readRelease, type ReleaseReading } from './gather/release.ts';

export interface ReleaseOptions extends ReleaseReading, ReleaseActing {
  readonly client: ReleaseReading['client'] & ReleaseActing['client'];
}

/** The label, the lock, and one look more, with some to spare where somebody writes in between. */
const MAX_TURNS = 6;

/**
 * The reconcile of a namespace that may be protected no more: takes the lock off what no target protects, and the label off
 * what none ever did. Targets carry no finalizer (a stuck one would block its namespace): admission lets only holders of
 * the verb `unprotect` delete one, and this follows, at start and on events. The request's name is the namespace, which has
 * no status of ours.
 */
export function releaseReconcile(options: ReleaseOptions): Reconcile {
  return takeTurns((request) => new ReleaseTurns(options, request), MAX_TURNS);
}

class ReleaseTurns implements Turns<ReleaseWorld, ReleaseAction, ReleaseDecision> {
  readonly #options: ReleaseOptions;
  readonly #request: Request;

  constructor(options: ReleaseOptions, request: Request) {
    this.#options = options;
    this.#request = request;
  }

  gather(signal: AbortSignal): Promise<ReleaseWorld | undefined> {
    return readRelease(this.#options, this.#request.name, signal);
  }

  decide(world: ReleaseWorld): ReleaseDecision {
    return decideRelease(world);
  }

  async act(
    _world: ReleaseWorld,
    action: ReleaseAction,
    _decision: ReleaseDecision,
    signal: AbortSignal,
  ): Promise<undefined> {
    await release(this.#options, action, signal);
  }

  async report(): Promise<undefined> {}
}
