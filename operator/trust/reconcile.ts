import { ApprovalPolicy, fieldManagers } from '../api/index.ts';
import { parseTime } from '../canonical/index.ts';
import { StatusWriter, type Client, type Clock, type Informer, type ResourceType } from '../kube/index.ts';
import type { RecordEntry } from '../records/index.ts';
import { takeTurns, type Reconcile, type Request, type Turns } from '../runtime/index.ts';
import { accept, type Accepting } from './act/accept.ts';
import type { SealedObject, Standing } from './decide/index.ts';
import { policyStatus } from './status/index.ts';

export interface AcceptanceOptions<T extends SealedObject> extends Accepting {
  readonly client: Pick<Client, 'find'>;
  readonly type: ResourceType<T>;
  readonly informer: Pick<Informer<T>, 'lister'>;
}

/** A change may be followed by the next one that was signed meanwhile. */
const MAX_TURNS = 8;

/** The reconcile of one object of a kind: what enough people signed is accepted. It tells nothing: its kind's own controller does. */
export function acceptance<T extends SealedObject>(options: AcceptanceOptions<T>): Reconcile {
  return takeTurns((request) => new AcceptanceTurns(options, request), MAX_TURNS);
}

interface Decision {
  readonly action?: RecordEntry | undefined;
}

class AcceptanceTurns<T extends SealedObject> implements Turns<T, RecordEntry, Decision> {
  readonly #options: AcceptanceOptions<T>;
  readonly #request: Request;

  constructor(options: AcceptanceOptions<T>, request: Request) {
    this.#options = options;
    this.#request = request;
  }

  /** Live, but only what a cache says is signed: a world in which nobody signs anything costs no request. */
  async gather(signal: AbortSignal): Promise<T | undefined> {
    const { client, type, informer, sealing } = this.#options;
    const cached = informer.lister.get(this.#request);
    if (cached === undefined || sealing.standing(cached).entry === undefined) return undefined;
    const [live] = await Promise.all([client.find(type, this.#request, { signal }), sealing.fresh(signal)]);
    return live;
  }

  decide(object: T): Decision {
    return { action: this.#options.sealing.standing(object).entry };
  }

  async act(object: T, entry: RecordEntry): Promise<undefined> {
    await accept(this.#options, object, entry);
  }

  async report(): Promise<undefined> {}
}

/** Milliseconds: no look is later than this, since clocks are set. */
const LONGEST = 86_400_000;

/** When the text that people sign ends, and another one is shown, in milliseconds from now. */
export function untilNextText({ proposal }: Standing, now: number): number | undefined {
  return proposal === undefined ? undefined : Math.min(Math.max(parseTime(proposal.notAfter) - now + 1, 1), LONGEST);
}

export interface PolicyReconcilerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly policies: Informer<ApprovalPolicy>;
  readonly sealing: Accepting['sealing'];
  readonly clock: Clock;
}

/** Tells whoever writes a policy what of it counts. Nothing reads this: what counts is in the records. */
export function policyReconciler({ client, policies, sealing, clock }: PolicyReconcilerOptions): Reconcile {
  const fieldManager = fieldManagers.promotions;
  const statuses = new StatusWriter({ client, type: ApprovalPolicy, fieldManager, informer: policies });
  return async ({ name }, signal) => {
    const policy = policies.lister.get({ name });
    if (policy === undefined || policy.metadata.deletionTimestamp !== undefined) return undefined;
    const now = clock.now();
    const standing = sealing.standing(policy);
    await statuses.write(policy, policyStatus(policy, standing, now), signal);
    const requeueAfter = untilNextText(standing, now);
    return requeueAfter === undefined ? undefined : { requeueAfter, since: now };
  };
}
