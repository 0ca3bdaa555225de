import { request as httpsRequest } from 'node:https';
import { HarnessError } from './errors.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { Answer, RequestOptions } from './types.ts';

/**
 * One HTTP request to the API server, on a connection of its own: no state to go stale when a test kills the server.
 *
 * @throws HarnessError `Lost` when there is no answer
 */
export async function request(
  kubeconfig: string,
  method: string,
  path: string,
  { body, contentType = 'application/json', headers, timeout = 65_000 }: RequestOptions = {},
): Promise<Answer> {
  const { endpoint, credentials } = await readKubeconfig(kubeconfig);
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const identity =
    'token' in credentials
      ? { headers: { authorization: `Bearer ${credentials.token}` } }
      : { cert: credentials.certificate, key: credentials.key };
  return new Promise((resolve, reject) => {
    const lost = (cause: Error): void =>
      reject(
        new HarnessError('Lost', `${method} ${path}: no answer from ${endpoint.server}: ${cause.message}`, { cause }),
      );
    const outgoing = httpsRequest(new URL(path, endpoint.server), {
      ...identity,
      method,
      ca: endpoint.authority,
      agent: false,
      timeout,
      headers: {
        accept: 'application/json',
        // The length too: without it the body of a DELETE would be sent as if there were none.
        ...(payload !== undefined && { 'content-type': contentType, 'content-length': payload.length }),
        ...identity.headers,
        ...bytesOf(headers),
      },
    });
    outgoing.on('error', lost);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${timeout / 1000} s without an answer`)));
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', lost);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }),
      );
    });
    outgoing.end(payload);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Node writes a header's characters as bytes; the API server reads UTF-8. */
function bytesOf(headers: RequestOptions['headers'] = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}
