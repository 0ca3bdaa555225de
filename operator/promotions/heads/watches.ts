import type { PromotionRecord } from '../../api/index.ts';
import type { Informer } from '../../kube/index.ts';
import { watchMapped, type Watch } from '../../runtime/index.ts';

/** A record asks for its chain to be signed; one that goes asks whether more was signed for than is left. */
export function headsWatches(records: Informer<PromotionRecord>): readonly Watch[] {
  return [
    watchMapped(records, ({ metadata: { namespace }, spec: { target } }) => [{ namespace, name: target.name }], {
      // A record never changes.
      update: () => false,
    }),
  ];
}
