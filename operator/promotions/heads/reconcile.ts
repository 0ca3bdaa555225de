import type { ProductionTarget } from '../../api/index.ts';
import { keyOf, type EventRecorder, type Informer, type Logger, type ObjectKey } from '../../kube/index.ts';
import { chainFaults, departureOf, recordDigest, type ChainLink, type RecordStore } from '../../records/index.ts';
import type { Reconcile } from '../../runtime/index.ts';
import type { Heads } from './heads.ts';

export interface HeadsReconcilerOptions {
  readonly records: Pick<RecordStore, 'of' | 'isHead'>;
  readonly heads: Pick<Heads, 'open' | 'last' | 'sign' | 'forget'>;
  readonly cluster: string;
  readonly targets: Informer<ProductionTarget>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  /** By chain, why it is not signed any more; kept here. */
  readonly departed: Map<string, string>;
  /** Told when a chain was signed to its end. */
  readonly onSigned: (chain: ObjectKey) => void;
}

/** Milliseconds until a chain that this process has not read to its end is looked at again. */
const AGAIN = 50;

/** Milliseconds until it is looked whether a person has taken away what a chain departs from. */
const UNTIL_ACCEPTED = 60_000;

/**
 * Signs how far a chain has come, after each record. What does not go on from what was signed before is never signed: that
 * is told instead, until a person has looked. A request without a namespace asks for the key to be there.
 */
export function headsReconciler(options: HeadsReconcilerOptions): Reconcile {
  const { records, heads, cluster, logger, departed } = options;
  /** By chain, what this process logged last: after a start all of it comes again, as records do. */
  const logged = new Map<string, string>();
  return async ({ namespace, name: target }, signal) => {
    if (namespace === undefined) {
      await heads.open(signal);
      return undefined;
    }
    const key = keyOf({ namespace, name: target });
    const chain = records.of({ namespace, name: target });
    const last = await heads.last({ namespace, target }, signal);
    const head = chain.at(-1);
    const departure = last === undefined ? undefined : departureOf(chain, last);
    if (departure?.kind === 'Cut' && !(await records.isHead({ namespace, name: target }, chain)))
      return { requeueAfter: AGAIN };
    const problem = departure?.message ?? faultSince(chain, last?.size ?? 0);
    if (problem !== undefined) {
      // Once: what is looked at every minute is no news every minute.
      if (departed.get(key) !== problem) tell(options, { namespace, name: target }, problem);
      departed.set(key, problem);
      heads.forget();
      return { requeueAfter: UNTIL_ACCEPTED };
    }
    departed.delete(key);
    if (head === undefined) return undefined;
    const checkpoint =
      last?.size === head.sequence
        ? last.signed
        : await heads.sign({ cluster, namespace, target, size: head.sequence, digest: head.digest }, signal);
    if (logged.get(key) !== checkpoint) logger.info({ checkpoint }, 'record checkpoint');
    logged.set(key, checkpoint);
    options.onSigned({ namespace, name: target });
    return undefined;
  };
}

/** Of what follows what was signed: all before it is named by a digest. */
function faultSince(chain: readonly ChainLink[], size: number): string | undefined {
  return chainFaults(chain, (record) => record.sequence <= size || recordDigest(record) === record.digest)[0]?.message;
}

function tell({ targets, events, logger }: HeadsReconcilerOptions, key: ObjectKey, problem: string): void {
  const note = `records are not signed any more: ${problem}; see docs/audit.md`;
  logger.error({ ...key }, note);
  const regarding = targets.lister.get(key);
  if (regarding !== undefined)
    events.record({ regarding, type: 'Warning', reason: 'RecordsNotSigned', action: 'Sign', note });
}
