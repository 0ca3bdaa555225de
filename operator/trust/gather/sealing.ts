import { apiVersion, type ApprovalPolicy, type ApproverKeyring, type ProductionTarget } from '../../api/index.ts';
import type { Members } from '../../canonical/index.ts';
import type { Clock } from '../../kube/index.ts';
import { departureOf, type RecordSpec, type RecordStore, type RecordTarget } from '../../records/index.ts';
import {
  keyringSpec,
  keyText,
  policySpec,
  standingOf,
  targetSpec,
  trustOf,
  type Accepted,
  type SealedKey,
  type SealedKind,
  type SealedObject,
  type Standing,
  type TrustState,
  type TrustTerms,
} from '../decide/index.ts';
import type { Found, InForce, Kept } from './in-force.ts';

/** How far a chain had come when it was signed for last. */
export interface LastSigned {
  readonly size: number;
  readonly digest: string;
}

export interface SealingOptions {
  readonly records: Pick<RecordStore, 'of' | 'upToDate'>;
  readonly terms: TrustTerms;
  /** Twinlock's own namespace, where the chain is. */
  readonly namespace: string;
  readonly clock: Clock;
  /** What this process signed last of the chain, or one before it did; undefined: nothing. */
  readonly lastSigned: (
    chain: { readonly namespace: string; readonly target: string },
    signal: AbortSignal,
  ) => Promise<LastSigned | undefined>;
}

interface Walked {
  readonly chain: readonly RecordSpec[];
  readonly signed: LastSigned | undefined;
  readonly state: TrustState;
}

/**
 * What counts where trust is sealed: versions that people signed, read from the chain of records in Twinlock's own
 * namespace. The chain is walked once for each record; a world in which nothing changes costs no request.
 */
export class Sealing implements InForce {
  readonly terms: TrustTerms;
  readonly #options: SealingOptions;
  #signed: LastSigned | undefined;
  #walked: Walked | undefined;
  #asking: Promise<void> | undefined;

  constructor(options: SealingOptions) {
    this.#options = options;
    this.terms = options.terms;
  }

  /** The chain's place in records. */
  get place(): RecordTarget {
    const { namespace, terms } = this.#options;
    return { namespace, name: terms.chain, uid: terms.cluster.uid };
  }

  /** The chain as this process has seen it. */
  chain(): readonly RecordSpec[] {
    return this.#options.records.of(this.place);
  }

  state(): TrustState {
    const chain = this.chain();
    const walked = this.#walked;
    if (walked !== undefined && walked.signed === this.#signed && isSame(walked.chain, chain)) return walked.state;
    const state = this.#stateOf(chain);
    this.#walked = { chain, signed: this.#signed, state };
    return state;
  }

  /** Takes in what another process may have written, and how far the chain was signed for: a revocation acts at once. */
  async fresh(signal: AbortSignal): Promise<void> {
    // Whoever asks meanwhile is answered with it.
    this.#asking ??= this.#fresh(signal).finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  standing(object: SealedObject): Standing {
    return standingOf({ now: this.#options.clock.now(), state: this.state(), terms: this.terms, object });
  }

  target(live: ProductionTarget | undefined): ProductionTarget | undefined {
    if (live === undefined) return undefined;
    const { namespace, name } = live.metadata;
    const { content } = this.#accepted({ kind: 'ProductionTarget', namespace, name }) ?? {};
    const spec = content === undefined ? undefined : targetSpec(content, live.spec);
    return spec === undefined ? undefined : { ...live, spec };
  }

  acceptedBy({ metadata: { namespace, name } }: ProductionTarget): string | undefined {
    return this.#accepted({ kind: 'ProductionTarget', namespace, name })?.record;
  }

  async policy(name: string, signal: AbortSignal): Promise<Found<ApprovalPolicy>> {
    await this.fresh(signal);
    const object = this.policies().find(({ metadata }) => metadata.name === name);
    return object === undefined || this.state().fault !== undefined ? this.#missing(name) : { object };
  }

  policies(): readonly ApprovalPolicy[] {
    return this.#all('ApprovalPolicy').flatMap(({ name, content }) => {
      const spec = policySpec(content);
      return spec === undefined ? [] : [{ apiVersion, kind: 'ApprovalPolicy' as const, metadata: { name }, spec }];
    });
  }

  async keyring(name: string, signal: AbortSignal): Promise<Found<ApproverKeyring>> {
    await this.fresh(signal);
    const { content } = this.#accepted({ kind: 'ApproverKeyring', name }) ?? {};
    const spec = content === undefined || this.state().fault !== undefined ? undefined : keyringSpec(content);
    return spec === undefined
      ? this.#missing(name)
      : { object: { apiVersion, kind: 'ApproverKeyring', metadata: { name }, spec } };
  }

  kept(namespace: string): Kept {
    const here = this.#all('ProductionTarget').filter((each) => each.namespace === namespace);
    return { names: here.map(({ name }) => name), warn: here.every(({ content }) => content['mode'] === 'Warn') };
  }

  /** Those of a kind that count. */
  #all(kind: SealedKind): readonly (Accepted & { readonly content: Members })[] {
    return [...this.state().objects.values()].flatMap((each) =>
      each.kind === kind && each.content !== undefined ? [{ ...each, content: each.content }] : [],
    );
  }

  #accepted(key: SealedKey): Accepted | undefined {
    return this.state().objects.get(keyText(key));
  }

  #missing(name: string): Found<never> {
    const { fault } = this.state();
    return {
      missing: name,
      because: fault === undefined ? 'nobody has signed it' : `the chain of what was signed does not hold: ${fault}`,
    };
  }

  async #fresh(signal: AbortSignal): Promise<void> {
    const { records, lastSigned, namespace, terms } = this.#options;
    const [, signed] = await Promise.all([
      records.upToDate(this.place, () => true),
      lastSigned({ namespace, target: terms.chain }, signal),
    ]);
    if (signed?.size !== this.#signed?.size || signed?.digest !== this.#signed?.digest) this.#signed = signed;
  }

  #stateOf(chain: readonly RecordSpec[]): TrustState {
    const state = trustOf(chain, this.terms.keyring);
    const departure = this.#signed === undefined ? undefined : departureOf(chain, this.#signed);
    return state.fault === undefined && departure !== undefined ? { ...state, fault: departure.message } : state;
  }
}

function isSame(a: readonly RecordSpec[], b: readonly RecordSpec[]): boolean {
  return a.length === b.length && a.every((record, index) => record === b[index]);
}
