import { ApproverKeyring, fieldManagers } from '../../api/index.ts';
import { StatusWriter, type Client, type Clock, type Informer } from '../../kube/index.ts';
import type { Reconcile } from '../../runtime/index.ts';
import { reviewKeyring } from '../../votes/index.ts';
import { keyringStatus } from './status.ts';

export interface KeyringReconcilerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly keyrings: Informer<ApproverKeyring>;
  readonly clock: Clock;
}

/** Timers are exact for some weeks only, and clocks are set: no look is later than this, milliseconds. */
const LONGEST = 86_400_000;

/** Tells whoever writes a keyring what is wrong with it. Promotions never read this: a count looks at the keys itself. */
export function keyringReconciler({ client, keyrings, clock }: KeyringReconcilerOptions): Reconcile {
  const fieldManager = fieldManagers.promotions;
  const statuses = new StatusWriter({ client, type: ApproverKeyring, fieldManager, informer: keyrings });
  return async ({ name }, signal) => {
    const keyring = keyrings.lister.get({ name });
    if (keyring === undefined || keyring.metadata.deletionTimestamp !== undefined) return undefined;
    const now = clock.now();
    const review = reviewKeyring(keyring.spec, now);
    await statuses.write(keyring, keyringStatus(keyring, review, now), signal);
    return review.changesAt === undefined ? undefined : { requeueAfter: Math.min(review.changesAt - now + 1, LONGEST) };
  };
}
