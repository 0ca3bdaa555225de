import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { fieldManagers, recordKeySecret } from '../../api/index.ts';
import { keptSecret, type Client } from '../../kube/index.ts';

/**
 * The key that signs heads of chains, made where there is none.
 *
 * @param namespace Twinlock's own
 * @throws Error when what is there is no Ed25519 key
 */
export async function recordKey(
  client: Pick<Client, 'find' | 'get' | 'apply'>,
  namespace: string,
  signal: AbortSignal,
): Promise<KeyObject> {
  const at = { namespace, name: recordKeySecret };
  const { promotions: fieldManager } = fieldManagers;
  const key = createPrivateKey(await keptSecret(client, { at, field: 'private-key', make, fieldManager }, signal));
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`Secret ${namespace}/${recordKeySecret} holds no Ed25519 key: delete it, and another is made`);
  return key;
}

function make(): string | Buffer {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
}
