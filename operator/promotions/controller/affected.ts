import type { Promotion } from '../../api/index.ts';
import type { Informer } from '../../kube/index.ts';
import { historyOf, type RecordStore } from '../../records/index.ts';
import type { Request } from '../../runtime/index.ts';

/** `content` when what is approved may have moved; `health` and `progress` when only the status of something did. */
export type Change = 'content' | 'health' | 'progress';

/**
 * The promotions that a change in production concerns: those that are being rolled out by every change, those that still
 * wait by one of content. Whoever follows pods asks with `progress`.
 */
export function affectedPromotions(
  promotions: Pick<Informer<Promotion>, 'lister'>,
  records: Pick<RecordStore, 'of'>,
): (namespace: string, change: Change) => readonly Request[] {
  return (namespace, change) =>
    promotions.lister.list(namespace).flatMap(({ metadata, spec }) => {
      const chain = records.of({ namespace, name: spec.targetRef.name });
      const { approved, ended } = historyOf(chain, metadata.uid ?? '');
      const rolling = approved !== undefined && ended === undefined;
      return rolling || (change === 'content' && ended === undefined) ? [{ namespace, name: metadata.name }] : [];
    });
}
