import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { fieldManagers, recordKeySecret } from '../../api/index.ts';
import { ApiError, Secret, type Client } from '../../kube/index.ts';

const FIELD = 'private-key';

/**
 * The key that signs heads of chains, made where there is none. The Secret is immutable: who makes it first makes it for
 * all, and whoever has a right to patch it has none to exchange it.
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
  const secret = (await client.find(Secret, at, { signal })) ?? (await made(client, namespace, signal));
  const key = createPrivateKey(Buffer.from(secret.data?.[FIELD] ?? '', 'base64'));
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`Secret ${namespace}/${recordKeySecret} holds no Ed25519 key: delete it, and another is made`);
  return key;
}

async function made(client: Pick<Client, 'get' | 'apply'>, namespace: string, signal: AbortSignal): Promise<Secret> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const secret = {
    apiVersion: Secret.apiVersion,
    kind: Secret.kind,
    metadata: { name: recordKeySecret, namespace },
    immutable: true,
    data: { [FIELD]: Buffer.from(pem).toString('base64') },
  };
  try {
    return await client.apply(Secret, secret, { fieldManager: fieldManagers.promotions, signal });
  } catch (error) {
    // Somebody was faster.
    if (error instanceof ApiError && error.status === 422)
      return client.get(Secret, { namespace, name: recordKeySecret }, { signal });
    throw error;
  }
}
