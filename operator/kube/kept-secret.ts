import type { Client } from './client/client.ts';
import { ApiError } from './errors.ts';
import { Secret, type ObjectKey } from './objects/index.ts';

export interface KeptSecret {
  readonly at: ObjectKey;
  /** The one member of its data. */
  readonly field: string;
  /** Made where there is none. */
  readonly make: () => Uint8Array | string;
  readonly fieldManager: string;
}

/**
 * A secret that a process makes for itself the first time that it needs one. It is immutable: who makes it first makes it
 * for all, and whoever has a right to patch it has none to exchange it. Deleted, it is made anew.
 */
export async function keptSecret(
  client: Pick<Client, 'find' | 'get' | 'apply'>,
  kept: KeptSecret,
  signal: AbortSignal,
): Promise<Buffer> {
  const secret = (await client.find(Secret, kept.at, { signal })) ?? (await made(client, kept, signal));
  return Buffer.from(secret.data?.[kept.field] ?? '', 'base64');
}

async function made(
  client: Pick<Client, 'get' | 'apply'>,
  { at, field, make, fieldManager }: KeptSecret,
  signal: AbortSignal,
): Promise<Secret> {
  const { apiVersion, kind } = Secret;
  const data = { [field]: Buffer.from(make()).toString('base64') };
  try {
    const secret = { apiVersion, kind, metadata: { ...at }, immutable: true, data };
    return await client.apply(Secret, secret, { fieldManager, signal });
  } catch (error) {
    // Somebody was faster.
    if (error instanceof ApiError && error.status === 422) return client.get(Secret, at, { signal });
    throw error;
  }
}
