/** The promotions process, ended right after one of its writes: the write is done, its answer is lost, and so is all else. */
import { KubeEvent, TransportError, type Client } from '../../operator/kube/index.ts';
import type { Stage } from './promotions.ts';

export interface Dying {
  /** What it wrote, in order: `create promotionrecords`. */
  readonly writes: readonly string[];
  /** The namespaces that these went to. */
  readonly namespaces: readonly string[];
  /** Resolves when it is dead. */
  readonly dead: Promise<void>;
  stop(): Promise<void>;
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
 */
export async function startDying(
  stage: Pick<Stage, 'startProcess'>,
  last: LastWrite,
  options: Parameters<Stage['startProcess']>[0] = {},
): Promise<Dying> {
  const writes: string[] = [];
  const namespaces: string[] = [];
  const { promise: dead, resolve: die } = Promise.withResolvers<void>();
  const { stop } = await stage.startProcess(options, {
    client: (client) => mortalClient(client, { writes, namespaces }, last, die),
  });
  return { writes, namespaces, dead, stop };
}

const READS: ReadonlySet<string | symbol> = new Set(['get', 'find', 'list', 'serverDate', 'request']);
const WRITES: ReadonlySet<string | symbol> = new Set(['create', 'replace', 'patch', 'apply', 'delete']);

interface Seen {
  readonly writes: string[];
  readonly namespaces: string[];
}

function mortalClient(client: Client, { writes, namespaces }: Seen, last: LastWrite, die: () => void): Client {
  let alive = true;
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
        const write = `${String(name)} ${(args[0] as { readonly plural: string }).plural}`;
        const final = write === last.write && writes.filter((each) => each === write).length === last.nth - 1;
        // Nothing else gets out while the last write is under way; one that is refused was none.
        if (final) alive = false;
        const answer = await Promise.resolve(call(...args)).catch((error: unknown) => {
          alive ||= final;
          throw error;
        });
        writes.push(write);
        namespaces.push(namespaceOf(args[1]));
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
