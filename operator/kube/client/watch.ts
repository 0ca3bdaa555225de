import { ApiError, TransportError } from '../errors.ts';
import type { Status } from '../errors.ts';
import type { KubeObject } from '../objects/index.ts';
import type { Transport } from '../transport/index.ts';
import type { WatchEvent } from './client.ts';
import { lines } from './lines.ts';

const eventTypes: ReadonlySet<string> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/**
 * The events of one watch request. Ends when the server closes the stream or `signal` aborts; throws {@link ApiError} when
 * the server refuses or sends an ERROR event, and {@link TransportError} when the stream breaks or falls silent.
 */
export async function* watchEvents<T extends KubeObject>(
  transport: Transport,
  path: string,
  query: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<WatchEvent<T>, void, void> {
  try {
    const body = await transport.stream({ method: 'GET', path: path + query, signal });
    for await (const line of lines(body)) yield parseEvent<T>(line, path);
  } catch (error) {
    if (signal?.aborted === true) return;
    if (error instanceof ApiError || error instanceof TransportError) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new TransportError('WATCH', path, `the stream broke: ${problem}`, error);
  }
}

function parseEvent<T extends KubeObject>(line: string, path: string): WatchEvent<T> {
  let event: { readonly type?: unknown; readonly object?: unknown };
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new TransportError('WATCH', path, 'a line of the stream is not JSON', error);
  }
  const { type, object } = event;
  if (type === 'ERROR') {
    // A Status by the API's contract; its fields are optional and read as such.
    const status = (object ?? {}) as Status;
    throw new ApiError({ method: 'WATCH', path, status: status.code ?? 500, body: status });
  }
  if (typeof type !== 'string' || !eventTypes.has(type) || typeof object !== 'object' || object === null) {
    throw new TransportError('WATCH', path, `the stream carries an event of unknown type ${String(type)}`);
  }
  // Checked against the API's own list of types just above; the object was validated by the server.
  return { type, object } as WatchEvent<T>;
}
