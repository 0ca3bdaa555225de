import { ApprovalPolicy, ApproverKeyring, type ProductionTarget } from '../../api/index.ts';
import type { Client, Informer } from '../../kube/index.ts';
import type { SealedObject, Standing } from '../decide/index.ts';

/** An object that a name should lead to, or why it does not. */
export type Found<T> =
  | { readonly object: T }
  | {
      readonly missing: string;
      /** Why it does not count though it may be there. */
      readonly because?: string | undefined;
    };

/** What decides, as it counts. */
export interface InForce {
  /** A target as it counts; undefined: there is none, or nothing of it counts. */
  target(live: ProductionTarget | undefined): ProductionTarget | undefined;
  /** Record of the version of a target that counts; undefined where trust is not sealed. */
  acceptedBy(live: ProductionTarget): string | undefined;
  /** Where an object stands among what people signed; undefined where trust is not sealed. */
  standing(live: SealedObject): Standing | undefined;
  policy(name: string, signal: AbortSignal): Promise<Found<ApprovalPolicy>>;
  /** All of them, for the one that is the default. */
  policies(): readonly ApprovalPolicy[];
  keyring(name: string, signal: AbortSignal): Promise<Found<ApproverKeyring>>;
  /** What protects a namespace whatever became of the objects. */
  kept(namespace: string): Kept;
}

/** Targets that count, whether their objects are there or not. */
export interface Kept {
  readonly names: readonly string[];
  /** All of them only warn. */
  readonly warn: boolean;
}

/** Without sealed trust what stands in the cluster counts, read live. */
export class AsWritten implements InForce {
  readonly #client: Pick<Client, 'find'>;
  readonly #policies: Pick<Informer<ApprovalPolicy>, 'lister'>;

  constructor(client: Pick<Client, 'find'>, policies: Pick<Informer<ApprovalPolicy>, 'lister'>) {
    this.#client = client;
    this.#policies = policies;
  }

  target(live: ProductionTarget | undefined): ProductionTarget | undefined {
    return live;
  }

  acceptedBy(): undefined {}

  standing(): undefined {}

  async policy(name: string, signal: AbortSignal): Promise<Found<ApprovalPolicy>> {
    const object = await this.#client.find(ApprovalPolicy, { name }, { signal });
    return object === undefined ? { missing: name } : { object };
  }

  policies(): readonly ApprovalPolicy[] {
    return this.#policies.lister.list();
  }

  async keyring(name: string, signal: AbortSignal): Promise<Found<ApproverKeyring>> {
    const object = await this.#client.find(ApproverKeyring, { name }, { signal });
    return object === undefined ? { missing: name } : { object };
  }

  kept(): Kept {
    return { names: [], warn: false };
  }
}
