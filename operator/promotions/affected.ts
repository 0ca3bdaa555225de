import { workloadLockName, type Promotion, type WorkloadLock } from '../api/index.ts';
import type { Informer } from '../kube/index.ts';
import { historyOf, type RecordStore } from '../records/index.ts';
import type { Request } from '../runtime/index.ts';
import { stageOf } from './decide/index.ts';

/** `content` when what is approved may have moved; `health` and `progress` when only the status of something did. */
export type Change = 'content' | 'health' | 'progress';

export interface AffectedOptions {
  readonly promotions: Pick<Informer<Promotion>, 'lister'>;
  readonly locks: Pick<Informer<WorkloadLock>, 'lister'>;
  readonly records: Pick<RecordStore, 'of'>;
}

/**
 * The promotions that a change in production concerns: those that are being rolled out by every change, those that still
 * wait by one of content. Whoever follows pods asks with `progress`.
 */
export function affectedPromotions({
  promotions,
  locks,
  records,
}: AffectedOptions): (namespace: string, change: Change) => readonly Request[] {
  return (namespace, change) => {
    const lock = locks.lister.get({ namespace, name: workloadLockName })?.spec;
    return promotions.lister.list(namespace).flatMap(({ metadata, spec }) => {
      const chain = records.of({ namespace, name: spec.targetRef.name });
      const { stage } = stageOf(historyOf(chain, metadata.uid ?? ''), lock);
      const concerned = stage === 'RollingOut' || (stage === 'Deciding' && change === 'content');
      return concerned ? [{ namespace, name: metadata.name }] : [];
    });
  };
}
