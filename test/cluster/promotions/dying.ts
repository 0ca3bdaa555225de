/** The promotions process, ended right after one of its writes: the write is done, its answer is lost, and so is all else. */
import { createLogger, Manager } from '../../../operator/runtime/index.ts';
import {
  KubeClient,
  loadConfig,
  Namespace,
  Recorder,
  systemClock,
  TransportError,
  type Client,
} from '../../../operator/kube/index.ts';
import { wirePromotions } from '../../../operator/promotions/controller/index.ts';
import { randomBytes } from 'node:crypto';

export interface Dying {
  /** What it wrote, in order: `create promotionrecords`. */
  readonly writes: readonly string[];
  /** Resolves when it is dead. */
  readonly dead: Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param kubeconfig of the promotions account, bound to a pod
 * @param last how many writes it makes, dry runs and events aside; the last one is never answered
 */
export async function startDying(kubeconfig: string, systemNamespace: string, last: number): Promise<Dying> {
  const client = new KubeClient(await loadConfig({ kubeconfig }));
  const { metadata } = await client.get(Namespace, { name: 'kube-system' });
  const writes: string[] = [];
  const { promise: dead, resolve: die } = Promise.withResolvers<void>();
  const mortal = mortalClient(client, writes, last, die);
  const logger = createLogger({ level: 'silent', name: 'dying' });
  const manager = new Manager({ client: mortal, logger, gracePeriod: 2000 });
  wirePromotions({
    manager,
    client: mortal,
    logger,
    events: new Recorder({ client, controller: 'twinlock.dev/promotions', instance: 'dying', logger }),
    clock: systemClock,
    systemNamespace,
    cluster: { name: 'test', uid: metadata.uid ?? '' },
    nonce: () => randomBytes(16).toString('hex'),
  });
  const running = await manager.start();
  return {
    writes,
    dead,
    stop: async () => {
      await running.stop();
      await client.close();
    },
  };
}

const READS: ReadonlySet<string | symbol> = new Set(['get', 'find', 'list', 'serverDate', 'request']);
const WRITES: ReadonlySet<string | symbol> = new Set(['create', 'replace', 'patch', 'apply', 'delete']);

function mortalClient(client: Client, writes: string[], last: number, die: () => void): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      // Whatever the method takes is handed on as it is.
      const call = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
      if (READS.has(name))
        return (...args: readonly unknown[]) => (writes.length >= last ? Promise.reject(gone('GET')) : call(...args));
      if (!WRITES.has(name)) return call;
      return async (...args: readonly unknown[]) => {
        if (writes.length >= last) throw gone('PUT');
        if (args.some((arg) => isDryRun(arg))) return call(...args);
        writes.push(`${String(name)} ${(args[0] as { readonly plural: string }).plural}`);
        const final = writes.length >= last;
        const answer = await call(...args);
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

function isDryRun(arg: unknown): boolean {
  return typeof arg === 'object' && arg !== null && 'dryRun' in arg && arg.dryRun === true;
}
