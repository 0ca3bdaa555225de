import { requestOf, generationChanged, watchMapped, type Request, type Watch } from '../../runtime/index.ts';
import { acceptanceWatch } from '../../trust/index.ts';
import type { Caches } from '../gather/caches.ts';

/** What asks for records to be looked at: what they are kept for, and what may need them. Old age asks by itself. */
export function retentionWatches({ targets, records, locks, promotions }: Caches): readonly Watch[] {
  const all = (): readonly Request[] => targets.lister.list().map(requestOf);
  return [
    watchMapped(targets, (target) => [requestOf(target)], generationChanged),
    acceptanceWatch(records, all),
    watchMapped(records, ({ metadata: { namespace }, spec: { target } }) => [{ namespace, name: target.name }], {
      // A record never changes.
      update: () => false,
    }),
    watchMapped(locks, ({ metadata }) => targets.lister.list(metadata.namespace ?? '').map(requestOf)),
    // One that is there keeps its records.
    watchMapped(promotions, ({ metadata, spec }) => [{ namespace: metadata.namespace, name: spec.targetRef.name }], {
      add: () => false,
      update: () => false,
    }),
  ];
}
