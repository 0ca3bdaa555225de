/** The promotions process, ended right after one of its writes: the write is done, its answer is lost, and so is all else. */
import { PromotionRecord } from '../../operator/api/index.ts';
import { KubeEvent, TransportError, type Client } from '../../operator/kube/index.ts';
import type { SteppedClock } from './clock.ts';
import type { Stage } from './promotions.ts';
import { systemNamespace } from './stage.ts';

export interface Dying {
  /** What it wrote, in order. */
  readonly writes: readonly Written[];
  /** Resolves when it is dead. */
  readonly dead: Promise<void>;
  stop(): Promise<void>;
}

export interface Written {
  /** `create promotionrecords`, `patch promotions/status`. */
  readonly write: string;
  readonly namespace: string;
  /**
   * It tells: in a status, or in Twinlock's own namespace, and is no record. Two that come close together are one write, and
   * what would change nothing is none, so that another run may do without it. What changes what is true is written in every
   * run.
   */
  readonly report: boolean;
}

/** The write that is never answered: `create promotionrecords`, the second one. */
export interface LastWrite {
  readonly write: string;
  readonly nth: number;
}

/**
 * Starts the process as production runs it, behind a client that dies.
 *
 * @param last it dies right after this; dry runs and events do not count
 * @param options what it is started with
 * @param clock left out: the machine's
 */
export async function startDying(
  stage: Pick<Stage, 'startProcess'>,
  last: LastWrite,
  options: Parameters<Stage['startProcess']>[0] = {},
  clock?: SteppedClock,
): Promise<Dying> {
  const writes: Written[] = [];
  const { promise: dead, resolve: die } = Promise.withResolvers<void>();
  const { client: beside = (client: Client): Client => client, ...overrides } = clock?.overrides ?? {};
  const { stop } = await stage.startProcess(options, {
    ...overrides,
    client: (client) => mortalClient(beside(client), writes, last, die),
  });
  return { writes, dead, stop };
}

const READS: ReadonlySet<string | symbol> = new Set(['get', 'find', 'list', 'serverDate', 'request']);
const WRITES: ReadonlySet<string | symbol> = new Set(['create', 'replace', 'patch', 'apply', 'delete']);

function mortalClient(client: Client, writes: Written[], last: LastWrite, die: () => void): Client {
  let alive = true;
  /** What is under way and what is done, by the name of the write: several may be under way at once. */
  const begun = new Map<string, number>();
  const count = (write: string, by: 1 | -1): number => {
    const now = (begun.get(write) ?? 0) + by;
    begun.set(write, now);
    return now;
  };
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      // Whatever the method takes is handed on as it is.
      const call = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
      if (READS.has(name))
        return (...args: readonly unknown[]) => (alive ? call(...args) : Promise.reject(gone('GET')));
      if (!WRITES.has(name)) return call;
      return async (...args: readonly unknown[]) => {
        if (!alive) throw gone('PUT');
        if (args[0] === KubeEvent || args.some((arg) => isDryRun(arg))) return call(...args);
        const written = writtenBy(String(name), args);
        const final = count(written.write, 1) === last.nth && written.write === last.write;
        // Nothing else gets out while the last write is under way; one that is refused was none.
        if (final) alive = false;
        const answer = await Promise.resolve(call(...args)).catch((error: unknown) => {
          count(written.write, -1);
          alive ||= final;
          throw error;
        });
        writes.push(written);
        if (!final) return answer;
        die();
        throw gone('PUT');
      };
    },
  });
}

function gone(method: string): TransportError {
  return new TransportError(method, '', 'the process is dead');
}

/** What a call with these arguments writes: a kind, an object or its key, then options. */
function writtenBy(method: string, args: readonly unknown[]): Written {
  const { plural } = args[0] as { readonly plural: string };
  const subresource = args.map((arg) => subresourceOf(arg)).find((each) => each !== undefined);
  const namespace = namespaceOf(args[1]);
  return {
    write: `${method} ${plural}${subresource === undefined ? '' : `/${subresource}`}`,
    namespace,
    report: subresource === 'status' || (namespace === systemNamespace && plural !== PromotionRecord.plural),
  };
}

function subresourceOf(arg: unknown): unknown {
  return typeof arg === 'object' && arg !== null && 'subresource' in arg ? arg.subresource : undefined;
}

/** Of an object, or of the key of one. */
function namespaceOf(what: unknown): string {
  const { metadata, namespace, name } = what as {
    readonly metadata?: { readonly namespace?: string };
    readonly namespace?: string;
    readonly name?: string;
  };
  return metadata?.namespace ?? namespace ?? name ?? '';
}

function isDryRun(arg: unknown): boolean {
  return typeof arg === 'object' && arg !== null && 'dryRun' in arg && arg.dryRun === true;
}
