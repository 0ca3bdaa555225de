import { ApproverKeyring, fieldManagers } from '../../api/index.ts';
import { StatusWriter, type Client, type Clock, type Informer } from '../../kube/index.ts';
import type { Reconcile } from '../../runtime/index.ts';
import { untilNextText, type Sealing } from '../../trust/index.ts';
import { reviewKeyring } from '../../votes/index.ts';
import { keyringStatus } from './status.ts';

export interface KeyringReconcilerOptions {
  readonly client: Pick<Client, 'patch'>;
  readonly keyrings: Informer<ApproverKeyring>;
  readonly clock: Clock;
  /** Left out: trust is not sealed. */
  readonly sealing?: Pick<Sealing, 'standing'> | undefined;
}

/** Timers are exact for some weeks only, and clocks are set: no look is later than this, milliseconds. */
const LONGEST = 86_400_000;

/** Tells whoever writes a keyring what is wrong with it. Promotions never read this: a count looks at the keys itself. */
export function keyringReconciler({ client, keyrings, clock, sealing }: KeyringReconcilerOptions): Reconcile {
  const fieldManager = fieldManagers.promotions;
  const statuses = new StatusWriter({ client, type: ApproverKeyring, fieldManager, informer: keyrings });
  return async ({ name }, signal) => {
    const keyring = keyrings.lister.get({ name });
    if (keyring === undefined || keyring.metadata.deletionTimestamp !== undefined) return undefined;
    const now = clock.now();
    const review = reviewKeyring(keyring.spec, now);
    const standing = sealing?.standing(keyring);
    await statuses.write(keyring, keyringStatus(keyring, review, now, standing), signal);
    const next = standing === undefined ? undefined : untilNextText(standing, now);
    const looks = [review.changesAt === undefined ? [] : review.changesAt - now + 1, next ?? []].flat();
    return looks.length === 0 ? undefined : { requeueAfter: Math.min(...looks, LONGEST), since: now };
  };
}
