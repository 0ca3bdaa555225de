/** etcd over its JSON gateway (etcd.io/docs, "gRPC gateway"): what the API server stores, past the API server. */
import { request } from 'undici';

/** What is stored at a key. */
export interface Stored {
  /** Base64, as etcd gives it. */
  readonly value: string;
  /** Of its last change. */
  readonly revision: string;
}

export type Operation = { readonly put: string; readonly value: Buffer } | { readonly remove: string };

/** etcd's own bound is 128 in one transaction. */
const OPERATIONS = 120;
/** Its own bound of a transaction's size is set to 2 MiB (flags.ts), with all that JSON adds. */
const BYTES = 512 * 1024;

/**
 * What is stored below a prefix, by key.
 *
 * @param etcd where it answers, e.g. `http://127.0.0.1:2379`
 * @param options keysOnly: without the values, which are empty then
 * @throws Error with etcd's words when it refuses
 */
export async function stored(
  etcd: string,
  prefix: string,
  { keysOnly }: { readonly keysOnly: boolean },
): Promise<ReadonlyMap<string, Stored>> {
  const { kvs = [] } = (await post(etcd, 'range', {
    key: base64(prefix),
    range_end: base64(after(prefix)),
    keys_only: keysOnly,
  })) as { readonly kvs?: readonly { readonly key: string; readonly value?: string; readonly mod_revision: string }[] };
  return new Map(
    kvs.map(({ key, value = '', mod_revision: revision }) => [
      Buffer.from(key, 'base64').toString(),
      { value, revision },
    ]),
  );
}

/**
 * Writes past the API server, which sees it as changes like any others.
 *
 * @returns the revision of each key that was put
 * @throws Error with etcd's words when it refuses
 */
export async function store(etcd: string, operations: readonly Operation[]): Promise<ReadonlyMap<string, string>> {
  const revisions = new Map<string, string>();
  for (const together of batches(operations)) {
    const success = together.map((operation) =>
      'put' in operation
        ? { requestPut: { key: base64(operation.put), value: operation.value.toString('base64') } }
        : { requestDeleteRange: { key: base64(operation.remove) } },
    );
    const { header } = (await post(etcd, 'txn', { success })) as { readonly header: { readonly revision: string } };
    for (const operation of together) if ('put' in operation) revisions.set(operation.put, header.revision);
  }
  return revisions;
}

function batches(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const all: Operation[][] = [[]];
  let bytes = 0;
  for (const operation of operations) {
    const more = 'put' in operation ? operation.value.length : 0;
    if ((all.at(-1)?.length ?? 0) === OPERATIONS || bytes + more > BYTES) {
      all.push([]);
      bytes = 0;
    }
    bytes += more;
    all.at(-1)?.push(operation);
  }
  return all.filter(({ length }) => length > 0);
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
function after(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
