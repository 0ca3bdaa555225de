import { isDeepStrictEqual } from 'node:util';
import { workloadLockName, type ProductionTarget, type Promotion } from '../../api/index.ts';
import type { ObjectKey } from '../../kube/index.ts';
import { historyOf } from '../../records/index.ts';
import { stageFromCaches, stageOf, type Known, type World } from '../decide/index.ts';
import { withConfiguration } from './configuration.ts';
import { LiveReader, type Hint, type LiveOptions } from './live.ts';
import { siblingsOf } from './others.ts';
import { Planner } from './planner.ts';
import { withRunning } from './rollout-pods.ts';

export interface ReaderOptions extends LiveOptions {
  /** The operator's own. */
  readonly systemNamespace: string;
}

/** Targets and stages change rarely: beyond this many in one read something is wrong. */
const MAX_READS = 3;

/**
 * Reads the world of a promotion: everything that decides live from the API server, all at once; from caches only what
 * says where to look, and the chain, which has seen every write of this process.
 */
export class WorldReader {
  readonly #options: ReaderOptions;
  readonly #planner: Planner;
  readonly #live: LiveReader;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#planner = new Planner(options.client, options.types);
    this.#live = new LiveReader(options, this.#planner);
  }

  /** @returns undefined when the promotion does not exist or is being deleted */
  async read(key: ObjectKey, signal: AbortSignal): Promise<World | undefined> {
    const { caches } = this.#options;
    const known = this.known(key);
    if (known === undefined) return undefined;
    const { promotion: cached } = known;
    const lock = caches.locks.lister.get({ namespace: key.namespace, name: workloadLockName });
    const first = stageFromCaches(known, lock?.spec, siblingsOf(caches, cached));
    if (first.stage === 'Over' || first.stage === 'Queued') return { ...known, ...first };
    const name = cached.spec.targetRef.name;
    let hint: Hint = {
      stage: first.stage,
      target: this.#options.inForce.target(caches.targets.lister.get({ namespace: key.namespace, name })),
      history: known.history,
    };
    for (let reads = 0; reads < MAX_READS; reads++) {
      const seen = await (hint.stage === 'RollingOut'
        ? this.#live.rolling(cached, hint, signal)
        : this.#live.deciding(cached, hint, signal));
      if (seen === undefined) return undefined;
      const live = this.#knownOf(seen.promotion);
      const stage = stageOf(live.history, seen.lock?.spec);
      if (stage.stage === 'Over') return { ...live, ...stage };
      if (live.history.approved?.sequence === hint.history.approved?.sequence && sameSpec(seen.target, hint.target)) {
        if (stage.stage === 'Deciding' && seen.stage === 'Deciding') {
          const { guesses, ...found } = seen;
          const planned = await this.#planner.plan({ ...found, ...live }, guesses, signal);
          return withConfiguration(this.#options.client, this.#options.systemNamespace, planned, signal);
        }
        if (stage.stage === 'RollingOut' && seen.stage === 'RollingOut' && seen.lock !== undefined)
          return withRunning(this.#options.client, { ...seen, ...live, ...stage, lock: seen.lock }, signal);
      }
      hint = { stage: stage.stage, target: seen.target, history: live.history };
    }
    throw new Error(`ProductionTarget ${name} and its lock change faster than they can be read: try again`);
  }

  /** What is known of a promotion without a single request; for telling why it cannot be read. */
  known(key: ObjectKey): Known | undefined {
    const cached = this.#options.caches.promotions.lister.get(key);
    return cached === undefined || cached.metadata.deletionTimestamp !== undefined ? undefined : this.#knownOf(cached);
  }

  #knownOf(promotion: Promotion): Known {
    const { clock, records: store } = this.#options;
    const { namespace, uid = '' } = promotion.metadata;
    const records = store.of({ namespace, name: promotion.spec.targetRef.name });
    return { now: clock.now(), promotion, records, history: historyOf(records, uid) };
  }
}

function sameSpec(a: ProductionTarget | undefined, b: ProductionTarget | undefined): boolean {
  return a?.metadata.uid === b?.metadata.uid && isDeepStrictEqual(a?.spec, b?.spec);
}
