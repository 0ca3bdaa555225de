import { PromotionRecord, recordHeadsConfigMap } from '../../api/index.ts';
import { ApiError, ConfigMap, KubeClient, loadConfig, sleep, systemClock, type Client } from '../../kube/index.ts';
import { headFieldOf, headKeysOf, readCheckpoint, writeExport } from '../../records/index.ts';
import type { ExportOptions } from './options.ts';

/** A record is signed a moment after it is written. */
const LOOKS = 20;
const PAUSE = 250;

/**
 * The records of a target with the signed head of their chain, one JSON text a line.
 *
 * @param warn told what the export lacks
 * @throws when the records cannot be read
 */
export async function exportRecords(options: ExportOptions, warn: (text: string) => void): Promise<readonly string[]> {
  const config = await loadConfig({ kubeconfig: options.kubeconfig, clock: systemClock });
  const client = new KubeClient(config, { clock: systemClock, random: Math.random, userAgent: 'twinlock-records' });
  try {
    return await read(client, options, warn);
  } finally {
    await client.close();
  }
}

async function read(client: Client, options: ExportOptions, warn: (text: string) => void): Promise<readonly string[]> {
  const { namespace, target, systemNamespace } = options;
  for (let look = 1; ; look++) {
    const { items } = await client.list(PromotionRecord, { namespace });
    const records = items
      .map(({ spec }) => spec)
      .filter((spec) => spec.target.name === target)
      .toSorted((a, b) => a.sequence - b.sequence);
    if (records.length === 0) throw new Error(`there is no record of target ${target} in namespace ${namespace}`);
    const { checkpoint, keys } = await signedHead(client, options, warn);
    const size = checkpoint === undefined ? undefined : readCheckpoint(checkpoint)?.size;
    if (size === undefined || size === records.at(-1)?.sequence || look === LOOKS) {
      if (checkpoint === undefined)
        warn(
          `nothing was signed of this chain yet, or it cannot be read in ${systemNamespace}: the export has no checkpoint`,
        );
      return writeExport({ records, checkpoint, keys });
    }
    await sleep(systemClock, PAUSE);
  }
}

/** Who may read records need not be able to read this: an export without it says so, and verifies as far as it goes. */
async function signedHead(
  client: Client,
  { namespace, target, systemNamespace }: ExportOptions,
  warn: (text: string) => void,
): Promise<{ readonly checkpoint: string | undefined; readonly keys: readonly string[] }> {
  try {
    const heads = await client.find(ConfigMap, { namespace: systemNamespace, name: recordHeadsConfigMap });
    const data = heads?.data ?? {};
    return { checkpoint: data[headFieldOf({ namespace, target })], keys: headKeysOf(data) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    warn(error.message);
    return { checkpoint: undefined, keys: [] };
  }
}
