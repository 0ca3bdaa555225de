import { ConfigMap, Secret, type Client, type EventRecorder, type Logger } from '../kube/index.ts';
import { takeTurns, type Reconcile, type Request, type Turns } from '../runtime/index.ts';
import {
  decideUnreferenced,
  type LeftConfiguration,
  type UnreferencedDecision,
  type UnreferencedWorld,
} from './decide/index.ts';
import { readUnreferenced, type UnreferencedReading } from './gather/unreferenced.ts';

export interface UnreferencedOptions extends UnreferencedReading {
  readonly client: UnreferencedReading['client'] & Pick<Client, 'delete'>;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

/** All that goes, and one look more, with some to spare where somebody writes in between. */
const MAX_TURNS = 6;
const NONE: ReadonlySet<string> = new Set();

/**
 * The reconcile of the configuration that a namespace leaves behind: a tool that prunes is refused while the fallback
 * refers to an object, and told to leave it; this deletes it once nothing approved does. The request's name is the namespace.
 */
export function unreferencedReconcile(options: UnreferencedOptions): Reconcile {
  const settled = new Map<string, ReadonlySet<string>>();
  return takeTurns((request) => new UnreferencedTurns(options, settled, request), MAX_TURNS);
}

class UnreferencedTurns implements Turns<UnreferencedWorld, readonly LeftConfiguration[], UnreferencedDecision> {
  readonly #options: UnreferencedOptions;
  readonly #settled: Map<string, ReadonlySet<string>>;
  readonly #namespace: string;

  constructor(options: UnreferencedOptions, settled: Map<string, ReadonlySet<string>>, { name }: Request) {
    this.#options = options;
    this.#settled = settled;
    this.#namespace = name;
  }

  gather(signal: AbortSignal): Promise<UnreferencedWorld | undefined> {
    return readUnreferenced(this.#options, this.#namespace, this.#settled.get(this.#namespace) ?? NONE, signal);
  }

  decide(world: UnreferencedWorld): UnreferencedDecision {
    return decideUnreferenced(world);
  }

  /** @throws a conflict when it changed since it was read: it may say by now that it stays */
  async act({ namespace }: UnreferencedWorld, left: readonly LeftConfiguration[]): Promise<undefined> {
    for (const each of left) await this.#delete(namespace, each);
  }

  async #delete(namespace: string, left: LeftConfiguration): Promise<void> {
    const { client, events, logger } = this.#options;
    const { kind, name, metadata } = left;
    const { uid, resourceVersion } = metadata;
    const type = kind === 'Secret' ? Secret : ConfigMap;
    await client.delete(type, { namespace, name }, { uid, resourceVersion });
    const note = `${kind} ${name} is deleted: nothing approved refers to it any more, and its label says that it may go then`;
    events.record({
      regarding: { apiVersion: type.apiVersion, kind, metadata: { namespace, name, uid } },
      type: 'Normal',
      reason: 'Unreferenced',
      action: 'Delete',
      note,
    });
    logger.info({ namespace, object: `${kind}/${name}` }, note);
  }

  async report({ namespace, names }: UnreferencedWorld): Promise<undefined> {
    this.#settled.set(namespace, new Set(names));
  }
}
