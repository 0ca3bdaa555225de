import { setTimeout } from 'node:timers/promises';

/** Keeps receipts in a bucket of an object store that speaks Google Cloud Storage's JSON API. */
export interface Receipts {
  readonly url: string;
  save(id: string, receipt: object): Promise<void>;
  list(): Promise<readonly string[]>;
}

const bucket = 'receipts';

/**
 * @param env STORAGE_EMULATOR_HOST, the variable that Google's own SDKs read; unset, this shop keeps no receipts
 */
export function receipts(env: Readonly<Record<string, string | undefined>>): Receipts | undefined {
  const url = env['STORAGE_EMULATOR_HOST'];
  if (url === undefined) return undefined;
  const call = async (path: string, init?: RequestInit): Promise<Response> => {
    const answer = await connected(() => fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(5000) }));
    // 409: the bucket is there already.
    if (!answer.ok && answer.status !== 409) throw new Error(`the object store answered ${answer.status} to ${path}`);
    return answer;
  };
  const ensureBucket = (): Promise<Response> => call('/storage/v1/b?project=shop', json({ name: bucket }));
  return {
    url,
    async save(id, receipt) {
      await ensureBucket();
      await call(`/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(id)}`, json(receipt));
    },
    async list() {
      await ensureBucket();
      const answer = (await (await call(`/storage/v1/b/${bucket}/o`)).json()) as { items?: { name: string }[] };
      return (answer.items ?? []).map(({ name }) => name);
    },
  };
}

/** Tries again when nobody answered, as the vendors' SDKs do: a store that just started may not be reachable yet. */
async function connected(send: () => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === 4) throw error;
      await setTimeout(250 * 2 ** attempt);
    }
  }
}

function json(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
