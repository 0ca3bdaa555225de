import { annotations, notAfterOf, type Promotion } from '../../api/index.ts';
import type { LockSpec } from '../../lock/index.ts';
import { resultOf } from '../../records/index.ts';
import { stageOf, type Stage } from './stage.ts';
import { pending, type Verdict } from './verdict.ts';
import type { Behind, Known, QueuedWorld } from './world.ts';

/** Open promotions of one target that are looked at; the rest wait and cost no request. */
export const MOST_OPEN = 20;

/** A service account's name says its namespace; who may make one there may make a thousand. */
const SERVICE_ACCOUNT = /^(system:serviceaccount:[^:]+):/;

/**
 * The stage of a promotion as caches tell it, before anything is asked of the API server: it says what has to be read.
 *
 * @param lock of its namespace; undefined when there is none
 * @param siblings the other promotions of its target
 */
export function stageFromCaches(
  known: Known,
  lock: LockSpec | undefined,
  siblings: readonly Promotion[],
): Stage | Pick<QueuedWorld, 'stage' | 'behind'> {
  const told = stageOf(known.history, lock);
  const behind = told.stage === 'Deciding' ? waitsBehind(known, siblings) : undefined;
  return behind === undefined ? told : { stage: 'Queued', behind };
}

/**
 * Whether it waits behind others. The order is that of creation, but who asks for many comes after who asks for few: a flood
 * waits behind itself.
 */
function waitsBehind({ promotion: own, records, now }: Known, siblings: readonly Promotion[]): Behind | undefined {
  const ended = new Set<string>();
  const approved = new Set<string>();
  for (const record of records) {
    const result = resultOf(record);
    if (result !== undefined && record.promotion !== undefined)
      (result === 'Approved' ? approved : ended).add(record.promotion.uid);
  }
  const uid = uidOf(own);
  const isOpen = (promotion: Promotion): boolean =>
    promotion.metadata.deletionTimestamp === undefined &&
    !ended.has(uidOf(promotion)) &&
    (approved.has(uidOf(promotion)) || now <= notAfterOf(promotion));
  // What is approved is on its way, whatever came before it.
  if (!isOpen(own) || approved.has(uid)) return undefined;
  const first = byTurns([own, ...siblings].filter(isOpen)).slice(0, MOST_OPEN);
  if (first.some((promotion) => uidOf(promotion) === uid)) return undefined;
  return { most: MOST_OPEN, until: Math.min(...[own, ...first].map(notAfterOf)) };
}

/** One target's promotions are many, or one person's are: those that came first are looked at. */
export function tooManyOpen({ behind: { most, until }, now }: QueuedWorld): Verdict {
  return {
    ...pending(
      'TooManyOpen',
      `${most} promotions of this target are open before it: it goes on when one of them ends or is deleted (kubectl get promotions)`,
    ),
    requeueAfter: Math.max(until - now + 1, 1),
  };
}

/** Everybody's oldest, then everybody's second, and so on. */
function byTurns(open: readonly Promotion[]): readonly Promotion[] {
  const asked = new Map<string, number>();
  return open
    .toSorted((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
    .map((promotion) => {
      const who = askerOf(promotion);
      const turn = asked.get(who) ?? 0;
      asked.set(who, turn + 1);
      return { promotion, turn };
    })
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ promotion }) => promotion);
}

/** Who asked: the person, or the namespace of a service account. */
export function askerOf({ metadata }: Promotion): string {
  const user = metadata.annotations?.[annotations.requestedBy] ?? '';
  return SERVICE_ACCOUNT.exec(user)?.[1] ?? user;
}

function ageOf({ metadata }: Promotion): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`;
}

function uidOf({ metadata }: Promotion): string {
  return metadata.uid ?? '';
}
