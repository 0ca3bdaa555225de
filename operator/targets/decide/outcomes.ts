import { nameOf, outcomeEntry, resultOf, type RecordSpec } from '../../records/index.ts';
import { shown } from './common.ts';
import type { TargetVerdict } from './verdict.ts';
import type { Named, TargetWorld } from './world.ts';

/** Appends how a promotion ended after all; its own controller looks at it no more. */
export function outcomeAction(
  world: TargetWorld,
  approved: RecordSpec,
  result: 'RolledBack' | 'Failed',
  reason: 'PromotionDeleted' | 'Undone',
  message: string,
  changes = approved.outcome?.changes,
): NonNullable<TargetVerdict['action']> {
  const { promotion } = approved;
  if (promotion === undefined) throw new TypeError(`record ${nameOf(approved)} names no promotion`);
  const round = world.records.find((record) => nameOf(record) === approved.round?.record);
  return { do: 'Append', entry: outcomeEntry({ now: world.now, promotion, round, result, reason, message, changes }) };
}

/** What the record of a rollback by hand says. */
export function undoneWords(what: Named, { promotion }: RecordSpec, by: string): string {
  return `${shown(what)} was rolled back to what it was before ${promotion?.name ?? 'its last promotion'}, by ${by}`;
}

/** The same where what was signed never came. */
export function lateWords(what: Named, { promotion }: RecordSpec): string {
  return `${shown(what)} keeps what it had: what ${promotion?.name ?? 'its last promotion'} was signed for came too late`;
}

/**
 * Whether the chain tells already that this is what it was before that approval. A rollout that was taken back has one record
 * for all of it, and so has one that was taken back in part; what people put back after one that went well has one each.
 *
 * @param byController whether the promotions process put it back, as far as can be told
 */
export function isUndoTold(
  { records }: TargetWorld,
  { promotion, sequence, outcome: approval }: RecordSpec,
  what: Named,
  byController: boolean,
): boolean {
  if (promotion === undefined) return true;
  const ends = records.filter(
    (record) => record.sequence > sequence && record.promotion?.uid === promotion.uid && resultOf(record) !== undefined,
  );
  // What came of it in part is recorded with the workloads that it reached.
  const isIn = ({ changes }: NonNullable<RecordSpec['outcome']>): boolean =>
    changes === undefined || changes.some(({ kind, name }) => kind === what.kind && name === what.name);
  const [end] = ends;
  if (approval !== undefined && isIn(approval) && end?.outcome?.result === 'Failed' && !isIn(end.outcome)) return true;
  const [first] = ends.map(resultOf);
  if (first === 'RolledBack' || (first === 'Failed' && byController)) return true;
  return ends.some(
    (record) =>
      resultOf(record) === 'RolledBack' && record.outcome?.message.split(/[\s,;:()]+/).includes(shown(what)) === true,
  );
}
