/** etcd over its JSON gateway (etcd.io/docs, "gRPC gateway"): what the API server stores, written past it. */
import { request } from 'undici';

export type Operation =
  { readonly put: string; readonly value: string } | { readonly remove: string };

/** etcd's own bound is 128 in one transaction. */
const OPERATIONS = 120;

/**
 * The keys below a prefix.
 *
 * @param etcd where it answers, e.g. `http://127.0.0.1:2379`
 * @throws Error with etcd's words when it refuses
 */
export async function storedKeys(etcd: string, prefix: string): Promise<readonly string[]> {
  const { kvs = [] } = (await post(etcd, 'range', {
    key: base64(prefix),
    range_end: base64(after(prefix)),
    keys_only: true,
  })) as { readonly kvs?: readonly { readonly key: string }[] };
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString());
}

/**
 * Writes past the API server, which sees it as changes like any others.
 *
 * @throws Error with etcd's words when it refuses
 */
export async function store(etcd: string, operations: readonly Operation[]): Promise<void> {
  for (let start = 0; start < operations.length; start += OPERATIONS) {
    const success = operations
      .slice(start, start + OPERATIONS)
      .map((operation) =>
        'put' in operation
          ? { requestPut: { key: base64(operation.put), value: base64(operation.value) } }
          : { requestDeleteRange: { key: base64(operation.remove) } },
      );
    await post(etcd, 'txn', { success });
  }
}

async function post(etcd: string, call: 'range' | 'txn', question: object): Promise<unknown> {
  const { statusCode, body } = await request(`${etcd}/v3/kv/${call}`, {
    method: 'POST',
    body: JSON.stringify(question),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`etcd: ${statusCode} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** The first key behind all that begin with this. */
const after = (prefix: string): string => prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
