import { createPublicKey, type KeyObject } from 'node:crypto';
import { fieldManagers, recordHeadsConfigMap } from '../../api/index.ts';
import { ConfigMap, type Client } from '../../kube/index.ts';
import {
  cutFieldOf,
  cutWords,
  HEAD_KEYS,
  headFieldOf,
  headKeysOf,
  keyLine,
  keyName,
  parseKeyLine,
  readCheckpoint,
  signCheckpoint,
  signersOf,
  type Checkpoint,
  type Cut,
} from '../../records/index.ts';
import { recordKey } from './key.ts';

export interface HeadsOptions {
  readonly client: Pick<Client, 'find' | 'get' | 'apply' | 'patch'>;
  /** Twinlock's own. */
  readonly namespace: string;
  /** The uid of kube-system. */
  readonly cluster: string;
}

/** The chain of a target: of all namespaces. */
export interface ChainName {
  readonly namespace: string;
  readonly target: string;
}

/**
 * What was signed for last of each chain, in a ConfigMap of Twinlock's own namespace: outside of the namespaces of
 * production, whose records go with them. Beside it the keys that signed, so that auditors can fetch them in time.
 */
export class Heads {
  readonly #options: HeadsOptions;
  #opened: { readonly key: KeyObject; readonly stored: ConfigMap } | undefined;

  constructor(options: HeadsOptions) {
    this.#options = options;
  }

  /** Makes the key and publishes it, where that was not done. */
  async open(signal: AbortSignal): Promise<{ readonly key: KeyObject; readonly stored: ConfigMap }> {
    if (this.#opened !== undefined) return this.#opened;
    const { client, namespace, cluster } = this.#options;
    const key = await recordKey(client, namespace, signal);
    const line = keyLine(keyName(cluster), createPublicKey(key));
    const at = { namespace, name: recordHeadsConfigMap };
    const fieldManager = fieldManagers.promotions;
    let stored = await client.find(ConfigMap, at, { signal });
    if (stored === undefined) {
      const { apiVersion, kind } = ConfigMap;
      const object = { apiVersion, kind, metadata: at, data: { [HEAD_KEYS]: `${line}\n` } };
      stored = await client.apply(ConfigMap, object, { fieldManager, signal });
    } else if (!headKeysOf(stored.data).includes(line)) {
      // Those of before stay: what they signed still binds.
      stored = await this.#write(stored, HEAD_KEYS, [...headKeysOf(stored.data), line, ''].join('\n'), signal);
    }
    this.#opened = { key, stored };
    return this.#opened;
  }

  /** @returns what was signed for last; undefined when nothing was, or nothing that one of the cluster's keys signed */
  async last({ namespace, target }: ChainName, signal: AbortSignal): Promise<SignedHead | undefined> {
    const { stored } = await this.open(signal);
    const note = stored.data?.[headFieldOf({ namespace, target })] ?? '';
    const checkpoint = readCheckpoint(note);
    if (checkpoint === undefined || checkpoint.namespace !== namespace || checkpoint.target !== target)
      return undefined;
    const keys = headKeysOf(stored.data).flatMap((line) => parseKeyLine(line) ?? []);
    return signersOf(checkpoint.note, keys).length === 0 ? undefined : { ...checkpoint, signed: note };
  }

  /** @returns the note, once it is stored */
  async sign(checkpoint: Checkpoint, signal: AbortSignal): Promise<string> {
    const { key, stored } = await this.open(signal);
    const note = signCheckpoint(checkpoint, key);
    this.#opened = { key, stored: await this.#write(stored, headFieldOf(checkpoint), note, signal) };
    return note;
  }

  /**
   * Tells admission which records of a chain may be deleted: those that a cut lets go, and no other.
   *
   * @returns whether that was news
   */
  async letGo(chain: ChainName, cut: Cut, signal: AbortSignal): Promise<boolean> {
    const { key, stored } = await this.open(signal);
    const [field, words] = [cutFieldOf(chain), cutWords(cut)];
    if (stored.data?.[field] === words) return false;
    this.#opened = { key, stored: await this.#write(stored, field, words, signal) };
    return true;
  }

  /** What is stored is read again the next time. */
  forget(): void {
    this.#opened = undefined;
  }

  /** Whoever wrote in between wins: it is read again before anything else is signed. */
  async #write(stored: ConfigMap, field: string, text: string, signal: AbortSignal): Promise<ConfigMap> {
    const { client, namespace } = this.#options;
    const { resourceVersion } = stored.metadata;
    const body = { metadata: { resourceVersion }, data: { [field]: text } };
    try {
      return await client.patch(
        ConfigMap,
        { namespace, name: recordHeadsConfigMap },
        { type: 'merge', body },
        { fieldManager: fieldManagers.promotions, signal },
      );
    } catch (error) {
      this.forget();
      throw error;
    }
  }
}

/** What was signed for, with the note itself. */
export interface SignedHead extends Checkpoint {
  readonly signed: string;
}
