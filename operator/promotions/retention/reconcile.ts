import { parseDuration, PromotionRecord } from '../../api/index.ts';
import type { Client, Clock, Logger, ObjectKey } from '../../kube/index.ts';
import {
  chainFaults,
  decideRetention,
  departureOf,
  type RecordStore,
  type Retention,
  type Standing,
} from '../../records/index.ts';
import type { Reconcile, Result } from '../../runtime/index.ts';
import type { InForce } from '../../trust/index.ts';
import type { Caches } from '../gather/caches.ts';
import type { Heads } from '../heads/index.ts';
import { knownStanding, liveStanding } from './standing.ts';

export interface RetentionOptions {
  readonly client: Pick<Client, 'find' | 'list' | 'delete'>;
  readonly records: Pick<RecordStore, 'of' | 'isHead' | 'append'>;
  readonly heads: Pick<Heads, 'last' | 'letGo'>;
  readonly caches: Pick<Caches, 'targets' | 'locks' | 'promotions'>;
  readonly inForce: Pick<InForce, 'target'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Deletes what is older than a target keeps records, one write after the other: the chain says what goes, that is signed
 * for, admission is told, then it goes, oldest first. Whoever dies in between is followed by one who reads how far it was.
 */
export function retentionReconciler(options: RetentionOptions): Reconcile {
  const { client, records, heads, caches, clock, logger } = options;
  return async (key, signal): Promise<Result | undefined> => {
    const known = kept(options, key);
    if (known === undefined) return undefined;
    const { namespace, name } = known.target;
    const seen = retention(options, known, knownStanding(caches, namespace));
    if (seen.do === 'Nothing') return later(seen, clock.now());
    // Nothing goes by what a cache says.
    const chain = records.of(known.target);
    if (!(await records.isHead(known.target, chain))) return { requeueAfter: AGAIN };
    const decided = retention(options, known, await liveStanding(client, namespace, signal));
    switch (decided.do) {
      case 'Nothing':
        return later(decided, clock.now());
      case 'Cut':
        return (await records.append(known.target, chain, decided.entry)) ? undefined : { requeueAfter: AGAIN };
      case 'Delete': {
        const { names, by } = decided;
        const signed = await heads.last({ namespace, target: name }, signal);
        // Whoever signs it asks for the next look.
        if (signed === undefined || signed.size < by.sequence || departureOf(chain, signed) !== undefined)
          return undefined;
        if (await heads.letGo({ namespace, target: name }, by.cut, signal)) return { requeueAfter: UNTIL_SEEN };
        for (const record of names) await client.delete(PromotionRecord, { namespace, name: record }, { signal });
        logger.info(
          { namespace, target: name, records: names.length, upTo: by.cut.size },
          'records deleted: their time is over',
        );
        return undefined;
      }
    }
  };
}

/** Milliseconds until a chain that this process has not read to its end is looked at again. */
const AGAIN = 50;

/** Milliseconds: admission reads what it was told from a cache. */
const UNTIL_SEEN = 1000;

interface Known {
  readonly target: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly keepFor: string;
}

/** A target that counts, is there to stay, and says how long records are kept. */
function kept({ caches, inForce }: RetentionOptions, key: ObjectKey): Known | undefined {
  const target = inForce.target(caches.targets.lister.get(key));
  const { namespace, name, uid, deletionTimestamp } = target?.metadata ?? {};
  const { keepFor } = target?.spec.records ?? {};
  if (namespace === undefined || name === undefined || uid === undefined || keepFor === undefined) return undefined;
  return deletionTimestamp === undefined ? { target: { namespace, name, uid }, keepFor } : undefined;
}

/** What others say of a chain that does not hold is enough: nothing of it goes. */
function retention(
  { records, clock }: RetentionOptions,
  { target, keepFor: text }: Known,
  standing: Standing | undefined,
): Retention {
  const chain = records.of(target);
  if (standing === undefined || chain.length === 0 || chainFaults(chain).length > 0) return { do: 'Nothing' };
  const keepFor = { text, milliseconds: parseDuration(text) };
  return decideRetention({ now: clock.now(), keepFor, records: chain, standing });
}

function later({ until }: Extract<Retention, { readonly do: 'Nothing' }>, now: number): Result | undefined {
  return until === undefined ? undefined : { requeueAfter: Math.max(until - now, 1), since: now };
}
