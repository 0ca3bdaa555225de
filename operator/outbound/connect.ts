import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { OutboundError } from './errors.ts';
import { refusalOf, type AddressRules } from './rules.ts';

/** The addresses of a name. Rejects when there is none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** The system's resolver: in a pod the cluster's DNS. */
export const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

export interface ConnectOptions {
  readonly resolve: Resolve;
  /** Asked anew for each connection. When it rejects, nothing is connected to. */
  readonly rules: () => Promise<AddressRules>;
  /** Milliseconds to be connected within. */
  readonly timeout: number;
}

/**
 * A connector that judges addresses, not names: whatever the name says a moment later, the addresses that were judged are
 * those that are connected to. Of several, one that must not be reached refuses the name, for a client tries them in turn.
 */
export function checkedConnector({ resolve, rules, timeout }: ConnectOptions): buildConnector.connector {
  const check = async (addresses: readonly string[]): Promise<void> => {
    const known = await rules().catch((cause: unknown) => {
      throw new OutboundError('AddressRefused', 'it is not known yet which addresses must not be reached', cause);
    });
    for (const address of addresses) {
      const why = refusalOf(address, known);
      if (why !== undefined) throw new OutboundError('AddressRefused', `the name leads to ${why}`);
    }
  };
  const connector = buildConnector({ timeout, allowH2: false, lookup: checkedLookup(resolve, check) });
  return (options, callback) => {
    const hostname = unbracketed(options.hostname);
    const connect = (): void => connector({ ...options, hostname }, callback);
    if (isIP(hostname) === 0) return connect();
    // Node looks no name up that is an address already.
    check([hostname]).then(connect, (error: unknown) => callback(asError(error), null));
  };
}

/** Resolves and judges in one step: what Node connects to is what this answers. */
function checkedLookup(resolve: Resolve, check: (addresses: readonly string[]) => Promise<void>): LookupFunction {
  return (hostname, { all }, callback) => {
    const judged = resolve(hostname).then(async (addresses) => {
      if (addresses.length === 0) throw new OutboundError('Unreachable', 'the name has no address');
      await check(addresses);
      return addresses.map((address) => ({ address, family: isIP(address) }));
    });
    judged.then(
      (found) => (all === true ? callback(null, found) : callback(null, found[0]?.address ?? '', found[0]?.family)),
      (error: unknown) => callback(asError(error), []),
    );
  };
}

/** `[::1]` is how a URL writes `::1`. */
function unbracketed(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
