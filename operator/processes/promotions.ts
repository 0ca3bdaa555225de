import { randomBytes } from 'node:crypto';
import { Namespace } from '../kube/index.ts';
import { wirePromotions } from '../promotions/index.ts';
import type { ProcessOptions, RunningProcess } from './options.ts';
import { startProcess, type Overrides, type Parts } from './process.ts';

/** Bytes of a round's nonce: 128 bits. */
const NONCE_BYTES = 16;

/** Starts the promotions process: targets, promotions, the canary. Rejects when the cluster cannot be reached at all. */
export function startPromotions(options: ProcessOptions, overrides: Overrides = {}): Promise<RunningProcess> {
  return startProcess(
    'promotions',
    options,
    async (parts) => {
      const { manager, client, logger, events, clock } = parts;
      wirePromotions({
        manager,
        client,
        logger,
        events,
        clock,
        systemNamespace: options.namespace,
        cluster: await clusterIdentity(parts),
        nonce: () => randomBytes(NONCE_BYTES).toString('hex'),
        podWriters: options.podWriters,
        kinds: options.kinds,
        trust: options.sealedTrust,
      });
      return undefined;
    },
    overrides,
  );
}

/** kube-system's uid names a cluster for good; people know it by a name of their own or by the uid's beginning. */
async function clusterIdentity({
  client,
  options,
  signal,
}: Pick<Parts, 'client' | 'options' | 'signal'>): Promise<{ readonly name: string; readonly uid: string }> {
  const { metadata } = await client.get(Namespace, { name: 'kube-system' }, { signal });
  const uid = metadata.uid ?? '';
  return { name: options.clusterName ?? uid.slice(0, 8), uid };
}
