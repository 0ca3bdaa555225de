import { printable } from '../../canonical/index.ts';
import { OutboundError, type OutboundClient } from '../../outbound/index.ts';
import type { Reach, ReachTarget } from '../decide/reach.ts';
import { BOUNDARY_NAME, BOUNDARY_PORT, REACHED, reachHost } from '../naming/index.ts';

/** Tries something exposed through the boundary. Never rejects: what goes wrong is an answer that says so. */
export type TryReach = (target: ReachTarget, signal: AbortSignal) => Promise<Reach>;

/** More than the boundary waits for what is behind it. */
const TIMEOUT_MS = 8000;
const MAX_WORDS = 300;
/** In the words of Go's network: another one at every try. */
const OWN_PORT = /\S+->/g;

/** Tries through the boundary's Service, as the front door does. */
export function reacher(client: OutboundClient): TryReach {
  return (target, signal) =>
    tryReach(client, new URL(`http://${BOUNDARY_NAME}.${target.namespace}.svc:${BOUNDARY_PORT}/`), {
      target,
      signal,
    });
}

/** Asks the boundary at a URL, which answers for itself: nothing of what the app says comes back. */
export async function tryReach(
  client: OutboundClient,
  url: URL,
  { target, signal }: { readonly target: ReachTarget; readonly signal: AbortSignal },
): Promise<Reach> {
  try {
    const headers = { host: reachHost(target.workload) };
    const { status, body } = await client.request({ url, headers, timeout: TIMEOUT_MS, maxBytes: 4096, signal });
    if (status === REACHED) return { reached: true };
    const words = printable(new TextDecoder().decode(body).trim().replace(OWN_PORT, ''), MAX_WORDS);
    return { failure: `is not reached through the boundary, which answers ${status}: ${words}` };
  } catch (error) {
    const why = error instanceof OutboundError ? `${error.message}${codeOf(error)}` : 'no answer';
    return { failure: `is not reached, since the Service ${BOUNDARY_NAME}:${BOUNDARY_PORT} is not: ${why}` };
  }
}

/** Such as ECONNREFUSED. */
function codeOf({ cause }: OutboundError): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? ` (${printable(code, 40)})` : '';
}
