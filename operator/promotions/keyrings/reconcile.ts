import { ApproverKeyring, fieldManagers } from '../../api/index.ts';
import { canonicalJSON } from '../../canonical/index.ts';
import { isNotFound, type Client, type Clock, type Informer } from '../../kube/index.ts';
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
  return async ({ name }, signal) => {
    const keyring = keyrings.lister.get({ name });
    if (keyring === undefined || keyring.metadata.deletionTimestamp !== undefined) return undefined;
    const now = clock.now();
    const review = reviewKeyring(keyring.spec, now);
    const status = keyringStatus(keyring, review, now);
    if (canonicalJSON(keyring.status ?? null) !== canonicalJSON(status))
      try {
        const written = await client.patch(
          ApproverKeyring,
          { name },
          {
            type: 'json',
            body: [
              { op: 'test', path: '/metadata/uid', value: keyring.metadata.uid },
              { op: 'add', path: '/status', value: status },
            ],
          },
          { subresource: 'status', fieldManager: fieldManagers.promotions, signal },
        );
        keyrings.absorb(written);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    return review.changesAt === undefined ? undefined : { requeueAfter: Math.min(review.changesAt - now + 1, LONGEST) };
  };
}
