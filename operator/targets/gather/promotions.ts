import { Promotion } from '../../api/index.ts';
import type { Client, Clock, Informer } from '../../kube/index.ts';
import type { LockSpec } from '../../lock/index.ts';
import { historyOf, openApproval, openRounds, type RecordSpec, type RecordStore } from '../../records/index.ts';
import { asksStill } from '../decide/index.ts';

interface Asking {
  readonly promotions: Pick<Informer<Promotion>, 'lister'>;
  readonly records: Pick<RecordStore, 'of'>;
  readonly clock: Pick<Clock, 'now'>;
}

interface Existing {
  readonly client: Pick<Client, 'find'>;
  readonly promotions: Pick<Informer<Promotion>, 'lister'>;
}

/** Of the promotions that names are frozen for, those that may still open the lock. */
export function asking(
  { promotions, records, clock }: Asking,
  namespace: string,
  lock: LockSpec | undefined,
): ReadonlySet<string> {
  const uids = new Set(
    (lock?.frozen ?? []).flatMap(({ promotions: asked = [], opening = [] }) => asked.concat(opening)),
  );
  if (uids.size === 0) return uids;
  const found = promotions.lister.list(namespace).filter((promotion) => {
    const { uid = '' } = promotion.metadata;
    const chain = records.of({ namespace, name: promotion.spec.targetRef.name });
    return uids.has(uid) && asksStill(promotion, historyOf(chain, uid), clock.now());
  });
  return new Set(found.map(({ metadata }) => metadata.uid ?? ''));
}

/**
 * Of the promotions whose end is not on record: which still exist? What the cache has not is asked of the API server, and
 * so is the one that is being rolled out: a cache may be behind.
 */
export async function existing(
  { client, promotions }: Existing,
  chain: readonly RecordSpec[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const rolledOut = openApproval(chain)?.promotion;
  const asked = openRounds(chain).flatMap(({ promotion }) => promotion ?? []);
  const { lister } = promotions;
  const exist = await Promise.all(
    [...(rolledOut === undefined ? [] : [rolledOut]), ...asked].map(async (promotion) => {
      const cached = promotion === rolledOut ? undefined : lister.get(promotion);
      const isThere =
        isSame(cached, promotion.uid) || isSame(await client.find(Promotion, promotion, { signal }), promotion.uid);
      return isThere ? [promotion.uid] : [];
    }),
  );
  return new Set(exist.flat());
}

/** A namesake is another one, and one that is on its way out decides nothing any more. */
function isSame(found: Promotion | undefined, uid: string): boolean {
  return found?.metadata.uid === uid && found.metadata.deletionTimestamp === undefined;
}
