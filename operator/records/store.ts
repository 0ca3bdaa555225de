import { PromotionRecord, recordName } from '../api/index.ts';
import { isAlreadyExists, keyOf, type Client, type Informer, type ObjectKey } from '../kube/index.ts';
import { nameOf, sealRecords } from './chain.ts';
import { assembled } from './parts.ts';
import type { RecordEntry, RecordSpec, RecordTarget } from './types.ts';

/** Label of every record, so that `kubectl get promotionrecords -l twinlock.dev/target=web` prints one chain. */
const TARGET_LABEL = 'twinlock.dev/target';
const BY_TARGET = 'target';

export interface RecordStoreOptions {
  readonly client: Pick<Client, 'create' | 'find'>;
  readonly informer: Informer<PromotionRecord>;
}

/** Records of a target that may be missing in the cache; more, and this process is too far behind to act. */
const MAX_UNSEEN = 100;

/** Chains of records in the cluster. Reads from a cache that has seen every write of this process. */
export class RecordStore {
  readonly #client: RecordStoreOptions['client'];
  readonly #informer: Informer<PromotionRecord>;
  /** By the record as it is stored, which never changes. */
  readonly #wholes = new WeakMap<RecordSpec, RecordSpec>();

  constructor({ client, informer }: RecordStoreOptions) {
    this.#client = client;
    this.#informer = informer;
    informer.addIndex(BY_TARGET, targetKeys);
  }

  /** The chain of a target, in order of sequence; what was too large for one record is in it again. */
  of(target: ObjectKey): readonly RecordSpec[] {
    const stored = this.#informer.lister
      .byIndex(BY_TARGET, keyOf(target))
      .map(({ spec }) => spec)
      .toSorted((a, b) => a.sequence - b.sequence);
    return stored.map((record) => (record.parts === undefined ? record : this.#whole(record, stored)));
  }

  /** One whose parts cannot be read stays as it is: without what decides, hence no yes. */
  #whole(record: RecordSpec, stored: readonly RecordSpec[]): RecordSpec {
    const known = this.#wholes.get(record);
    if (known !== undefined) return known;
    const byName = new Map(stored.filter(({ type }) => type === 'Part').map((part) => [nameOf(part), part]));
    const whole = assembled(record, (name) => byName.get(name));
    if (whole !== undefined) this.#wholes.set(record, whole);
    return whole ?? record;
  }

  /**
   * Writes the record that follows `records`, behind its parts where it is too large for one object.
   *
   * @returns false when that place in the chain is taken: read the chain and decide again
   */
  async append(target: RecordTarget, records: readonly RecordSpec[], entry: RecordEntry): Promise<boolean> {
    const chain = [...records];
    for (const spec of sealRecords(target, records, entry)) {
      if (!(await this.#create(spec, chain))) return false;
      chain.push(spec);
    }
    return true;
  }

  async #create(spec: RecordSpec, before: readonly RecordSpec[]): Promise<boolean> {
    const { target } = spec;
    const record: PromotionRecord = {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'PromotionRecord',
      metadata: { name: nameOf(spec), namespace: target.namespace, labels: { [TARGET_LABEL]: target.name } },
      spec,
    };
    try {
      this.#informer.absorb(await this.#client.create(PromotionRecord, record));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await this.isHead(target, before);
      return false;
    }
    return true;
  }

  /**
   * The chain of a target. While it may lack records that the cache has not seen, these are asked of the API server.
   *
   * @param mayLack whether a chain is to be trusted only if nothing follows it
   * @throws Error when there are more of them than a process may be behind and still act
   */
  async upToDate(
    target: Pick<RecordTarget, 'namespace' | 'name'>,
    mayLack: (chain: readonly RecordSpec[]) => boolean,
  ): Promise<readonly RecordSpec[]> {
    // One question takes in one record that was not seen; several may be missing.
    for (let reads = 0; reads < MAX_UNSEEN; reads++) {
      const chain = this.of(target);
      if (!mayLack(chain) || (await this.isHead(target, chain))) return chain;
    }
    throw new Error(`the records of ${target.name} grow faster than they can be read: try again`);
  }

  /** Asks the API server itself whether nothing follows `records`; what does is taken into the cache. */
  async isHead(target: Pick<RecordTarget, 'namespace' | 'name'>, records: readonly RecordSpec[]): Promise<boolean> {
    const name = recordName(target.name, (records.at(-1)?.sequence ?? 0) + 1);
    const next = await this.#client.find(PromotionRecord, { namespace: target.namespace, name });
    if (next === undefined) return true;
    this.#informer.absorb(next);
    return false;
  }
}

function targetKeys({ metadata, spec }: PromotionRecord): readonly string[] {
  return [keyOf({ namespace: metadata.namespace, name: spec.target.name })];
}
